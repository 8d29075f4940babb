"""The judge of what refused writes leave behind."""

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import trail

from .builder import MARKER, exchange, identifier, opinions, success


def created(status: int | None, number: int, **arguments: Any) -> Exchange:
    sent = {"taskSlug": f"{MARKER}-{number}"}
    return exchange(status, operation="createExecution", sent=sent, **arguments)


def listed(*numbers: int, **arguments: Any) -> Exchange:
    item = success("createExecution", "project")
    items = [{**item, "taskSlug": f"{MARKER}-{number}"} for number in numbers]
    return exchange(200, body={"data": items}, **arguments)


REFUSED = created(401, 17, credential="anonymous")
OLD = [  # as many as a list may show
    {**success("createExecution", "project"), "executionId": identifier(f"old/{number}")}
    for number in range(100)
]


def test_a_refused_write_leaves_nothing() -> None:
    assert opinions(trail.side_effects, REFUSED, listed(1)) == "passed"


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_refused_write_was_carried_out(status: int) -> None:
    foreign = created(status, 17, resource="foreign")
    shown = listed(17, credential="other_project")
    assert opinions(trail.side_effects, foreign, shown) == "failed"


def test_nothing_was_listed_afterwards() -> None:
    assert opinions(trail.side_effects, REFUSED) == "nothing"
    assert opinions(trail.side_effects, listed(1), REFUSED) == "nothing"
    assert opinions(trail.side_effects, REFUSED, listed(1, credential="other_project")) == "nothing"
    assert opinions(trail.side_effects, REFUSED, exchange(404)) == "nothing"


def test_markers_are_compared_whole() -> None:
    assert opinions(trail.side_effects, created(404, 1), listed(17)) == "passed"


def test_an_accepted_write_may_be_listed() -> None:
    assert opinions(trail.side_effects, created(202, 17), listed(17)) == "nothing"


def test_an_accepted_write_may_be_listed_in_small_letters() -> None:
    loud = {"taskSlug": f"{MARKER}-17".upper()}
    written = exchange(202, operation="createExecution", sent=loud, defect="body.pattern-case")
    assert opinions(trail.side_effects, written, created(400, 17), listed(17)) == "nothing"


def test_a_write_that_may_have_been_served_may_be_listed() -> None:
    lost, again = created(None, 17), created(429, 17, repeats=1)
    assert opinions(trail.side_effects, lost, again, listed(17)) == "nothing"


def test_a_list_that_may_be_cut_off_leaves_a_doubt() -> None:
    cut = listed(1, 2, query="limit=2")
    assert opinions(trail.side_effects, REFUSED, cut) == "doubtful"
    assert opinions(trail.side_effects, REFUSED, cut, listed(1, 2, query="limit=3")) == "passed"


def test_a_list_that_is_cut_off_but_begins_with_the_newest_leaves_none() -> None:
    cut = listed(1, 2, query="limit=2")
    assert opinions(trail.side_effects, created(202, 1), REFUSED, cut) == "passed"


def test_a_list_that_is_cut_off_at_its_longest_needs_one_that_is_shorter() -> None:
    for oldest in (exchange(200, body={"data": OLD}, query=asked) for asked in ("limit=100", "")):
        assert opinions(trail.side_effects, created(202, 1), REFUSED, oldest) == "wanting"
        assert opinions(trail.side_effects, REFUSED, oldest, listed(17)) == "failed"
        page = exchange(200, body={"data": OLD[:20]})
        assert opinions(trail.side_effects, created(202, 1), REFUSED, oldest, page) == "wanting"
    half = exchange(200, body={"data": OLD[:50]}, query="limit=50")
    assert opinions(trail.side_effects, created(202, 1), REFUSED, half) == "doubtful"
    made = success("createExecution", "project")
    for new in (exchange(200, body={"data": data}) for data in ([made, *OLD[1:]], [*OLD, made])):
        assert opinions(trail.side_effects, created(202, 1), REFUSED, new) == "passed"


def test_a_list_that_shows_no_writes_leaves_a_doubt() -> None:
    assert opinions(trail.side_effects, created(202, 1), REFUSED, listed()) == "doubtful"
    assert opinions(trail.side_effects, created(202, 1), REFUSED, listed(1)) == "passed"


def test_a_list_may_be_late_to_show_what_was_accepted_since() -> None:
    assert opinions(trail.side_effects, REFUSED, created(202, 1), listed()) == "passed"
    shown = [created(202, 1), REFUSED, created(202, 2), listed(1)]
    assert opinions(trail.side_effects, *shown) == "passed"
