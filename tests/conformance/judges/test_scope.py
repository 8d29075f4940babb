from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Judge
from conformance.judges import scope

from .builder import anonymous, exchange, findings, identifier, issued, opinions, success

PROJECT = exchange(200)
TEAM = exchange(200, operation="listEnvironments", credential="team")
CREATED = exchange(202, operation="createExecution")

REACHES = [
    (scope.other_projects, PROJECT, {"resource": "foreign"}),
    (scope.other_teams, TEAM, {"resource": "foreign"}),
    (scope.teams_of_project_keys, TEAM, {"credential": "project", "resource": "cross"}),
    (scope.projects_of_team_keys, PROJECT, {"credential": "team", "resource": "cross"}),
]


def reaching(status: int, control: Exchange, reach: dict[str, Any], **more: Any) -> Exchange:
    """A request on the control's operation beyond what the key reaches."""
    tags = {"operation": control.tags.operation, "credential": control.tags.credential}
    return exchange(status, **tags | reach | more)


# isolation and cross


def test_a_key_whose_id_may_be_wrong_reaches_what_may_be_its_own() -> None:
    own = [exchange(404), exchange(404, operation="listTestRuns")]
    spelled = exchange(200, resource="foreign", twist="slash")
    assert opinions(scope.other_projects, PROJECT, spelled) == "failed"
    assert opinions(scope.other_projects, *own, spelled) == "nothing"


@pytest.mark.parametrize(("judge", "control", "reach"), REACHES)
def test_a_key_reaches_no_further(judge: Judge, control: Exchange, reach: dict[str, Any]) -> None:
    assert opinions(judge, control, reaching(404, control, reach)) == "passed"


@pytest.mark.parametrize("status", [200, 301, 400, 403])
@pytest.mark.parametrize(("judge", "control", "reach"), REACHES)
def test_a_key_reaches_further(
    judge: Judge, control: Exchange, reach: dict[str, Any], status: int
) -> None:
    assert opinions(judge, control, reaching(status, control, reach)) == "failed"


@pytest.mark.parametrize(("judge", "control", "reach"), REACHES)
def test_nobody_reached(judge: Judge, control: Exchange, reach: dict[str, Any]) -> None:
    assert opinions(judge, control) == "nothing"
    assert opinions(judge, control, reaching(429, control, reach)) == "nothing"
    failing = replace(control, response=exchange(500).response)
    assert opinions(judge, control, failing, reaching(500, control, reach)) == "nothing"


@pytest.mark.parametrize(("judge", "control", "reach"), REACHES)
def test_the_reach_makes_the_server_fail(
    judge: Judge, control: Exchange, reach: dict[str, Any]
) -> None:
    assert opinions(judge, control, reaching(500, control, reach)) == "failed"


@pytest.mark.parametrize(("judge", "control", "reach"), REACHES)
def test_a_refusal_needs_its_control(
    judge: Judge, control: Exchange, reach: dict[str, Any]
) -> None:
    assert opinions(judge, reaching(404, control, reach)) == "doubtful"


@pytest.mark.parametrize(("judge", "control", "reach"), REACHES)
def test_a_lacking_method_must_not_succeed(
    judge: Judge, control: Exchange, reach: dict[str, Any]
) -> None:
    lacking = {"operation": None, "route": control.tags.route, "defect": "method:DELETE"}
    assert opinions(judge, control, reaching(405, control, reach, **lacking)) == "nothing"
    assert opinions(judge, control, reaching(204, control, reach, **lacking)) == "failed"


def test_a_lacking_method_is_refused_as_ones_own_is_or_not_found() -> None:
    lacking = {"operation": None, "route": PROJECT.tags.route, "defect": "method:PUT"}
    own, foreign = exchange(404, **lacking), {"resource": "foreign", **lacking}
    assert opinions(scope.other_projects, PROJECT, own, exchange(401, **foreign)) == "failed"
    assert opinions(scope.other_projects, PROJECT, own, exchange(404, **foreign)) == "nothing"
    assert opinions(scope.other_projects, PROJECT, own, exchange(429, **foreign)) == "nothing"
    assert opinions(scope.other_projects, PROJECT, exchange(401, **foreign)) == "nothing"
    alike = exchange(400, **lacking), exchange(400, **foreign)
    assert opinions(scope.other_projects, PROJECT, *alike) == "nothing"


