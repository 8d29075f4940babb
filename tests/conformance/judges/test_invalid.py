from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Judge
from conformance.judges import invalid

from .builder import exchange, issued, opinions

OWN = exchange(200)
INVALID = exchange(400, operation="createExecution", defect="body.missing:taskSlug")


def flawed(status: int, defect: str, **arguments: Any) -> Exchange:
    """A request of the right key with this defect."""
    return exchange(status, operation="createExecution", defect=defect, **arguments)


# invalid requests


FAMILIES = [
    (invalid.malformed_json, "json.cut"),
    (invalid.invalid_body, "body.missing:taskSlug"),
    (invalid.media_type, "media.text"),
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
    assert opinions(invalid.unknown_route, page, exchange(404, resource="foreign")) == "failed"
    assert opinions(invalid.unknown_route, page) == "passed"
    cut = flawed(400, "json.cut", body=b"no")
    assert opinions(invalid.malformed_json, cut, flawed(400, "body.null")) == "failed"
    assert opinions(invalid.malformed_json, cut) == "passed"


@pytest.mark.parametrize(("judge", "defect"), FAMILIES)
def test_only_the_own_live_key_counts(judge: Judge, defect: str) -> None:
    rotated = issued("project#2", "project#1")
    assert opinions(judge, flawed(404, defect, resource="foreign")) == "nothing"
    assert opinions(judge, rotated, flawed(202, defect)) == "nothing"


def test_a_404_where_the_key_is_never_accepted_is_auths() -> None:
    assert opinions(invalid.invalid_body, flawed(404, "body.missing:taskSlug")) == "nothing"


def test_another_code_is_another_error() -> None:
    body = {"error": {"code": "BAD", "message": "b"}}
    assert opinions(invalid.invalid_body, flawed(400, "body.null:taskSlug", body=body)) == "failed"


def test_a_parameter_is_refused() -> None:
    def asked(status: int, defect: str) -> Exchange:
        return exchange(status, defect=defect, query="limit=0")

    assert opinions(invalid.invalid_parameters, asked(400, "query.low:limit")) == "passed"
    assert opinions(invalid.invalid_parameters, OWN, asked(404, "query.low:limit")) == "failed"
    assert opinions(invalid.invalid_parameters, asked(200, "query.low:limit")) == "failed"
    assert opinions(invalid.invalid_parameters, OWN) == "nothing"


def astray(status: int, **tags: Any) -> Exchange:
    """A request for an execution whose id is no uuid."""
    path = exchange(404, operation="listExecutions").request.target + "/not-a-uuid"
    return exchange(status, operation="getExecution", target=path, nested="absent", **tags)


@pytest.mark.parametrize(("status", "outcome"), [(400, "passed"), (404, "passed"), (200, "failed")])
def test_a_path_id_may_be_unknown_as_well(status: int, outcome: str) -> None:
    assert (
        opinions(invalid.invalid_parameters, astray(status, defect="path:executionId")) == outcome
    )


# generated cases


def generated(status: int, **arguments: Any) -> Exchange:
    arguments = {"operation": "createExecution", "sent": b"{}"} | arguments
    return exchange(status, defect="generated: negative", generated="negative", **arguments)


def test_a_generated_body_is_refused() -> None:
    assert opinions(invalid.invalid_body, generated(400)) == "passed"
    assert opinions(invalid.invalid_body, generated(202)) == "failed"
    assert opinions(invalid.invalid_parameters, generated(202)) == "nothing"


def test_a_generated_body_on_a_broken_path_may_be_lost() -> None:
    path = "/api/v1/projects/0/executions"
    assert opinions(invalid.invalid_body, generated(404, target=path)) == "passed"


def test_a_generated_case_that_is_valid_by_chance_says_nothing() -> None:
    valid = generated(202, sent={"taskSlug": "run"})
    surrogate = generated(202, sent=rb'{"taskSlug": "\ud800"}')
    assert opinions(invalid.invalid_body, valid, surrogate) == "nothing"
    assert opinions(invalid.invalid_parameters, valid) == "nothing"


def test_generated_parameters_are_refused() -> None:
    def listed(status: int, limit: str) -> Exchange:
        return generated(status, operation="listExecutions", query=f"limit={limit}")

    assert opinions(invalid.invalid_parameters, listed(400, "-7")) == "passed"
    assert opinions(invalid.invalid_parameters, listed(200, "-7")) == "failed"
    for lenient in ("7", "07", "7.0", "", "7&limit=x"):
        assert opinions(invalid.invalid_parameters, listed(200, lenient)) == "nothing"


@pytest.mark.parametrize(("status", "outcome"), [(400, "passed"), (404, "passed"), (200, "failed")])
def test_a_generated_path_is_refused(status: int, outcome: str) -> None:
    case = astray(status, generated="negative", defect="generated: negative")
    assert opinions(invalid.invalid_parameters, case) == outcome


# unknown routes and methods


def unknown(status: int, **arguments: Any) -> Exchange:
    return exchange(status, operation=None, resource="none", **arguments)


def lacking(status: int, **arguments: Any) -> Exchange:
    route = "/projects/{projectId}/executions"
    more = {"operation": None, "route": route, "method": "DELETE", "defect": "method:DELETE"}
    return exchange(status, **more | arguments)


def test_an_unknown_route_is_not_found() -> None:
    assert opinions(invalid.unknown_route, unknown(404)) == "passed"
    assert opinions(invalid.unknown_route, unknown(429), unknown(503), OWN) == "nothing"
    assert opinions(invalid.unknown_route, unknown(500), OWN, exchange(500)) == "nothing"


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 500])
def test_an_unknown_route_is_found(status: int) -> None:
    assert opinions(invalid.unknown_route, unknown(status), OWN) == "failed"


