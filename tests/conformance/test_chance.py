"""How often strangers' requests are asked again, by what they were answered before."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from conformance.chance import AGAIN, DOUBTS, Chance
from conformance.client import Call
from conformance.exchange import Exchange, Tags

from .judges.builder import CONTRACT, anonymous, exchange

LOOKS = 2 * AGAIN  # requests: each time the sound one is asked too


def sent(answer: Callable[[Tags], Exchange], *resources: str) -> list[int]:
    """How many more requests each of these takes."""
    asked: list[Call] = []

    def send(call: Call) -> Exchange:
        asked.append(call)
        return answer(call.tags)

    chance, counts = Chance(send, CONTRACT.rate_limit), []
    for resource in resources:
        before = len(asked)
        call = Call(method="GET", path="/", tags=Tags(resource=resource))
        chance.see(call, answer(call.tags))
        counts.append(len(asked) - before)
    return counts


def told(message: str, tags: Tags) -> Exchange:
    body = {"error": {"code": "UNAUTHORIZED", "message": message}}
    return anonymous(401, resource=tags.resource, body=body)


def test_what_is_told_as_ever_is_asked_once() -> None:
    assert sent(lambda tags: told("no", tags), "own", "absent", "foreign") == [0, 0, 0]


def test_a_rule_is_looked_at_a_few_times() -> None:
    absent = ["absent"] * (DOUBTS + 1)
    assert sent(lambda tags: told(tags.resource, tags), "own", *absent) == [
        0,
        *[LOOKS] * DOUBTS,
        0,
    ]


def test_chance_is_learnt_once() -> None:
    turn = count()
    asked = sent(lambda tags: told(f"request {next(turn)}", tags), "own", "absent", "absent")
    assert asked == [0, LOOKS, 0]


def test_whoever_has_a_key_is_no_stranger() -> None:
    assert sent(lambda tags: exchange(401, resource=tags.resource), "own", "absent") == [0, 0]
