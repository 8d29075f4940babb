import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from conformance import likeness
from conformance.exchange import Exchange

from .judges.builder import CONTRACT, exchange, history, identifier

LIMIT = CONTRACT.rate_limit


def told(message: Any, **how: Any) -> Exchange:
    """A 404 with a message."""
    return exchange(404, body={"error": {"code": "NOT_FOUND", "message": message}}, **how)


def addressed(id: str, message: Any) -> Exchange:
    """A 404 on a path with another id."""
    one = told(message, resource="absent")
    path = one.request.target.replace(identifier("absent"), id)
    return replace(one, request=replace(one.request, target=path))


def test_identical_answers_do_not_differ() -> None:
    assert likeness.differences(told("no"), told("no"), LIMIT) == {}


def test_a_difference_has_both_values() -> None:
    found = likeness.differences(told("no"), told("none"), LIMIT)
    assert found == {"body /error/message": ("no", "none")}


def test_a_part_may_be_missing() -> None:
    cached = exchange(404, fields={"Cache-Control": "no-store"})
    found = likeness.differences(exchange(404), cached, LIMIT)
    assert found == {"field cache-control": (None, ("no-store",))}


def test_the_window_and_the_sending_are_left_out() -> None:
    fields = {"Date": "x", LIMIT.remaining_field: "5", "Content-Length": "9"}
    assert likeness.differences(exchange(404), exchange(404, fields=fields), LIMIT) == {}


def test_of_what_says_when_it_is_compared_that_it_is_there() -> None:
    one, other, none = (
        exchange(404, fields={"RateLimit-Reset": text}) for text in ("9", "8", None)
    )
    assert likeness.differences(one, other, LIMIT) == {}
    assert set(likeness.differences(one, none, LIMIT)) == {"field ratelimit-reset"}


def test_ids_that_were_asked_for_are_masked() -> None:
    one = addressed("acme-web", "There is no project acme-web")
    other = addressed("42", "There is no project 42")
    assert likeness.differences(one, other, LIMIT) == {}


def test_ids_are_masked_as_numbers_and_where_they_stand_alone() -> None:
    assert likeness.differences(addressed("42", 42), addressed("43", 43), LIMIT) == {}
    assert likeness.differences(addressed("42", 142), addressed("43", 143), LIMIT)
    assert likeness.differences(addressed("42", "a142"), addressed("43", "a143"), LIMIT)


@pytest.mark.parametrize("said", ["{0}", "see {0.hex}", "no project {0.hex:.8}", "{0.hex:.8}..."])
def test_an_id_is_masked_as_people_write_it_too(said: str) -> None:
    ids = [uuid.uuid4() for _ in range(2)]
    one, other = (addressed(str(id), said.format(id)) for id in ids)
    assert likeness.differences(one, other, LIMIT) == {}


def test_others_ids_are_not_masked() -> None:
    found = likeness.differences(addressed("42", "see 7"), addressed("43", "see 8"), LIMIT)
    assert list(found) == ["body /error/message"]


def test_a_body_that_is_no_json_is_compared_as_text() -> None:
    found = likeness.differences(exchange(404, body=b"a"), exchange(404, body=b"\xff"), LIMIT)
    assert found == {"body": ("a", "\ufffd")}


def test_a_deep_body_is_compared_all_the_same() -> None:
    def deep(leaf: int) -> Exchange:
        one = exchange(200, body=b"{}")
        document: Any = leaf
        for _ in range(5_000):
            document = [document]
        assert one.response is not None
        one.response.__dict__["json"] = document  # what a parser without a bound would give
        return one

    assert len(likeness.differences(deep(1), deep(2), LIMIT)) == 1


def test_a_wide_body_is_compared_up_to_a_bound() -> None:
    wide = exchange(200, body=json.dumps(list(range(likeness.MOST_LEAVES + 9))).encode())
    parts = likeness.answer(wide, LIMIT)
    assert sum(part.startswith("body") for part in parts) == likeness.MOST_LEAVES


def test_no_answer_has_no_parts() -> None:
    assert likeness.answer(exchange(None), LIMIT) == {}


def test_what_varies_between_identical_requests_is_volatile() -> None:
    asked = [exchange(200, fields={"X-Request-Id": str(n)}) for n in range(2)]
    assert likeness.volatile(history(*asked), LIMIT) == {"field x-request-id"}