def test_of_the_right_type_401_is_no_answer_and_of_the_wrong_it_is() -> None:
    foreign = exchange(401, resource="foreign")
    cross = exchange(401, credential="team", resource="cross")
    assert opinions(scope.other_projects, PROJECT, foreign) == "failed"
    assert opinions(scope.projects_of_team_keys, PROJECT, cross) == "passed"


@pytest.mark.parametrize(("status", "verdict"), [(401, "passed"), (404, "passed"), (400, "failed")])
def test_of_the_wrong_type_an_invalid_request_is_refused_alike(status: int, verdict: str) -> None:
    invalid = exchange(status, credential="team", resource="cross", defect="query.low:limit")
    assert opinions(scope.projects_of_team_keys, PROJECT, invalid) == verdict


def test_a_dead_key_proves_nothing() -> None:
    rotated = issued("project#2", "project#1")
    foreign = exchange(401, resource="foreign")
    assert opinions(scope.other_projects, PROJECT, rotated, foreign) == "nothing"


def test_another_code_is_another_answer() -> None:
    told = {"error": {"code": "FORBIDDEN", "message": "no"}}
    foreign = exchange(404, resource="foreign", body=told)
    assert opinions(scope.other_projects, PROJECT, foreign) == "failed"


def write(status: int, resource: str, defect: str | None = None) -> Exchange:
    return exchange(status, operation="createExecution", resource=resource, defect=defect)


def test_validation_before_scope_is_another_requirement() -> None:
    asked = [CREATED, write(404, "foreign"), write(400, "foreign", "body.array")]
    assert opinions(scope.other_projects, *asked) == "passed"


def test_validation_alone_leaves_a_doubt() -> None:
    asked = [CREATED, write(400, "foreign", "body.array"), write(400, "absent", "body.array")]
    assert opinions(scope.other_projects, *asked) == "doubtful"


def test_validation_only_of_what_exists_is_reach() -> None:
    asked = [CREATED, write(400, "foreign", "body.array"), write(404, "absent", "body.array")]
    assert opinions(scope.other_projects, *asked) == "failed"


def test_an_invalid_write_elsewhere_must_not_succeed() -> None:
    assert opinions(scope.other_projects, CREATED, write(202, "foreign", "body.array")) == "failed"


def test_one_finding_an_operation_begins_with_the_control() -> None:
    foreign = exchange(200, resource="foreign")
    (found,) = findings(scope.other_projects, PROJECT, foreign, foreign)
    assert [one.number for one in found.exchanges] == [1, 2, 3]


# nested


def nested(status: int, resource: str, below: str) -> Exchange:
    return exchange(status, operation="getExecution", resource=resource, nested=below)


@pytest.mark.parametrize(
    ("resource", "below"),
    [("own", "foreign"), ("foreign", "own"), ("absent", "own")],
)
def test_a_resource_is_reached_under_its_owner_only(resource: str, below: str) -> None:
    own = nested(200, "own", "own")
    assert opinions(scope.nested, own, nested(200, resource, below)) == "failed"
    assert opinions(scope.nested, own, nested(403, resource, below)) == "failed"


@pytest.mark.parametrize(("resource", "below"), [("own", "foreign"), ("foreign", "own")])
def test_a_resource_is_refused_elsewhere(resource: str, below: str) -> None:
    own = nested(200, "own", "own")
    assert opinions(scope.nested, own, nested(404, resource, below)) == "passed"
    assert opinions(scope.nested, nested(404, resource, below)) == "doubtful"


def test_what_never_was_proves_nothing_when_it_is_refused() -> None:
    asked = [nested(404, "own", "absent"), nested(404, "absent", "own")]
    assert opinions(scope.nested, nested(200, "own", "own"), *asked) == "nothing"


