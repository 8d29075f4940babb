"""How often a pair is sent, by what its answers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from conformance.client import Call
from conformance.exchange import Exchange, Tags
from conformance.pairs import Pairs

from .judges.builder import CONTRACT, exchange

Answer = Callable[[Call], Exchange]
ONCE, AGAIN = 2, 7  # requests of a pair that is not repeated, and of one that is


def call(resource: str) -> Call:
    return Call(method="GET", path=f"/{resource}", tags=Tags(resource=resource))


def sent(answer: Answer, pairs: int) -> Iterator[int]:
    """How many requests each of so many pairs takes."""
    asked: list[Call] = []

    def deliver(one: Call) -> Exchange:
        asked.append(one)
        return answer(one)

    made = Pairs(deliver, CONTRACT.rate_limit)
    for _ in range(pairs):
        before = len(asked)
        made.send(call("foreign"), call("absent"))
        yield len(asked) - before


def told(message: str) -> Exchange:
    return exchange(404, body={"error": {"code": "NOT_FOUND", "message": message}})


def test_what_is_alike_is_sent_once() -> None:
    assert list(sent(lambda _: told("no"), 2)) == [ONCE, ONCE]


def test_what_is_told_apart_is_repeated_until_that_is_certain() -> None:
    assert list(sent(lambda one: told(one.path), 4)) == [AGAIN, AGAIN, ONCE, ONCE]


def test_a_connection_that_ends_is_looked_at_again() -> None:
    answers = [{"Connection": "close"}, *({} for _ in range(AGAIN + ONCE))]
    found = sent(lambda _: exchange(404, fields=answers.pop(0)), 2)
    assert list(found) == [AGAIN, ONCE]


def test_each_comes_first_in_turn() -> None:
    asked: list[str] = []

    def deliver(one: Call) -> Exchange:
        asked.append(one.path)
        return told("no")

    made = Pairs(deliver, CONTRACT.rate_limit)
    made.send(call("foreign"), call("absent"))
    made.send(call("foreign"), call("absent"))
    assert asked == ["/foreign", "/absent", "/absent", "/foreign"]


def test_each_way_to_tell_is_made_certain() -> None:
    turn = count()

    def answer(one: Call) -> Exchange:
        early = next(turn) < 2 * AGAIN
        return told(one.path) if early or one.path == "/absent" else exchange(400)

    assert list(sent(answer, 4)) == [AGAIN, AGAIN, AGAIN, AGAIN]


def test_what_varies_by_itself_is_learnt_once() -> None:
    turn = count()
    assert list(sent(lambda _: told(f"request {next(turn)}"), 3)) == [3, ONCE, ONCE]


@pytest.mark.parametrize("limited", ["/foreign", "/absent"])
def test_a_limit_tells_nothing(limited: str) -> None:
    answers = {limited: exchange(429)}
    assert list(sent(lambda one: answers.get(one.path, told("no")), 2)) == [ONCE, ONCE]


def test_what_differs_by_chance_alone_makes_nothing_certain() -> None:
    turn = count()

    def answer(one: Call) -> Exchange:
        early = next(turn) % AGAIN == 0  # the first of a pair, and nothing after it
        return told("new words") if early else told("no")

    assert list(sent(answer, 4)) == [AGAIN, ONCE, ONCE, ONCE]
