from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.history import Event
from conformance.judges import rotation

from .builder import CONTRACT, anonymous, event, exchange, findings, issued, opinions

LEFT = CONTRACT.rate_limit.remaining_field

Happened = list[Exchange | Event]

ROTATED = issued("project#2", "project#1")
OLD = exchange(200)  # with project#1, before it is replaced
DEAD = exchange(401)  # with project#1, afterwards


def new(status: int | None, key: str = "project#2", **how: Any) -> Exchange:
    return exchange(status, key=key, **how)


# the new key


def test_a_new_key_works() -> None:
    assert opinions(rotation.new_key_refused, ROTATED, new(200)) == "passed"
    assert opinions(rotation.new_key_refused, ROTATED, new(400, defect="query:limit")) == "passed"


def test_a_new_key_is_refused() -> None:
    assert opinions(rotation.new_key_refused, ROTATED, new(200), new(401)) == "failed"


@pytest.mark.parametrize("status", [403, 404])
def test_a_new_key_does_not_reach_what_the_old_one_did(status: int) -> None:
    assert opinions(rotation.new_key_refused, OLD, ROTATED, new(status)) == "failed"
    assert opinions(rotation.new_key_refused, ROTATED, new(status)) == "nothing"


def test_a_new_key_no_longer_reaches_what_it_did() -> None:
    asked = (OLD, ROTATED, new(200), new(403))
    assert opinions(rotation.new_key_refused, *asked) == "passed"


def test_what_a_new_key_does_not_find_may_have_gone() -> None:
    def shown(status: int, key: str) -> Exchange:
        return exchange(status, key=key, operation="getExecution", nested="own")

    asked: Happened = [shown(200, "project#1"), ROTATED, shown(404, "project#2")]
    assert opinions(rotation.new_key_refused, *asked) == "nothing"


def test_a_new_key_is_not_used() -> None:
    assert opinions(rotation.new_key_refused, OLD, ROTATED, DEAD) == "nothing"
    assert opinions(rotation.new_key_refused, ROTATED, new(429), new(500)) == "nothing"
    assert opinions(rotation.new_key_refused, exchange(401)) == "nothing"
    malformed = new(401, defect="path:projectId")
    assert opinions(rotation.new_key_refused, ROTATED, malformed) == "nothing"


def test_a_new_key_is_used_before_it_is_shown() -> None:
    rotated = issued("project#2", "project#1", started=1, ended=2)
    assert opinions(rotation.new_key_refused, rotated, new(401, started=1.5)) == "nothing"


def test_a_key_of_the_wrong_kind_may_be_refused() -> None:
    assert opinions(rotation.new_key_refused, ROTATED, new(401, resource="cross")) == "nothing"


@pytest.mark.parametrize("status", [200, 401])  # it is the deployment's choice
def test_earlier_team_keys_may_live_on_or_not(status: int) -> None:
    def team(status: int, number: int) -> Exchange:
        return exchange(
            status, operation="listEnvironments", credential="team", key=f"team#{number}"
        )

    asked: Happened = [team(200, 1), issued("team#2"), team(200, 2), team(status, 1)]
    assert opinions(rotation.new_key_refused, *asked) == "passed"
    assert opinions(rotation.old_key_works, *asked) == "nothing"
    assert opinions(rotation.other_key_died, *asked) == "nothing"


# the old key


def test_a_replaced_key_is_refused() -> None:
    assert opinions(rotation.old_key_works, OLD, ROTATED, DEAD) == "passed"


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_a_replaced_key_works(status: int) -> None:
    assert opinions(rotation.old_key_works, OLD, ROTATED, exchange(status)) == "failed"


def test_a_replaced_key_is_refused_with_another_code() -> None:
    other = exchange(401, body={"error": {"code": "KEY_REVOKED", "message": "no"}})
    assert opinions(rotation.old_key_works, OLD, ROTATED, other) == "failed"
    assert opinions(rotation.old_key_works, OLD, ROTATED, exchange(401, body=b"no")) == "passed"


def test_a_key_that_never_worked_proves_nothing() -> None:
    assert opinions(rotation.old_key_works, DEAD, ROTATED, DEAD) == "nothing"
    assert opinions(rotation.old_key_works, OLD, ROTATED) == "nothing"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_limits_and_crashes_say_nothing_of_a_replaced_key(status: int) -> None:
    assert opinions(rotation.old_key_works, OLD, ROTATED, exchange(status)) == "nothing"
    asked: Happened = [OLD, ROTATED, DEAD, exchange(status)]
    assert opinions(rotation.old_key_returns, *asked) == "nothing"


def test_a_method_that_a_path_lacks_may_be_no_route() -> None:
    how: dict[str, Any] = {"operation": None, "route": "/projects/{projectId}/executions"}
    lacking = exchange(404, method="PATCH", defect="method:PATCH", **how)
    assert opinions(rotation.old_key_works, OLD, ROTATED, lacking) == "nothing"
    stranger = anonymous(404, method="PATCH", defect="method:PATCH", **how)
    assert opinions(rotation.old_key_works, OLD, ROTATED, lacking, stranger) == "nothing"
    stranger = anonymous(401, method="PATCH", defect="method:PATCH", **how)
    assert opinions(rotation.old_key_works, OLD, ROTATED, lacking, stranger) == "failed"


