import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import schema, unreturned

from .builder import anonymous, exchange, findings, issued, opinions, success

OWN = exchange(200)


def got(body: Any, **arguments: Any) -> Exchange:
    return exchange(200, operation="getExecution", body=body, **arguments)


def execution(**changes: Any) -> dict[str, Any]:
    return {"data": success("getExecution", "project") | changes}


# schema.responses


def test_the_documented_answer() -> None:
    more = got(execution(startedBy="somebody"), fields={"Content-Type": "application/json; a=b"})
    assert opinions(schema.responses, OWN, more) == "passed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        {},
        {"data": []},
        execution(status="done"),
        execution(executionId="7"),
        execution(createdAt="yesterday"),
        {"error": {"code": "NOT_FOUND", "message": "m"}},
    ],
)
def test_another_answer(body: Any) -> None:
    assert opinions(schema.responses, OWN, got(body)) == "failed"


def test_another_media_type() -> None:
    assert (
        opinions(schema.responses, exchange(200, fields={"Content-Type": "text/json"})) == "failed"
    )


def test_errors_and_other_statuses_are_other_requirements() -> None:
    assert opinions(schema.responses, anonymous(401, body=b"no"), exchange(204)) == "nothing"


def variables(*, sent: Any, answered: Any) -> Exchange:
    one = exchange(200, operation="putVariables", body={"data": {"variables": answered}})
    body = json.dumps({"variables": sent}).encode()
    return replace(one, request=replace(one.request, body=body))


NAME, VALUE = {"name": "PASSWORD"}, {"value": "correct horse"}


def test_values_that_do_not_come_back() -> None:
    masked = variables(sent=[NAME | VALUE], answered=[NAME | {"value": "***"}])
    assert opinions(unreturned.unreturned, masked) == "passed"


@pytest.mark.parametrize("answered", [[NAME | VALUE], [{"name": "A", "was": ["correct horse"]}]])
def test_a_value_that_comes_back(answered: Any) -> None:
    assert opinions(unreturned.unreturned, variables(sent=[NAME | VALUE], answered=answered)) == (
        "failed"
    )


def test_a_value_that_anything_could_hold_tells_nothing() -> None:
    short = variables(sent=[NAME | {"value": "1"}], answered=[NAME | {"version": "1"}])
    assert opinions(unreturned.unreturned, short, variables(sent=[], answered=[])) == "nothing"


def test_a_body_that_was_cut_off_says_nothing() -> None:
    assert opinions(schema.responses, got(b'{"da', truncated=True)) == "nothing"


def test_a_body_that_cannot_be_checked_leaves_a_doubt() -> None:
    surrogate = rb'{"data": {"executionId": "\ud800"}}'
    assert opinions(schema.responses, got(surrogate)) == "doubtful"


def test_a_finding_says_where_the_body_differs_once() -> None:
    asked = [got(execution(status=word)) for word in ("done", "finished", "over")]
    (found,) = findings(schema.responses, *asked)
    assert "data.status" in found.observed
    assert len(found.exchanges) == 3


# schema.success-status


def test_success_has_its_status() -> None:
    assert opinions(schema.success_status, exchange(202, operation="createExecution")) == "passed"
    assert opinions(schema.success_status, exchange(404), exchange(429)) == "nothing"
    again = {"operation": "createExecution", "defect": "twice"}
    assert opinions(schema.success_status, exchange(202, **again)) == "passed"
    assert opinions(schema.success_status, exchange(200, **again)) == "failed"
    assert opinions(schema.success_status, exchange(400, **again)) == "nothing"


@pytest.mark.parametrize("status", [200, 201, 204, 303])
def test_success_has_another_status(status: int) -> None:
    assert (
        opinions(schema.success_status, exchange(status, operation="createExecution")) == "failed"
    )


def test_a_success_that_should_be_none_has_no_status() -> None:
    invalid = exchange(200, operation="createExecution", defect="body.array")
    assert opinions(schema.success_status, invalid, exchange(308, twist="slash")) == "nothing"


# schema.valid-accepted


def generated(status: int, **arguments: Any) -> Exchange:
    return exchange(status, generated="positive", **arguments)


def test_a_valid_request_is_accepted() -> None:
    assert opinions(schema.valid_accepted, generated(200)) == "passed"


def test_what_was_only_accepted_may_not_be_there_yet() -> None:
    made = success("createExecution", "project")
    path = f"{exchange(200).request.path}/{made['executionId']}"
    begun = exchange(202, operation="createExecution", body={"data": made})
    lost = exchange(404, operation="getExecution", target=path, generated="positive")
    assert opinions(schema.valid_accepted, begun, lost) == "nothing"
    assert opinions(schema.valid_accepted, lost) == "failed"


@pytest.mark.parametrize("status", [400, 404, 405, 409, 422])
def test_a_valid_request_is_not_accepted(status: int) -> None:
    assert opinions(schema.valid_accepted, OWN, generated(status)) == "failed"


@pytest.mark.parametrize("status", [308, 401, 403, 429, 500])
def test_other_answers_say_nothing(status: int) -> None:
    assert opinions(schema.valid_accepted, OWN, generated(status)) == "nothing"


def test_only_valid_requests_for_the_own_count() -> None:
    rotated = issued("project#2", "project#1")
    negative = exchange(400, defect="generated: x", generated="negative")
    assert opinions(schema.valid_accepted, negative, OWN) == "nothing"
    assert opinions(schema.valid_accepted, generated(404, resource="foreign")) == "nothing"
    assert opinions(schema.valid_accepted, OWN, rotated, generated(400)) == "nothing"


def test_what_a_deployment_lacks_is_left_out() -> None:
    assert opinions(schema.valid_accepted, generated(404, operation="listTestRuns")) == "nothing"


def test_what_was_lost_may_have_been_made() -> None:
    def again(method: str) -> Exchange:
        one = exchange(400, operation="createEnvironment", credential="team", method=method)
        return replace(one, tags=replace(one.tags, generated="positive", repeats=1))

    assert opinions(schema.valid_accepted, again("POST")) == "nothing"
    assert opinions(schema.valid_accepted, again("GET")) == "failed"
