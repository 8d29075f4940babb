from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import JUDGES
from conformance.judges import counting, leak, load, remaining

from .builder import (
    CONTRACT,
    anonymous,
    exchange,
    findings,
    history,
    identifier,
    issued,
    opinions,
)

load()
LEFT = CONTRACT.rate_limit.remaining_field
RATE = sorted(id for id in JUDGES if id.startswith("rate."))
INVALID = "body.missing:taskSlug"


def left(remaining: int, status: int = 200, **how: Any) -> Exchange:
    """An answer that says so much is left."""
    return exchange(status, fields={LEFT: str(remaining)}, **how)


def accused(*asked: Exchange) -> set[str]:
    """The requirements of area rate, and leak.same-cost, that some judge finds broken."""
    ids = [*RATE, "leak.same-cost"]
    return {id for id in ids for judge in JUDGES[id] if findings(judge, *asked)}


def test_one_counter_falls_by_one() -> None:
    asked = [
        exchange(200),
        exchange(404, resource="absent"),
        exchange(200, operation="listTestRuns"),
    ]
    assert opinions(remaining.remaining_miscounts, *asked) == "passed"
    assert opinions(remaining.endpoints_apart, *asked) == "passed"
    assert opinions(remaining.outcomes_free, *asked) == "passed"


def test_one_request_shows_no_counting() -> None:
    for judge in (
        remaining.remaining_miscounts,
        remaining.endpoints_apart,
        remaining.outcomes_free,
    ):
        assert opinions(judge, exchange(200), exchange(200, credential="team")) == "nothing"


@pytest.mark.parametrize("wrong", [[59, 59, 58], [59, 58, 59], [59, 57, 56, 56], [59, 57, 55, 53]])
def test_a_counter_miscounts(wrong: list[int]) -> None:
    assert accused(*map(left, wrong)) == {"rate.remaining-counts"}


def test_a_counter_begins_one_off() -> None:
    assert accused(left(60), left(59), left(58)) == {"rate.remaining-counts"}


def test_somebody_else_uses_the_key() -> None:
    asked = [left(number) for number in (59, 58, 55, 54, 53, 51, 50)]
    assert opinions(remaining.remaining_miscounts, *asked) == "doubtful"
    assert accused(*asked) == set()


def test_nobody_else_has_a_key_that_was_just_generated() -> None:
    """That its 30th request costs two, on each key, is the server's doing."""

    def new(remaining: int, key: str) -> Exchange:
        return left(remaining, key=key)

    keys = ("project#2", "project#3")
    asked = [
        one for key in keys for one in (new(31, key), new(30, key), new(28, key), new(27, key))
    ]
    made = history(left(59), issued(keys[0], "project#1"), *asked[:4], issued(keys[1], keys[0]))
    found = counting.explain(CONTRACT, history(*made.exchanges, *made.events, *asked[4:]))
    assert (found.requirement, found.others) == ("rate.remaining-counts", False)


def test_somebody_else_uses_the_key_most_of_the_time() -> None:
    asked = [left(number) for number in (59, 55, 53, 52, 48, 45, 43)]
    assert opinions(remaining.remaining_miscounts, *asked) == "doubtful"


def test_a_write_that_counts_twice_is_no_somebody_else() -> None:
    write = {"operation": "createExecution"}
    asked = [
        left(59),
        left(57, 202, **write),
        left(56),
        left(54, 202, **write),
        left(52, 202, **write),
    ]
    assert accused(*asked) == {"rate.remaining-counts"}


@pytest.mark.parametrize("stray", [exchange(None), exchange(503), exchange(401, resource="cross")])
def test_what_may_have_been_counted_says_nothing(stray: Exchange) -> None:
    assert accused(left(59), stray, left(57)) == set()
    assert accused(left(59), stray, left(58)) == set()


def test_a_lost_request_may_be_served_later() -> None:
    lost = exchange(None, started=0.2, ended=1)
    assert accused(left(59), lost, left(58, started=2), left(56), left(55)) == set()


def test_requests_at_once_are_in_no_order() -> None:
    one, other = left(57, started=1, ended=2), left(58, started=1.1, ended=1.5)
    assert accused(left(59), one, other, left(56, started=3)) == set()


def test_refused_requests_and_altered_keys_are_not_counted() -> None:
    altered = exchange(401, form="altered:last-cut")
    assert accused(left(59), altered, left(58)) == set()


def test_a_window_that_rolls_over_begins_anew() -> None:
    assert accused(left(59), left(58), left(59, started=61), left(58)) == set()


def test_the_last_one_promises_another() -> None:
    invalid = {"status": 400, "defect": INVALID}
    asked = [left(3), left(2, **invalid), left(1), left(1, **invalid), left(0, 429)]
    last = [left(2, key="team#1"), left(1, key="team#1"), left(1, key="team#1", **invalid)]
    assert accused(*asked, *last) == {"rate.remaining-honest", "rate.remaining-counts"}