def test_an_absent_operation_refuses_nobody() -> None:
    absent = exchange(404, operation="listTestRuns")
    assert opinions(rotation.old_key_works, OLD, absent, ROTATED, absent, DEAD) == "passed"


def test_a_request_across_the_rotation_may_succeed() -> None:
    rotated = issued("project#2", "project#1", started=1, ended=2)
    across = exchange(200, started=1.5, ended=3)
    assert opinions(rotation.old_key_works, OLD, rotated, across) == "nothing"


def test_a_replaced_key_stays_refused() -> None:
    assert opinions(rotation.old_key_returns, OLD, ROTATED, DEAD, DEAD) == "passed"
    assert opinions(rotation.old_key_returns, OLD, ROTATED, DEAD) == "nothing"


def test_a_replaced_key_works_again() -> None:
    asked: Happened = [OLD, ROTATED, DEAD, exchange(200, started=60)]
    assert opinions(rotation.old_key_returns, *asked) == "failed"
    assert opinions(rotation.old_key_works, *asked) == "passed"


def test_a_replaced_key_works_in_another_form() -> None:
    lower = exchange(200, started=60, form="scheme-case:bearer")
    assert opinions(rotation.old_key_works, OLD, ROTATED, DEAD, lower) == "failed"
    assert opinions(rotation.old_key_returns, OLD, ROTATED, DEAD, lower) == "nothing"


# under way


def upload(status: int | None, group: str = "in-flight", **how: Any) -> Exchange:
    times = {"started": 1.0, "ended": 3.0} if group == "in-flight" else {}
    return exchange(status, operation="createExecution", group=group, **times | how)


CONTROL = upload(202, "in-flight-control")
MEANWHILE = issued("project#2", "project#1", started=1.5, ended=2)


def test_an_upload_whose_key_is_replaced_is_refused() -> None:
    assert opinions(rotation.in_flight_served, CONTROL, upload(401), MEANWHILE) == "passed"


@pytest.mark.parametrize("status", [202, 400, 404])
def test_an_upload_whose_key_is_replaced_is_served(status: int) -> None:
    assert opinions(rotation.in_flight_served, CONTROL, upload(status), MEANWHILE) == "failed"


def test_an_upload_that_is_refused_with_a_live_key_too_accuses_nobody() -> None:
    """As by a server that takes a body of unknown length for an empty one."""
    undisturbed = upload(400, "in-flight-control")
    judged = opinions(rotation.in_flight_served, undisturbed, upload(400), MEANWHILE)
    assert judged == "doubtful"
    served = opinions(rotation.in_flight_served, undisturbed, upload(202), MEANWHILE)
    assert served == "failed"


@pytest.mark.parametrize("status", [None, 408, 429, 503])
def test_an_upload_is_not_carried_out_for_another_reason(status: int | None) -> None:
    assert opinions(rotation.in_flight_served, CONTROL, upload(status), MEANWHILE) == "doubtful"
    again = [CONTROL, upload(status), upload(401), MEANWHILE]
    assert opinions(rotation.in_flight_served, *again) == "passed"


def test_an_upload_needs_its_control_and_its_rotation() -> None:
    assert opinions(rotation.in_flight_served, upload(401), MEANWHILE) == "doubtful"
    early = upload(202, ended=1.4)
    assert opinions(rotation.in_flight_served, CONTROL, early, MEANWHILE) == "doubtful"
    assert opinions(rotation.in_flight_served, CONTROL) == "nothing"


def load(status: int, at: float) -> Exchange:
    return exchange(status, group="under-load", started=at, ended=at + 0.4)


def test_under_load_the_old_key_is_refused_once_the_new_one_is_shown() -> None:
    asked: Happened = [load(200, 1), MEANWHILE, load(200, 1.9), load(401, 2.1)]
    assert opinions(rotation.load_served, *asked) == "passed"
    assert opinions(rotation.load_served, load(200, 1), MEANWHILE) == "nothing"
    assert opinions(rotation.load_served, MEANWHILE, load(401, 2.1)) == "nothing"


def test_under_load_the_old_key_is_served_late() -> None:
    (found,) = findings(rotation.load_served, load(200, 1), MEANWHILE, load(200, 2.1))
    assert "100 ms later" in found.observed


def test_under_load_a_429_is_raced() -> None:
    assert opinions(rotation.load_served, load(200, 1), MEANWHILE, load(429, 2.1)) == "nothing"


# others' keys


OTHER = exchange(200, credential="other_project")


def test_others_keys_live_on() -> None:
    assert opinions(rotation.other_key_died, OTHER, ROTATED, OTHER) == "passed"
    assert opinions(rotation.other_key_died, ROTATED, OTHER, OTHER) == "nothing"


@pytest.mark.parametrize("name", ["other_project", "team"])
def test_anothers_key_dies(name: str) -> None:
    operation = "listEnvironments" if name == "team" else "listExecutions"
    before = exchange(200, operation=operation, credential=name)
    after = exchange(401, operation=operation, credential=name)
    assert opinions(rotation.other_key_died, before, ROTATED, after) == "failed"
    assert opinions(rotation.other_key_died, before, after) == "nothing"