def test_an_invalid_write_that_gets_through_is_reach() -> None:
    def put(status: int, below: str, resource: str = "own") -> Exchange:
        tags: dict[str, Any] = {"operation": "putVariables", "credential": "team", "nested": below}
        return exchange(status, **tags, resource=resource, defect="body.missing:variables")

    own = put(400, "own")
    assert opinions(scope.nested, own, put(404, "absent"), put(400, "foreign")) == "failed"
    assert opinions(scope.nested, own, put(404, "absent"), put(404, "foreign")) == "passed"
    validated = [put(400, "absent"), put(400, "foreign"), put(404, "own", "absent")]
    assert opinions(scope.nested, own, *validated) == "doubtful"


def test_whose_a_resource_is_that_two_lists_show_is_not_known() -> None:
    asked = nested(200, "own", "foreign")
    id = asked.request.target.rpartition("/")[2]
    listed = exchange(200, body={"data": [{"executionId": id}]}, operation="listExecutions")
    assert opinions(scope.nested, nested(200, "own", "own"), listed, asked) == "nothing"


def test_nothing_nested_was_asked_for() -> None:
    own = nested(200, "own", "own")
    assert opinions(scope.nested, own, nested(404, "foreign", "foreign"), PROJECT) == "nothing"


def test_another_owners_own_is_isolation() -> None:
    own = nested(200, "own", "own")
    assert opinions(scope.other_projects, own, nested(404, "foreign", "foreign")) == "passed"
    assert opinions(scope.other_projects, own, nested(404, "foreign", "own")) == "passed"
    assert opinions(scope.other_projects, own, nested(200, "foreign", "own")) == "failed"


# only what belongs


def test_lists_hold_their_own() -> None:
    assert opinions(scope.own_only, PROJECT, exchange(200, credential="other_project")) == "passed"


def test_lists_share_an_item() -> None:
    shared = {"data": success("listExecutions", "project")}
    other = exchange(200, credential="other_project", body=shared)
    assert opinions(scope.own_only, PROJECT, other) == "failed"


def test_one_list_alone_says_nothing() -> None:
    other = exchange(200, credential="other_project", body={"data": []})
    assert opinions(scope.own_only, PROJECT, other) == "nothing"
    assert opinions(scope.own_only, PROJECT, PROJECT) == "nothing"


@pytest.mark.parametrize("member", ["projectId", "project_id"])
def test_an_item_names_its_owner(member: str) -> None:
    def owned(party: str) -> Exchange:
        item = success("createExecution", "project") | {member: identifier(party)}
        return exchange(200, body={"data": [item]})

    assert opinions(scope.own_only, owned("project")) == "passed"
    assert opinions(scope.own_only, owned("other_project")) == "failed"


def test_members_beyond_the_schema_may_be_shared() -> None:
    def used(party: str) -> Exchange:
        item = success("createExecution", party) | {"createdById": identifier("a person")}
        return exchange(200, credential=party, body={"data": [item]})

    assert opinions(scope.own_only, used("project"), used("other_project")) == "passed"


def test_what_a_list_holds_is_there() -> None:
    item = success("createExecution", "project")
    listing = exchange(200, body={"data": [item]})
    place = f"{listing.request.target}/{item['executionId']}"

    def read(status: int, **how: Any) -> Exchange:
        return exchange(status, operation="getExecution", target=place, group="listed", **how)

    assert opinions(scope.own_only, listing, read(200), listing) == "passed"
    assert opinions(scope.own_only, listing, read(404), listing) == "failed"
    assert opinions(scope.own_only, listing, read(404), exchange(200)) == "nothing"
    assert opinions(scope.own_only, listing, read(404, resource="foreign"), listing) == "nothing"


def test_bodies_that_are_no_lists_say_nothing() -> None:
    assert opinions(scope.own_only, exchange(200, body={"data": 7}), anonymous(401)) == "nothing"


def test_an_owner_may_have_another_name() -> None:
    item = success("createExecution", "project") | {"projectId": "prj_81"}
    assert opinions(scope.own_only, exchange(200, body={"data": [item]})) == "nothing"
