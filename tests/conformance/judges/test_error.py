import time
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Judge
from conformance.judges import error

from .builder import anonymous, exchange, findings, issued, opinions

OWN = exchange(200)
INVALID = exchange(400, operation="createExecution", defect="body.missing:taskSlug")


def refused(status: int, code: Any = "NOT_FOUND", message: Any = "Resource not found") -> Exchange:
    return exchange(status, resource="foreign", body={"error": {"code": code, "message": message}})


def flawed(status: int, defect: str, **arguments: Any) -> Exchange:
    """A request of the right key with this defect."""
    return exchange(status, operation="createExecution", defect=defect, **arguments)


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


# invalid requests


FAMILIES = [
    (error.malformed_json, "json.cut"),
    (error.invalid_body, "body.missing:taskSlug"),
    (error.media_type, "media.text"),
]


@pytest.mark.parametrize(("judge", "defect"), FAMILIES)
def test_an_invalid_request_is_refused(judge: Judge, defect: str) -> None:
    assert opinions(judge, OWN, flawed(400, defect)) == "passed"


@pytest.mark.parametrize("status", [202, 301, 403, 404, 415, 422])
@pytest.mark.parametrize(("judge", "defect"), FAMILIES)
def test_an_invalid_request_is_not_refused(judge: Judge, defect: str, status: int) -> None:
    assert opinions(judge, INVALID, flawed(status, defect)) == "failed"


@pytest.mark.parametrize("status", [401, 429, 503])
@pytest.mark.parametrize(("judge", "defect"), FAMILIES)
def test_other_answers_say_nothing(judge: Judge, defect: str, status: int) -> None:
    assert opinions(judge, OWN, flawed(status, defect)) == "nothing"


@pytest.mark.parametrize(("judge", "defect"), FAMILIES)
def test_a_server_that_fails_only_at_what_is_wrong_answers_so(judge: Judge, defect: str) -> None:
    assert opinions(judge, OWN, flawed(500, defect)) == "failed"
    assert opinions(judge, exchange(500), flawed(500, defect)) == "nothing"


def test_a_page_where_other_errors_have_their_code() -> None:
    page = unknown(404, body=b"<html>")
    assert opinions(error.unknown_route, page, refused(404)) == "failed"
    assert opinions(error.unknown_route, page) == "passed"
    cut = flawed(400, "json.cut", body=b"no")
    assert opinions(error.malformed_json, cut, flawed(400, "body.null")) == "failed"
    assert opinions(error.malformed_json, cut) == "passed"


@pytest.mark.parametrize(("judge", "defect"), FAMILIES)
def test_only_the_own_live_key_counts(judge: Judge, defect: str) -> None:
    rotated = issued("project#2", "project#1")
    assert opinions(judge, flawed(404, defect, resource="foreign")) == "nothing"
    assert opinions(judge, rotated, flawed(202, defect)) == "nothing"


def test_a_404_where_the_key_is_never_accepted_is_auths() -> None:
    assert opinions(error.invalid_body, flawed(404, "body.missing:taskSlug")) == "nothing"


def test_another_code_is_another_error() -> None:
    body = {"error": {"code": "BAD", "message": "b"}}
    assert opinions(error.invalid_body, flawed(400, "body.null:taskSlug", body=body)) == "failed"


def test_a_parameter_is_refused() -> None:
    def asked(status: int, defect: str) -> Exchange:
        return exchange(status, defect=defect, query="limit=0")

    assert opinions(error.invalid_parameters, asked(400, "query.low:limit")) == "passed"
    assert opinions(error.invalid_parameters, OWN, asked(404, "query.low:limit")) == "failed"
    assert opinions(error.invalid_parameters, asked(200, "query.low:limit")) == "failed"
    assert opinions(error.invalid_parameters, OWN) == "nothing"


def astray(status: int, **tags: Any) -> Exchange:
    """A request for an execution whose id is no uuid."""
    path = exchange(404, operation="listExecutions").request.target + "/not-a-uuid"
    return exchange(status, operation="getExecution", target=path, nested="absent", **tags)


