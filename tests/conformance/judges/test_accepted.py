"""A valid key is accepted wherever it is its own."""

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import accepted

from .builder import exchange, issued, opinions, success
from .test_auth import OWN

PATH = OWN.request.path
MADE = success("createExecution", "project")


def test_a_key_is_accepted() -> None:
    assert opinions(accepted.project_key, OWN) == "passed"
    own = exchange(200, operation="getEnvironment", credential="team")
    assert opinions(accepted.team_key, own) == "passed"


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_key_is_not_accepted(status: int) -> None:
    assert opinions(accepted.project_key, OWN, exchange(status)) == "failed"


def test_keys_of_the_other_type_say_nothing() -> None:
    assert opinions(accepted.team_key, OWN) == "nothing"
    assert opinions(accepted.project_key, exchange(404, resource="foreign")) == "nothing"


def test_an_invalid_body_shows_a_writes_acceptance() -> None:
    def invalid(status: int) -> Exchange:
        return exchange(status, operation="createExecution", defect="body.missing:taskSlug")

    assert opinions(accepted.project_key, invalid(400)) == "passed"
    assert opinions(accepted.project_key, invalid(401)) == "failed"


def test_a_read_that_calls_every_valid_request_invalid_accepts_no_key() -> None:
    assert opinions(accepted.project_key, exchange(400)) == "failed"
    assert opinions(accepted.project_key, exchange(400), OWN) == "passed"
    written = exchange(400, operation="createExecution")
    assert opinions(accepted.project_key, written) == "passed"


def test_an_absent_operation_says_nothing() -> None:
    assert opinions(accepted.project_key, exchange(404, operation="listTestRuns")) == "nothing"


def test_a_replaced_key_need_not_be_accepted() -> None:
    rotated = issued("project#2", "project#1")
    assert opinions(accepted.project_key, rotated, exchange(401)) == "nothing"


def test_a_key_that_is_lost_with_anothers_replacement_is_rotations_matter() -> None:
    def other(status: int) -> Exchange:
        return exchange(status, credential="other_project")

    rotated = issued("project#2", "project#1")
    assert opinions(accepted.project_key, other(200), rotated, other(401), other(401)) == "passed"
    assert opinions(accepted.project_key, other(200), rotated, other(401), other(200)) == "failed"
    assert opinions(accepted.project_key, other(401), rotated, other(401)) == "failed"


def test_limits_and_crashes_accept_nothing() -> None:
    assert opinions(accepted.project_key, exchange(429)) == "doubtful"
    assert opinions(accepted.project_key, exchange(500)) == "doubtful"
    assert opinions(accepted.project_key, exchange(500), exchange(429), OWN) == "passed"


def got(status: int, **how: Any) -> Exchange:
    return exchange(status, operation="getExecution", target=f"{PATH}/{MADE['executionId']}", **how)


def test_what_was_only_accepted_may_not_be_there_yet() -> None:
    made = exchange(202, operation="createExecution", body={"data": MADE})
    listed = exchange(200, body={"data": [MADE]})
    assert opinions(accepted.project_key, OWN, made, got(404)) == "passed"
    assert opinions(accepted.project_key, OWN, made, got(404), listed) == "passed"
    assert opinions(accepted.project_key, OWN, made, listed, got(404)) == "failed"
    found = got(200, body={"data": MADE})
    assert opinions(accepted.project_key, OWN, made, found, got(404)) == "failed"
    assert opinions(accepted.project_key, OWN, got(404)) == "failed"