# other ways of counting break their own requirement, and no other


def test_absent_resources_cost_less_than_others() -> None:
    def missing(remaining: int, resource: str) -> Exchange:
        return left(remaining, 404, resource=resource, group="pair:1")

    asked = [
        left(59),
        missing(58, "foreign"),
        missing(58, "absent"),
        left(57),
        missing(57, "absent"),
    ]
    assert accused(*asked) == {"leak.same-cost"}
    even = [left(59), missing(58, "foreign"), missing(57, "absent")]
    assert opinions(leak.costs_differ, *even) == "passed"
    assert opinions(leak.costs_differ, left(59), left(58)) == "nothing"


def test_requests_without_a_key_count_for_one() -> None:
    asked = [left(59), anonymous(401), left(57), anonymous(401), anonymous(401), left(54), left(53)]
    assert accused(*asked) == {"rate.per-key"}


def test_a_key_pays_for_the_one_that_it_replaced() -> None:
    def new(remaining: int) -> Exchange:
        return left(remaining, key="project#2")

    old, other = exchange(401), left(59, credential="other_project")
    replaced = issued("project#2", "project#1")
    asked = [left(59), replaced, new(59), old, new(57), other, old, old, new(54), new(53)]
    found = counting.explain(CONTRACT, history(*asked))
    assert (found.requirement, found.text) == ("rate.per-key", "project pays for replaced keys")


def test_a_key_pays_for_strangers_that_name_its_project() -> None:
    place = exchange(200).request.target

    def stranger(target: str) -> Exchange:
        return exchange(401, credential="forged", form="forged:project", target=target)

    asked = [left(59), stranger(place), left(57), stranger("/api/v1/teams/7"), left(56)]
    made = history(*asked, stranger(place), stranger(place), left(53), left(52))
    parties = {"project": identifier("project")}
    found = counting.explain(CONTRACT, replace(made, header={**made.header, "parties": parties}))
    assert found.text == "project pays for unknown keys to it"


def test_a_key_pays_for_what_another_does() -> None:
    """A team's key is charged for its project's requests, and not the other way round."""

    def team(remaining: int) -> Exchange:
        return left(remaining, operation="listEnvironments", credential="team")

    asked = [left(59), team(59), left(58), team(57), left(57), left(56), team(54), left(55)]
    found = counting.explain(CONTRACT, history(*asked))
    assert (found.requirement, found.text) == ("rate.per-key", "team pays for project")


def test_a_key_pays_for_some_of_what_another_does() -> None:
    def team(remaining: int) -> Exchange:
        return left(remaining, operation="listEnvironments", credential="team")

    def write(remaining: int) -> Exchange:
        return left(remaining, operation="createExecution", status=202)

    asked = [team(59), left(59), team(58), write(58), team(56), write(57), write(56), team(53)]
    found = counting.explain(CONTRACT, history(*asked))
    assert found.text == "team pays for project's POST requests"
    refused = exchange(429, operation="createExecution")
    found = counting.explain(CONTRACT, history(*asked, refused, team(51)))
    assert found.text == "team pays for project's POST requests, also refused"


def test_a_key_pays_for_what_another_is_refused() -> None:
    def team(remaining: int) -> Exchange:
        return left(remaining, operation="listEnvironments", credential="team")

    over = left(0, status=429)
    asked = [left(1), team(59), left(0), team(58), over, over, team(55), over, team(53)]
    found = counting.explain(CONTRACT, history(*asked))
    assert found.text == "team pays for project's refusals"


def test_a_key_pays_for_what_another_sends_about_its_project() -> None:
    def event(remaining: int, **named: Any) -> Exchange:
        sent = {"event_type": "x", **named}
        return left(remaining, operation="sendTeamEvent", credential="team", sent=sent)

    project = {"project_id": identifier("project")}
    asked = [left(59), event(59, **project), left(57), event(58), left(56)]
    made = history(*asked, event(57, **project), event(56, **project), left(53), left(52))
    parties = {"project": identifier("project")}
    found = counting.explain(CONTRACT, replace(made, header={**made.header, "parties": parties}))
    assert found.text == "project pays for team's writes that name it"


def test_somebody_else_explains_what_nobody_here_did() -> None:
    other: dict[str, Any] = {"credential": "other_project"}
    asked = [left(59), left(59, **other), left(57), left(58, **other), left(52), left(57, **other)]
    found = counting.explain(CONTRACT, history(*asked))
    assert (found.requirement, found.others) == (None, True)


def test_keys_of_a_kind_share_a_counter() -> None:
    def team(remaining: int) -> Exchange:
        return left(remaining, operation="listEnvironments", credential="team")

    other: dict[str, Any] = {"credential": "other_project"}
    asked = [left(59), left(58, **other), team(59), left(57), left(56, **other), team(58), left(55)]
    assert accused(*asked) == {"rate.per-key"}