@pytest.mark.parametrize(("status", "outcome"), [(400, "passed"), (404, "passed"), (200, "failed")])
def test_a_path_id_may_be_unknown_as_well(status: int, outcome: str) -> None:
    assert opinions(error.invalid_parameters, astray(status, defect="path:executionId")) == outcome


# generated cases


def generated(status: int, **arguments: Any) -> Exchange:
    arguments = {"operation": "createExecution", "sent": b"{}"} | arguments
    return exchange(status, defect="generated: negative", generated="negative", **arguments)


def test_a_generated_body_is_refused() -> None:
    assert opinions(error.invalid_body, generated(400)) == "passed"
    assert opinions(error.invalid_body, generated(202)) == "failed"
    assert opinions(error.invalid_parameters, generated(202)) == "nothing"


def test_a_generated_body_on_a_broken_path_may_be_lost() -> None:
    path = "/api/v1/projects/0/executions"
    assert opinions(error.invalid_body, generated(404, target=path)) == "passed"


def test_a_generated_case_that_is_valid_by_chance_says_nothing() -> None:
    valid = generated(202, sent={"taskSlug": "run"})
    surrogate = generated(202, sent=rb'{"taskSlug": "\ud800"}')
    assert opinions(error.invalid_body, valid, surrogate) == "nothing"
    assert opinions(error.invalid_parameters, valid) == "nothing"


def test_generated_parameters_are_refused() -> None:
    def listed(status: int, limit: str) -> Exchange:
        return generated(status, operation="listExecutions", query=f"limit={limit}")

    assert opinions(error.invalid_parameters, listed(400, "-7")) == "passed"
    assert opinions(error.invalid_parameters, listed(200, "-7")) == "failed"
    for lenient in ("7", "07", "7.0", "", "7&limit=x"):
        assert opinions(error.invalid_parameters, listed(200, lenient)) == "nothing"


@pytest.mark.parametrize(("status", "outcome"), [(400, "passed"), (404, "passed"), (200, "failed")])
def test_a_generated_path_is_refused(status: int, outcome: str) -> None:
    case = astray(status, generated="negative", defect="generated: negative")
    assert opinions(error.invalid_parameters, case) == outcome


# unknown routes and methods


def unknown(status: int, **arguments: Any) -> Exchange:
    return exchange(status, operation=None, resource="none", **arguments)


def lacking(status: int, **arguments: Any) -> Exchange:
    route = "/projects/{projectId}/executions"
    more = {"operation": None, "route": route, "method": "DELETE", "defect": "method:DELETE"}
    return exchange(status, **more | arguments)


def test_an_unknown_route_is_not_found() -> None:
    assert opinions(error.unknown_route, unknown(404)) == "passed"
    assert opinions(error.unknown_route, unknown(429), unknown(500), OWN) == "nothing"


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403])
def test_an_unknown_route_is_found(status: int) -> None:
    assert opinions(error.unknown_route, unknown(status)) == "failed"


def test_a_stranger_may_be_refused_first() -> None:
    asked = [unknown(status, credential="anonymous") for status in (401, 404)]
    assert opinions(error.unknown_route, *asked) == "passed"
    assert opinions(error.unknown_route, unknown(200, credential="anonymous")) == "failed"


def test_a_dead_key_on_an_unknown_route_says_nothing() -> None:
    rotated = issued("project#2", "project#1")
    assert opinions(error.unknown_route, rotated, unknown(401)) == "nothing"


def test_a_lacking_method_is_an_error() -> None:
    assert opinions(error.unknown_method, lacking(404), lacking(400)) == "passed"
    assert opinions(error.unknown_method, lacking(429), lacking(500), OWN) == "nothing"
    assert opinions(error.unknown_method, lacking(405, method="OPTIONS")) == "nothing"


@pytest.mark.parametrize("status", [200, 308, 405, 501])
def test_a_lacking_method_is_no_documented_error(status: int) -> None:
    assert opinions(error.unknown_method, lacking(status)) == "failed"


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
