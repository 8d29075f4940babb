import time
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import error

from .builder import anonymous, exchange, findings, opinions

OWN = exchange(200)


def refused(status: int, code: Any = "NOT_FOUND", message: Any = "Resource not found") -> Exchange:
    return exchange(status, resource="foreign", body={"error": {"code": code, "message": message}})


# the envelope


def test_the_envelope_is_documented() -> None:
    more = {"error": {"code": "A", "message": "b", "details": []}, "requestId": "1"}
    assert opinions(error.envelope, exchange(404, body=more)) == "passed"
    assert opinions(error.envelope, OWN, exchange(308)) == "nothing"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Not Found",
        [],
        {},
        {"error": "no"},
        {"error": {"code": "A"}},
        {"error": {"code": "", "message": "b"}},
        {"error": {"code": "A", "message": 1}},
    ],
)
def test_the_envelope_is_broken(body: Any) -> None:
    assert opinions(error.envelope, anonymous(401, body=body)) == "failed"


def test_a_body_that_was_cut_off_says_nothing() -> None:
    assert opinions(error.envelope, anonymous(401, body=b'{"err', truncated=True)) == "nothing"


def test_errors_are_json() -> None:
    def typed(type: str | None) -> Exchange:
        return anonymous(401, fields={"Content-Type": type})

    assert opinions(error.content_type, typed("Application/JSON; charset=utf-8")) == "passed"
    assert opinions(error.content_type, typed("application/problem+json")) == "failed"
    assert opinions(error.content_type, typed(None)) == "failed"
    assert opinions(error.content_type, OWN) == "nothing"


def test_each_status_has_its_code() -> None:
    assert opinions(error.code_matches, refused(404)) == "passed"
    assert opinions(error.code_matches, refused(404, "FORBIDDEN")) == "failed"
    assert opinions(error.code_matches, refused(403), refused(404, None)) == "nothing"


def test_the_table_has_every_status() -> None:
    assert opinions(error.documented_status, refused(404)) == "passed"
    assert opinions(error.documented_status, OWN) == "nothing"
    assert len(findings(error.documented_status, refused(403), refused(403), refused(405))) == 2


def test_a_gateways_passing_failure_is_no_error() -> None:
    asked = [exchange(503, body=b"<html>"), exchange(200, repeats=1)]
    for judge in (error.envelope, error.documented_status):
        assert opinions(judge, *asked) == "nothing"
    assert opinions(error.no_server_error, *asked) == "passed"


# crashes, and errors in disguise


def test_nothing_crashes() -> None:
    assert opinions(error.no_server_error, OWN) == "passed"
    assert opinions(error.no_server_error, OWN, exchange(500)) == "failed"
    assert opinions(error.no_server_error, exchange(503), exchange(503, repeats=1)) == "failed"
    assert opinions(error.no_server_error) == "nothing"


@pytest.mark.parametrize("member", [{"code": "X", "message": "y"}, {"message": "y"}, "failed"])
def test_a_success_is_an_error(member: Any) -> None:
    assert opinions(error.not_in_success, exchange(200, body={"error": member})) == "failed"


@pytest.mark.parametrize("member", [None, False, {}, ""])
def test_a_success_may_say_that_there_was_no_error(member: Any) -> None:
    assert opinions(error.not_in_success, exchange(200, body={"error": member})) == "passed"


def test_an_error_is_no_success() -> None:
    assert opinions(error.not_in_success, exchange(404)) == "nothing"


# internals


@pytest.mark.parametrize(
    "message",
    [
        "Traceback (most recent call last):\n  File",
        "boom\n    at Object.handle (/srv/api/dist/server.js:10:5)",
        'File "app.py", line 12',
        "cannot open /var/lib/bugzy/data.db",
        r"C:\inetpub\api\web.config",
        "see node_modules/express",
        "SELECT id FROM projects WHERE id = 'x'",
        'duplicate key value violates unique constraint "executions_pkey"',
        "SQLITE_CONSTRAINT",
        "KeyError: 'taskSlug'",
        "java.lang.NullPointerException",
        "System.NullReferenceException was thrown",
        "Cannot read properties of undefined (reading 'id')",
        "<class 'int'> is not allowed",
        "panic: runtime error\ngoroutine 12 [running]:",
    ],
)
def test_internals_are_told(message: str) -> None:
    assert opinions(error.no_internals, refused(404, message=message)) == "failed"


@pytest.mark.parametrize(
    "message",
    [
        "Resource not found",
        "$.taskSlug: 'run tests' does not match '^[a-z0-9]+(-[a-z0-9]+)*$'",
        "/properties/taskSlug is required",
        "No route GET /api/v1/projects/3f/executions/x.y",
        "body/variables/0/name must match pattern",
        "Validation error: select one value from the list",
        "Internal Server Error at 12:30:11",
        "Invalid JSON at line 1, column 2 (char 1)",
        "Unexpected token n in JSON at position 0",
        "Update the key, set it again, delete it from the page",
        "Error: An exception was made for you",
        "Unexpected token at root (1:5)",
        "Generate another at https://bugzy.example/app/settings/api-keys",
    ],
)
def test_plain_words_are_no_internals(message: str) -> None:
    assert opinions(error.no_internals, refused(404, message=message)) == "passed"


def test_what_was_sent_may_come_back() -> None:
    sent = {"taskSlug": "KeyError"}
    told = {"error": {"code": "VALIDATION_ERROR", "message": "'KeyError' is no slug"}}
    asked = exchange(400, operation="createExecution", sent=sent, body=told)
    assert opinions(error.no_internals, asked) == "passed"


def test_pages_that_are_no_json_are_searched_too() -> None:
    page = b"<pre>Traceback (most recent call last)</pre>"
    assert opinions(error.no_internals, exchange(500, body=page)) == "failed"
    assert opinions(error.no_internals, OWN) == "nothing"


def test_hostile_errors_are_searched_in_no_time() -> None:
    words = ["SELECT ", "at x(.", "\n at ", "Aa", "[[", "/usr/a", "UPDATE "]
    bodies = [(word * 40_000).encode() for word in words]
    asked = [exchange(500, body=body) for body in bodies]
    started = time.perf_counter()
    opinions(error.no_internals, *asked, exchange(500, body=b"[" * 900 + b"]" * 900))
    assert time.perf_counter() - started < 2


def test_a_gateway_may_refuse_what_nobody_has_to_take() -> None:
    for status, verdict in ((401, "passed"), (501, "passed"), (500, "failed")):
        odd = exchange(status, level="hardening", form="malformed:letters")
        assert opinions(error.no_server_error, odd) == verdict
