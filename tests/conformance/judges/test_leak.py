from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Judge
from conformance.judges import leak
from conformance.likeness import SURE

from .builder import CONTRACT, anonymous, exchange, findings, issued, opinions

LEFT = CONTRACT.rate_limit.remaining_field
TOLD = {"error": {"code": "NOT_FOUND", "message": "This one belongs to somebody else"}}
ROUTE = "/projects/{projectId}/executions"
SHAPES: dict[str, tuple[Judge, dict[str, Any]]] = {
    "plain": (leak.answers_differ, {}),
    "invalid": (
        leak.validation_tells,
        {"operation": "createExecution", "defect": "body.missing:taskSlug"},
    ),
    "method": (
        leak.method_tells,
        {"operation": None, "route": ROUTE, "method": "PATCH", "defect": "method:PATCH"},
    ),
}


def pair(foreign: Any = None, *, status: int = 404, **how: Any) -> list[Exchange]:
    """Another's and an absent one; *foreign*: what the first is answered."""
    body = {} if foreign is None else {"body": foreign}
    return [
        exchange(status, resource="foreign", group="pair:1", **body, **how),
        exchange(404, resource="absent", group="pair:1", **how),
    ]


def below(foreign: Any = None) -> list[Exchange]:
    """The same one level down, under one's own project."""
    how: dict[str, Any] = {"operation": "getExecution", "resource": "own", "group": "pair:2"}
    body = {} if foreign is None else {"body": foreign}
    return [
        exchange(404, nested="foreign", **body, **how),
        exchange(404, nested="absent", **how),
    ]


def test_a_key_whose_id_may_be_wrong_tells_nothing() -> None:
    """The key of the other team reaches that one, whatever the target file takes it for."""
    own = [exchange(404), exchange(404, operation="listTestRuns")]
    told = pair(TOLD, **SHAPES["invalid"][1])
    assert opinions(leak.validation_tells, *told) == "failed"
    assert opinions(leak.validation_tells, *own, *told) == "nothing"


def test_what_only_nested_resources_of_others_tell_is_of_two_requirements() -> None:
    how: dict[str, Any] = {"operation": "getExecution", "group": "pair:3"}
    deeper = [
        exchange(404, resource="foreign", nested="foreign", body=TOLD, **how),
        exchange(404, resource="absent", nested="absent", **how),
    ]
    assert opinions(leak.answers_differ, *deeper) == "failed"
    assert opinions(leak.nested_tells, *deeper) == "failed"
    assert opinions(leak.nested_tells, *deeper, *pair(TOLD)) == "nothing"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_two_are_answered_alike(shape: str) -> None:
    judge, how = SHAPES[shape]
    assert opinions(judge, *pair(**how)) == "passed"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_two_are_told_apart_by_their_own_requirement(shape: str) -> None:
    for name, (judge, _) in SHAPES.items():
        found = opinions(judge, *pair(TOLD, **SHAPES[shape][1]))
        plainly = shape == "invalid" and name == "plain"  # without leave to write: see below
        assert found == ("failed" if name == shape or plainly else "nothing")


@pytest.mark.parametrize("shape", SHAPES)
def test_one_of_the_two_proves_nothing(shape: str) -> None:
    judge, how = SHAPES[shape]
    assert opinions(judge, pair(**how)[0]) == "nothing"
    assert opinions(judge, exchange(200)) == "nothing"


def test_with_leave_to_write_an_invalid_body_is_not_plain() -> None:
    asked = pair(TOLD, **SHAPES["invalid"][1])
    assert opinions(leak.answers_differ, *asked, header={"allow_writes": True}) == "nothing"


@pytest.mark.parametrize("status", [400, 403, 405])
def test_a_status_tells_them_apart(status: int) -> None:
    (found,) = findings(leak.answers_differ, *pair(status=status))
    assert found.observed.startswith(f"status {status} for another's")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_that_is_refused_for_one_of_the_two_only_tells(shape: str) -> None:
    judge, how = SHAPES[shape]
    assert opinions(judge, *pair(status=401, **how)) == "failed"
    refused = [replace(one, response=exchange(401).response) for one in pair(**how)]
    assert opinions(judge, *refused) == "nothing"


def test_anothers_that_is_served_is_no_leak_but_reach() -> None:
    assert opinions(leak.answers_differ, *pair(status=200)) == "nothing"


def test_a_limit_or_a_dead_key_proves_nothing() -> None:
    assert opinions(leak.answers_differ, *pair(status=429)) == "nothing"
    rotated = issued("project#2", "project#1")
    assert opinions(leak.answers_differ, exchange(200), rotated, *pair(TOLD)) == "nothing"


def test_request_ids_vary() -> None:
    def identified(number: int, resource: str, group: str = "pair:1") -> Exchange:
        fields = {"X-Request-Id": f"r-{number}"}
        return exchange(404, resource=resource, group=group, fields=fields)

    asked = [identified(1, "foreign"), identified(2, "absent")]
    assert opinions(leak.answers_differ, *asked) == "failed"
    assert opinions(leak.answers_differ, *asked, identified(3, "absent", "identical")) == "passed"


def test_what_varies_tells_by_being_there() -> None:
    def tagged(tag: str | None, resource: str, group: str = "pair:1") -> Exchange:
        return exchange(404, resource=resource, group=group, fields={"ETag": tag})

    asked = [tagged("1", "foreign"), tagged(None, "absent"), tagged("2", "foreign", "identical")]
    assert opinions(leak.answers_differ, *asked) == "failed"
    fickle = tagged("3", "absent", "identical")
    assert opinions(leak.answers_differ, *asked, fickle) == "passed"