def test_a_key_that_is_shut_out_says_nothing_of_routes() -> None:
    asked = unknown(401)
    assert opinions(invalid.unknown_route, OWN, asked) == "failed"
    assert opinions(invalid.unknown_route, OWN, exchange(401), asked) == "nothing"
    new = unknown(401, key="project#2")
    accepted = exchange(200, key="project#2")
    assert opinions(invalid.unknown_route, OWN, issued("project#2"), new) == "nothing"
    assert opinions(invalid.unknown_route, issued("project#2"), accepted, new) == "failed"
    assert opinions(invalid.unknown_route, exchange(401), OWN, asked) == "failed"


def test_a_key_that_is_let_in_is_known_with_an_id_that_is_none_too() -> None:
    asked = exchange(401, defect="path:projectId")
    assert opinions(invalid.invalid_parameters, OWN, asked) == "failed"
    assert opinions(invalid.invalid_parameters, OWN, exchange(401), asked) == "nothing"
    assert opinions(invalid.invalid_parameters, asked) == "nothing"


def test_a_stranger_may_be_refused_first() -> None:
    asked = [unknown(status, credential="anonymous") for status in (401, 404)]
    assert opinions(invalid.unknown_route, *asked) == "passed"
    assert opinions(invalid.unknown_route, unknown(200, credential="anonymous")) == "failed"


def test_a_dead_key_on_an_unknown_route_says_nothing() -> None:
    rotated = issued("project#2", "project#1")
    assert opinions(invalid.unknown_route, rotated, unknown(401)) == "nothing"


def test_a_lacking_method_is_an_error() -> None:
    assert opinions(invalid.unknown_method, lacking(404), lacking(400)) == "passed"
    assert opinions(invalid.unknown_method, lacking(429), lacking(500), OWN) == "nothing"
    assert opinions(invalid.unknown_method, lacking(405, method="OPTIONS")) == "nothing"


@pytest.mark.parametrize("status", [200, 308, 405, 501])
def test_a_lacking_method_is_no_documented_error(status: int) -> None:
    assert opinions(invalid.unknown_method, lacking(status)) == "failed"