def test_a_projects_key_dies_with_a_teams_new_one() -> None:
    new = issued("project#2", "project#1")
    asked: Happened = [new, exchange(200, key="project#2"), issued("team#2")]
    refused = exchange(401, key="project#2")
    assert opinions(rotation.other_key_died, *asked, refused) == "failed"
    assert opinions(rotation.new_key_refused, *asked, refused) == "passed"


def test_a_team_key_may_be_refused_by_a_project() -> None:
    before = exchange(200, operation="listEnvironments", credential="team")
    cross = exchange(401, credential="team", resource="cross")
    assert opinions(rotation.other_key_died, before, ROTATED, cross) == "nothing"


# two at once


RIVALS: list[Event] = [
    issued("project#2", "project#1", started=1, ended=2),
    issued("project#3", "project#2", started=1.1, ended=2.1),
]


def tried(second: int, third: int, *more: Exchange) -> Happened:
    return [*RIVALS, new(second, started=3), new(third, "project#3"), *more]


@pytest.mark.parametrize(("second", "third"), [(200, 401), (401, 200)])
def test_one_of_two_survives(second: int, third: int) -> None:
    assert opinions(rotation.survivors_miscounted, *tried(second, third)) == "passed"
    assert opinions(rotation.old_key_works, OLD, *tried(second, third)) == "nothing"
    assert opinions(rotation.new_key_refused, *tried(second, third)) == "nothing"


@pytest.mark.parametrize("status", [200, 401])
def test_both_or_none_survive(status: int) -> None:
    assert opinions(rotation.survivors_miscounted, *tried(status, status)) == "failed"


def test_a_survivor_works_sometimes() -> None:
    assert opinions(rotation.survivors_miscounted, *tried(200, 401, new(401))) == "failed"


def test_survivors_that_were_not_tried_or_were_replaced() -> None:
    assert opinions(rotation.survivors_miscounted, *tried(429, 200)) == "nothing"
    assert opinions(rotation.survivors_miscounted, OLD, ROTATED, new(200)) == "nothing"
    again = issued("project#4", "project#3")
    late: Happened = [*RIVALS, again, new(401, started=5), new(401, "project#3")]
    assert opinions(rotation.survivors_miscounted, *late) == "nothing"


@pytest.mark.parametrize(
    ("status", "opinion"), [(200, "passed"), (401, "failed"), (429, "nothing")]
)
def test_who_declines_a_second_key_has_to_take_the_first(status: int, opinion: str) -> None:
    declined = event("declined", started=1, ended=2, party="project")
    second = issued("project#2", "project#1", started=1, ended=2)
    asked: Happened = [declined, second, new(status, started=3, ended=4)]
    assert opinions(rotation.survivors_miscounted, *asked) == opinion


# a revoked key's answer


def unknown(**how: Any) -> Exchange:
    return exchange(401, credential="forged", group="unknown", **how)


def test_a_revoked_key_is_answered_as_an_unknown_one() -> None:
    assert opinions(rotation.revoked_recognised, OLD, ROTATED, DEAD, unknown()) == "passed"
    assert opinions(rotation.revoked_recognised, OLD, ROTATED, DEAD) == "nothing"


def test_a_revoked_key_is_recognised() -> None:
    told = {"error": {"code": "UNAUTHORIZED", "message": "This key was replaced"}}
    asked: Happened = [OLD, ROTATED, exchange(401, body=told), unknown()]
    assert opinions(rotation.revoked_recognised, *asked) == "failed"


def test_a_window_recognises_revoked_keys() -> None:
    def said(key: str, remaining: int) -> Exchange:
        return exchange(401, key=key, fields={LEFT: str(remaining)})

    judge = rotation.window_tells_revoked
    forged = [unknown(fields={LEFT: "60"})] * 3
    again = issued("project#3", "project#2")
    replaced: Happened = [OLD, ROTATED, exchange(200, key="project#2"), again]
    dead = [said("project#1", 0), said("project#2", 0), said("project#1", 0)]
    assert opinions(judge, *replaced, *dead, *forged) == "failed"
    kept = [said("project#1", 12), said("project#2", 30), said("project#1", 12)]
    assert opinions(judge, *replaced, *kept, *forged) == "nothing"
    assert opinions(judge, *replaced, *dead[::2], *forged) == "nothing"


def test_request_ids_vary() -> None:
    dead = [exchange(401, fields={"X-Request-Id": str(n)}) for n in range(2)]
    asked: Happened = [OLD, ROTATED, *dead, unknown(fields={"X-Request-Id": "7"})]
    assert opinions(rotation.revoked_recognised, *asked) == "passed"


def test_under_load_an_absent_operation_refuses_nobody() -> None:
    absent = exchange(404, operation="listTestRuns")
    late = exchange(404, operation="listTestRuns", group="under-load", started=2.1, ended=2.5)
    assert opinions(rotation.load_served, absent, load(200, 1), MEANWHILE, late) == "nothing"
