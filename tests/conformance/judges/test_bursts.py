"""What changes whenever writes are refused."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import bursts

from .builder import exchange, opinions, success

ITEM = success("createExecution", "project")


def look(*ids: str, **members: Any) -> Exchange:
    items = [{**ITEM, "executionId": id, **members} for id in ids]
    return exchange(200, body={"data": items}, group="look")


def refused(status: int = 404) -> Exchange:
    return exchange(status, operation="createExecution", resource="foreign", group="burst")


def judged(*looks: Exchange, burst: Exchange | None = None) -> str:
    """What is said of looks of which each second one is after a burst."""
    asked = list(looks)
    for place in (6, 4, 2):
        asked.insert(place - 1, burst or refused())
    return opinions(bursts.changes_with_refusals, *asked)


def grown(*counts: int) -> list[Exchange]:
    return [look(*map(str, range(count))) for count in counts]


def test_refused_writes_leave_a_list_as_it_was() -> None:
    assert judged(*grown(1, 1, 1, 1, 1, 1)) == "passed"


def test_each_burst_makes_something() -> None:
    assert judged(*grown(1, 2, 2, 3, 3, 5)) == "failed"


def test_each_burst_alters_something() -> None:
    names = ["a", "b", "b", "c", "c", "d"]
    assert judged(*(look("1", taskSlug=name) for name in names)) == "failed"
    assert judged(*(look("1", status=name) for name in names)) == "passed"


def test_each_burst_moves_something() -> None:
    assert (
        judged(*(look(*ids) for ids in ("1234", "2134", "2134", "2341", "2341", "1234")))
        == "failed"
    )
    assert judged(*(look(*ids) for ids in ("12", "21", "21", "12", "12", "21"))) == "passed"


def test_each_burst_alters_what_is_there_once() -> None:
    def steps(count: int) -> Exchange:
        content = {"status": "in_progress", "completedSteps": ["x"] * count}
        return exchange(200, operation="getOnboarding", body={"data": content}, group="look")

    assert judged(*(steps(count) for count in (1, 2, 2, 3, 3, 4))) == "failed"
    assert judged(*(steps(count) for count in (1, 1, 1, 1, 1, 1))) == "passed"


@pytest.mark.parametrize("counts", [(1, 2, 3, 4, 5, 6), (1, 2, 2, 2, 2, 3)], ids=str)
def test_others_may_be_at_work(counts: tuple[int, ...]) -> None:
    assert judged(*grown(*counts)) == "nothing"


def test_what_was_accepted_may_change_it() -> None:
    assert judged(*grown(1, 2, 2, 3, 3, 4), burst=refused(202)) == "nothing"


def test_a_burst_or_two_prove_nothing() -> None:
    one, other = grown(1, 2)
    assert opinions(bursts.changes_with_refusals, one, refused(), other) == "nothing"
