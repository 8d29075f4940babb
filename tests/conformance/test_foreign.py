from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance import foreign
from conformance.classify import UNKNOWN
from conformance.exchange import Exchange
from conformance.history import HistoryError

from .test_recording import KEY, entry

BODY = '{"taskSlug": "a"}'


def read(*entries: dict[str, Any]) -> foreign.Foreign:
    return foreign.read(Path("x.har"), {"entries": list(entries)})


def only(one: dict[str, Any]) -> Exchange:
    (found,) = read(one).entries
    return found.exchange


def posted(**request: Any) -> dict[str, Any]:
    one = entry(202)
    one["request"] |= {"method": "POST"} | request
    return one


def answered(content: dict[str, Any] | None, **fields: str) -> dict[str, Any]:
    one = entry()
    one["response"]["content"] = content
    one["response"]["headers"] = [{"name": name, "value": fields[name]} for name in fields]
    return one


@pytest.mark.parametrize(
    "sent",
    [
        {"bodySize": 17},
        {"bodySize": 17, "postData": {"text": ""}},
        {"bodySize": 17, "postData": {"text": "[masked]"}},
        {"bodySize": -1},
        {"headers": [{"name": "Content-Length", "value": "17"}], "postData": {"text": "{"}},
        {},
    ],
    ids=str,
)
def test_a_body_that_was_not_kept_is_unknown(sent: Any) -> None:
    assert only(posted(**sent)).tags.defect == UNKNOWN


@pytest.mark.parametrize(
    "sent",
    [
        {"bodySize": 17, "postData": {"text": BODY}},
        {"bodySize": -1, "postData": {"text": BODY}},
        {"postData": {"text": "eyJ0YXNrU2x1ZyI6ICJhIn0=", "encoding": "base64"}, "bodySize": 17},
        {"postData": {"params": [{"name": "a", "value": "b"}]}},
        {"bodySize": 0},
        {"method": "GET"},
    ],
    ids=str,
)
def test_a_body_that_was_kept_is_known(sent: Any) -> None:
    assert only(posted(**sent)).tags.defect is None


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"size": 12}, {}),
        ({"size": 12, "text": "{"}, {}),
        ({"size": 0, "text": ""}, {"Content-Length": "139"}),
        ({"text": "H4sIAAAAAAAA", "encoding": "base64", "size": 9}, {"Content-Encoding": "gzip"}),
        (None, {}),
    ],
    ids=str,
)
def test_an_answer_that_was_cut_off_is_said_to_be(content: Any, fields: dict[str, str]) -> None:
    response = only(answered(content, **fields)).response
    assert response is not None
    assert response.truncated


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"size": 2, "text": "{}"}, {"Content-Length": "2"}),
        ({"size": 2, "text": "{}"}, {"Content-Length": "22", "Content-Encoding": "gzip"}),
        ({"size": 0}, {"Content-Length": "0"}),
    ],
    ids=str,
)
def test_an_answer_that_was_kept_is_whole(content: Any, fields: dict[str, str]) -> None:
    response = only(answered(content, **fields)).response
    assert response is not None
    assert not response.truncated


@pytest.mark.parametrize("time", [None, -1, 0])
def test_an_unknown_time_may_have_been_long(time: float | None) -> None:
    one = only(entry(time=time))
    assert one.ended - one.started > foreign.LONGEST


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"response": {"status": "200", "headers": []}}, "response.status: what stands there"),
        ({"response": None}, "response: what stands there"),
        ({"request": {"method": "GET", "headers": []}}, '"url" is a required property'),
        ({"startedDateTime": "yesterday"}, "startedDateTime: Invalid isoformat"),
        ({"startedDateTime": "0001-01-01T00:00:00Z"}, "startedDateTime: is no time"),
        ({"comment": "\ud800"}, "half of a surrogate pair"),
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out_by_its_number(
    changes: dict[str, Any], problem: str
) -> None:
    found = read(entry(), entry(**changes))
    assert len(found.entries) == 1
    assert found.unread[0].startswith("entry 2 is left out: ")
    assert problem in found.unread[0]
    with pytest.raises(HistoryError, match=r"no entry can be read; entry 1 "):
        read(entry(**changes))


def test_no_problem_shows_what_stands_there() -> None:
    one = entry()
    one["request"]["headers"] = [{"name": "Authorization", "value": {"Bearer": KEY}}]
    (problem,) = read(entry(), one).unread
    assert KEY not in problem
    assert "request.headers.1.value" in problem or "request.headers.0.value" in problem


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTPS://Staging.Example.com:443", "https://staging.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://me:hush@host:443", "https://host"),
    ],
)
def test_an_origin_is_the_same_however_it_is_written(written: str, normal: str) -> None:
    assert foreign.normal(written) == normal
