"""How often what cost more than one is asked, by what is left of its window."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from conformance.budget import Budget, ServerClock
from conformance.client import Call
from conformance.credential import Credential
from conformance.exchange import Exchange
from conformance.prices import AGAIN, DOUBTS, ROOM, Prices

from .judges.builder import CONTRACT, exchange
from .judges.drained import LEFT

CALL = Call(method="GET", path="/", credential=Credential(key="project#1"))


def sent(remaining: Iterable[int], calls: int) -> list[int]:
    """How many requests each of so many calls takes, where answers say that so many are left."""
    budget, answers, asked = Budget(CONTRACT.rate_limit, ServerClock(0)), iter(remaining), []

    def send(call: Call) -> Exchange:
        answer = exchange(200, fields={LEFT: str(next(answers))}, key="project#1")
        budget.see(answer)
        asked.append(answer)
        return answer

    prices, counts = Prices(send, budget), []
    for _ in range(calls):
        before = len(asked)
        prices.send(CALL)
        counts.append(len(asked) - before)
    return counts


def test_what_cost_one_is_asked_once() -> None:
    assert sent(range(59, 0, -1), 4) == [1, 1, 1, 1]


def test_what_cost_more_is_asked_again() -> None:
    assert sent([59, 57, 56, 55, 54], 3) == [1, 1 + AGAIN, 1]


def test_what_is_dear_again_and_again_is_doubted_no_longer() -> None:
    assert sent(range(59, 0, -2), DOUBTS + 3) == [1, *[1 + AGAIN] * DOUBTS, 1, 1]


@pytest.mark.parametrize(("left", "times"), [(ROOM, 1 + AGAIN), (ROOM - 1, 1)])
def test_a_window_that_is_nearly_used_up_is_left_alone(left: int, times: int) -> None:
    assert sent([left + 2, left, left - 1, left - 2], 2) == [1, times]