def test_the_project_in_the_path_has_a_counter() -> None:
    one, other = exchange(200), exchange(200, credential="other_project")
    path = other.request.target

    def foreign(remaining: int) -> Exchange:
        asked = left(remaining, 404, resource="foreign")
        return replace(asked, request=replace(asked.request, target=path))

    def theirs(remaining: int) -> Exchange:
        return left(remaining, credential="other_project")

    asked = [left(59), foreign(59), theirs(58), left(58), theirs(57), foreign(56), left(57)]
    assert one.request.target != path
    found = counting.explain(CONTRACT, history(*asked))
    assert found.text == "the path's project or team has a counter"


def test_keys_share_a_counter_also_while_one_is_replaced() -> None:
    def second(remaining: int, **how: Any) -> Exchange:
        return left(remaining, key="project#2", **how)

    other: dict[str, Any] = {"credential": "other_project"}
    replaced = issued("project#2", "project#1", started=0.45, ended=0.6)
    asked = [left(59), left(58, **other), left(57), left(56, **other)]
    in_flight = left(55, started=0.5, ended=0.59)
    after = [second(54, started=0.7), left(53, **other), second(52), left(51, **other)]
    steps = history(*asked, in_flight, replaced, *after)
    assert counting.explain(CONTRACT, steps).text == "keys share a counter"


@pytest.mark.parametrize("charged", ["before", "after"])
def test_what_costs_more_may_be_charged_with_the_next_request(charged: str) -> None:
    absent: dict[str, Any] = {"status": 404, "resource": "absent"}
    asked, remaining, owed = [], 60, 0
    for kind in [{}, absent, {}, absent, absent, {}, {}]:
        dear = 1 if kind else 0
        remaining -= 1 + (dear if charged == "before" else owed)
        owed = dear
        asked.append(left(remaining, **kind))
    assert accused(*asked) == {"rate.remaining-counts"}


@pytest.mark.parametrize(
    ("odd", "requirement"),
    [
        ({"status": 404, "resource": "cross", "operation": "listEnvironments"}, "all-outcomes"),
        ({"status": 200, "operation": "listTestRuns"}, "all-endpoints"),
        ({"status": 400, "query": "limit=0"}, "all-outcomes"),
        ({"status": 404, "defect": "method:PATCH", "method": "PATCH"}, "all-outcomes"),
    ],
)
def test_what_is_free_is_named(odd: dict[str, Any], requirement: str) -> None:
    asked = [left(59), left(58)]
    for count in (57, 56, 55, 54):
        asked += [left(count), left(count, **odd)]
    others = [
        {"operation": "createExecution", "status": 202},
        {"status": 404, "resource": "absent"},
    ]
    asked += [left(53 - place, **one) for place, one in enumerate(others)]
    assert f"rate.{requirement}" == counting.explain(CONTRACT, history(*asked)).requirement


def test_what_costs_more_may_be_a_method_on_anothers() -> None:
    def write(remaining: int, resource: str) -> Exchange:
        return left(remaining, 404, operation="createExecution", resource=resource)

    def read(remaining: int, resource: str) -> Exchange:
        return left(remaining, 404, resource=resource)

    asked = [read(59, "foreign"), read(58, "absent"), write(56, "foreign"), write(55, "absent")]
    asked += [write(53, "foreign"), write(51, "foreign"), read(50, "foreign")]
    assert counting.explain(CONTRACT, history(*asked)).requirement == "leak.same-cost"


@pytest.mark.parametrize(
    ("resource", "requirement"), [("foreign", "leak.same-cost"), ("own", "rate.remaining-counts")]
)
def test_what_costs_more_may_be_one_request(resource: str, requirement: str) -> None:
    """Nothing else of its kind does, and it did each time that it was asked."""

    def asked(*costs: int) -> list[Exchange]:
        others = [left(59), left(58, 404, resource=resource), left(57, 404, resource="absent")]
        about = replace(exchange(404, resource=resource).request, body=b"{}")
        left_after = [57 - sum(costs[: n + 1]) for n in range(len(costs))]
        dear = [left(count, 404, resource=resource) for count in left_after]
        return others + [replace(one, request=about) for one in dear]

    assert counting.explain(CONTRACT, history(*asked(2, 2, 2))).requirement == requirement
    chance = counting.explain(CONTRACT, history(*asked(2, 1, 1)))
    assert (chance.requirement, chance.others) == (None, True)


def test_keys_in_turn_have_their_own_counters() -> None:
    turns = [exchange(200, group="turns"), exchange(200, group="turns", credential="team")] * 2
    assert opinions(remaining.keys_share, *turns) == "passed"
    assert opinions(remaining.keys_share, exchange(200)) == "nothing"