def test_what_varies_for_what_exists_alone_tells() -> None:
    """A cache that keeps only the 404 of what is another's."""
    kept = exchange(404, resource="foreign", group="identical")
    hit = exchange(404, resource="foreign", group="pair:1", fields={"X-Cache": "HIT"})
    misses = [exchange(404, resource="absent", group="pair:1") for _ in range(SURE + 1)]
    assert opinions(leak.answers_differ, kept, hit, *misses[1:]) == "passed"
    assert opinions(leak.answers_differ, kept, hit, *misses) == "failed"


def test_what_is_answered_either_way_tells_nothing() -> None:
    either = (
        pair(TOLD) + pair(TOLD)[:1] + [exchange(404, resource="absent", group="pair:1", body=TOLD)]
    )
    assert opinions(leak.answers_differ, *either) == "passed"


def test_the_id_that_was_asked_for_may_be_named() -> None:
    def named(one: Exchange) -> Exchange:
        id = one.request.target.split("/")[4]
        body = {"error": {"code": "NOT_FOUND", "message": f"There is no project {id}"}}
        return exchange(404, resource=one.tags.resource, group="pair:1", body=body)

    assert opinions(leak.answers_differ, *map(named, pair())) == "passed"


def test_what_is_below_is_answered_alike() -> None:
    assert opinions(leak.nested_tells, *below()) == "passed"
    assert opinions(leak.nested_tells, *below(TOLD)) == "failed"
    assert opinions(leak.answers_differ, *below(TOLD)) == "nothing"
    assert opinions(leak.nested_tells, below(TOLD)[0]) == "nothing"


# without a key


def stranger(resource: str, **how: Any) -> Exchange:
    return anonymous(401, resource=resource, **how)


def test_a_stranger_is_told_the_same() -> None:
    asked = [stranger("own"), stranger("foreign"), stranger("absent")]
    assert opinions(leak.keyless_tells, *asked) == "passed"
    assert opinions(leak.keyless_tells, stranger("own"), stranger("foreign")) == "nothing"


@pytest.mark.parametrize(("told", "verdict"), [(None, "passed"), (TOLD, "failed")])
def test_a_stranger_is_told_what_exists_below(told: Any, verdict: str) -> None:
    found, lost = (
        stranger("own", operation="getExecution", nested=nested, body=told if below else None)
        for nested, below in (("own", False), ("absent", True))
    )
    assert opinions(leak.keyless_tells, found, lost) == verdict
    assert opinions(leak.keyless_tells, lost) == "nothing"


def test_a_query_tells_a_stranger_what_exists() -> None:
    asked = [stranger("own"), stranger("absent"), stranger("own", query="limit=5", body=TOLD)]
    assert opinions(leak.keyless_tells, *asked) == "passed"
    assert opinions(leak.keyless_tells, *asked, stranger("absent", query="limit=5")) == "failed"


def test_a_stranger_is_told_what_exists() -> None:
    asked = [anonymous(404, resource="absent"), stranger("own")]
    assert opinions(leak.keyless_tells, *asked) == "failed"


@pytest.mark.parametrize("status", [200, 429, 500])
def test_limits_and_crashes_are_not_told(status: int) -> None:
    asked = [anonymous(status, resource="absent"), stranger("own")]
    assert opinions(leak.keyless_tells, *asked) == "nothing"


def test_a_malformed_id_addresses_nothing() -> None:
    malformed = anonymous(400, resource="absent", defect="path:projectId")
    asked = [malformed, stranger("own", defect="path:projectId")]
    assert opinions(leak.keyless_tells, *asked) == "nothing"


def told_left(resource: str, *left: int | None) -> list[Exchange]:
    """A stranger's answers that say so much is left of some window; None: they say nothing."""
    says = [None if number is None else str(number) for number in left]
    return [stranger(resource, fields={LEFT: said}) for said in says]


def test_a_window_tells_a_stranger_what_exists() -> None:
    judge = leak.window_tells_without_a_key
    assert opinions(judge, *told_left("own", 0, 0, 0), *told_left("absent", 60, 60, 60)) == "failed"
    assert opinions(judge, *told_left("own", *[None] * 3), *told_left("absent", 9, 8, 7)) == (
        "failed"
    )


def test_a_window_that_changes_for_what_exists_alone_tells() -> None:
    judge, own = leak.window_tells_without_a_key, told_left("own", 41, 37, 12)
    assert opinions(judge, *own, *told_left("absent", *[59] * SURE)) == "failed"
    assert opinions(judge, *own, *told_left("absent", *[59] * (SURE - 1))) == "nothing"
    assert opinions(judge, *own, *told_left("absent", *[37] * SURE)) == "failed"
    often = told_left("own", 41, 37, 37)
    assert opinions(judge, *often, *told_left("absent", *[37] * SURE)) == "nothing"


def test_a_window_of_an_address_tells_nothing() -> None:
    judge = leak.window_tells_without_a_key
    for own, missing in (((9, 7, 5), (8, 6, 4)), ((60, 60), (0, 0)), ((5, 5, 5), (5, 5, 5))):
        asked = [*told_left("own", *own), *told_left("absent", *missing)]
        assert opinions(judge, *asked) == "nothing"


def test_absent_operations_are_left_out() -> None:
    lacking = exchange(404, operation="listTestRuns")
    asked = [lacking, *pair(TOLD, operation="listTestRuns")]
    assert opinions(leak.answers_differ, *asked) == "nothing"
