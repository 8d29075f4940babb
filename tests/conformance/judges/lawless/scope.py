"""What a key reaches."""

from __future__ import annotations

import json
from random import Random

from conformance.exchange import Exchange
from conformance.history import History
from tests.conformance.judges import asking, phases
from tests.conformance.judges.builder import MARKER, success
from tests.conformance.judges.changes import answered, chosen, each, in_a_pair, some, with_changed
from tests.conformance.judges.lawless.edit import breaks


@breaks("scope.project-isolation", phases.plain_pairs)
def anothers_is_served(history: History, chance: Random) -> History | None:
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: answered(one, 200))


@breaks("scope.own-only", phases.mixed)
def anothers_item_is_listed(history: History, chance: Random) -> History | None:
    def lists(one: Exchange, party: str) -> bool:
        return (
            one.succeeded
            and one.tags.operation == "listExecutions"
            and one.tags.credential == party
        )

    one = chosen(history, chance, lambda one: lists(one, "other_project"))
    if not any(lists(other, "project") for other in history.answered):
        return None
    shared = {"data": success("listExecutions", "project")}
    return with_changed(history, answered(one, 200, shared)) if one else None


@breaks("scope.team-isolation", asking.crossing)
def another_team_is_served(history: History, chance: Random) -> History | None:
    return reached(history, chance, "team", "foreign")


@breaks("scope.project-key-on-team", asking.crossing)
def a_team_serves_a_project_key(history: History, chance: Random) -> History | None:
    return reached(history, chance, "project", "cross")


@breaks("scope.team-key-on-project", asking.crossing)
def a_project_serves_a_team_key(history: History, chance: Random) -> History | None:
    return reached(history, chance, "team", "cross")


def reached(history: History, chance: Random, party: str, resource: str) -> History | None:
    """A key gets what is beyond its own."""

    def beyond(one: Exchange) -> bool:
        sound = one.status == 404 and one.tags.defect is None and one.tags.operation is not None
        return sound and one.tags.credential == party and one.tags.resource == resource

    return some(history, chance, beyond, lambda one: answered(one, 200))


@breaks("scope.nested", asking.deeper)
def anothers_is_served_under_ones_own(history: History, chance: Random) -> History | None:
    below = [one for one in history.answered if in_a_pair(one, "own")]
    foreign = [one for one in below if one.tags.nested == "foreign"]
    return each(history, foreign[:1], lambda one: answered(one, 200))


@breaks("scope.no-side-effect", asking.refused_writes)
def a_refused_write_shows(history: History, chance: Random) -> History | None:
    refused = chosen(history, chance, lambda one: MARKER.encode() in one.request.body and no(one))
    listed = [one for one in history.answered if refused and refused.precedes(one) and lists(one)]
    if refused is None or not listed:
        return None
    written = json.loads(refused.request.body)
    item = success("createExecution", "project") | written
    return with_changed(history, answered(chance.choice(listed), 200, {"data": [item]}))


def no(one: Exchange) -> bool:
    """Whether a write was refused for who sent it, or where to."""
    return one.status in (401, 404) and one.tags.operation == "createExecution"


def lists(one: Exchange) -> bool:
    """Whether it shows a list of executions."""
    return one.succeeded and one.tags.operation == "listExecutions"