def test_of_what_varies_only_some_answers_may_have_it() -> None:
    asked = [exchange(404, fields={"X-Release": "2"}), exchange(404)]
    assert likeness.erratic(history(*asked), LIMIT, 404) == {"field x-release": True}
    asked = [exchange(404, fields={"X-Request-Id": id}) for id in ("1", "2")]
    assert likeness.erratic(history(*asked), LIMIT, 404) == {"field x-request-id": False}


@pytest.mark.parametrize(("one", "other"), [("foreign", "absent"), ("absent", "foreign")])
def test_what_varies_for_one_of_the_two_alone_is_not_erratic(one: str, other: str) -> None:
    varying = [exchange(404, resource=one, fields={"ETag": str(n)}) for n in range(2)]
    constant = [exchange(404, resource=other) for _ in range(likeness.SURE + 1)]
    assert likeness.erratic(history(*varying, *constant), LIMIT, 404) == {}
    for others, status in ((constant[1:], 404), (constant, 401)):
        seen = history(*varying, *others)
        assert likeness.erratic(seen, LIMIT, status) == {"field etag": False}


def test_what_varies_for_both_is_erratic() -> None:
    asked = [
        exchange(404, resource=whose, fields={"ETag": str(n)})
        for whose in ("foreign", "absent")
        for n in range(likeness.SURE + 1)
    ]
    assert likeness.erratic(history(*asked), LIMIT, 404) == {"field etag": False}


def test_the_order_is_volatile_only_where_the_members_are_the_same() -> None:
    longer = [exchange(200, body={"data": list(range(length))}) for length in (1, 2)]
    assert likeness.ORDER not in likeness.volatile(history(*longer), LIMIT)
    turned = [exchange(200, body=body) for body in ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
    assert likeness.ORDER in likeness.volatile(history(*turned), LIMIT)
    page = exchange(200, body=b"<html>")
    assert likeness.ORDER not in likeness.volatile(history(longer[0], page), LIMIT)


def test_other_requests_statuses_and_limits_make_nothing_volatile() -> None:
    asked = [told("no"), told("none", query="limit=1"), exchange(200), exchange(429)]
    assert not likeness.volatile(history(*asked), LIMIT)


def test_how_a_body_is_laid_out_is_a_part_of_it() -> None:
    plain, padded = exchange(404, body=b'{"error":"a"}'), exchange(404, body=b'{"error":"b"}\n')
    found = likeness.differences(plain, padded, LIMIT)
    assert set(found) == {"body /error", likeness.LAYOUT}


@pytest.mark.parametrize(("second", "varies"), [(b"[1]\n", True), (b"[1,2]", False)])
def test_the_layout_varies_only_of_the_same_members(second: bytes, varies: bool) -> None:
    seen = history(exchange(200, body=b"[1]"), exchange(200, body=second))
    assert (likeness.LAYOUT in likeness.volatile(seen, LIMIT)) == varies


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "missing"), ("no", '"no"'), (("a", "b"), '"a", "b"'), (404, "404"), (True, "True")],
    ids=str,
)
def test_values_are_worded(value: Any, words: str) -> None:
    assert likeness.worded(value) == words


def test_a_key_and_what_was_altered_of_it_ask_for_different_things() -> None:
    """Both are masked alike; what they are told says nothing of what varies by itself."""
    key, altered = (
        told("revoked", key="project#1"),
        told("unknown", key="project#1", form="altered:x"),
    )
    assert not likeness.same_request(key, altered)
    assert likeness.volatile(history(key, altered), LIMIT) == frozenset()
    assert likeness.volatile(history(key, told("x", key="project#1")), LIMIT)


def test_ids_that_were_sent_in_the_body_are_masked() -> None:
    one, other = (
        told(f"There is no project {id}", sent={"project_id": id})
        for id in (identifier("one"), identifier("other"))
    )
    assert likeness.differences(one, other, LIMIT) == {}


def seldom(whose: str, answers: str) -> list[Exchange]:
    return [exchange(404, resource=whose, fields={"X-Node": node}) for node in answers]


def test_what_varies_seldom_may_vary_for_one_of_the_two_by_chance() -> None:
    constant = seldom("absent", "a" * (likeness.SURE + 1))
    for foreign, found in (("aaabaaaaa", {"field x-node"}), ("abababab", set()), ("abbbb", set())):
        seen = history(*seldom("foreign", foreign), *constant)
        assert set(likeness.erratic(seen, LIMIT, 404)) == found


def test_where_members_come_and_go_so_do_order_and_layout() -> None:
    asked = [exchange(404, body=body) for body in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1})]
    whole = {likeness.ORDER, likeness.LAYOUT}
    assert set(likeness.erratic(history(*asked), LIMIT, 404)) == {"body /b", *whole}
