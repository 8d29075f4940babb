"""Other ways of counting break their own requirement, and no other."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import counting, remaining

from .builder import CONTRACT, exchange, findings, history, opinions
from .test_counting import INVALID, LEFT, accused, left


def counted(*counter: Callable[[Exchange], Hashable | None]) -> list[Exchange]:
    """What a limiter with other counters answers to a varied row of requests."""
    used: dict[Hashable, int] = {}
    answers = []
    for one in VARIED:
        place = counter[0](one)
        if place is not None:
            used[place] = used.get(place, 0) + 1
        said = 60 - used.get("key" if place is None else place, 0)
        assert one.response is not None
        how = {
            name: getattr(one.tags, name) for name in ("key", "resource", "defect", "credential")
        }
        made = left(said, one.response.status, operation=one.tags.operation, **how)
        answers.append(made if one.connection == "127.0.0.1:5000" else connected(made))
    return answers


def connected(one: Exchange) -> Exchange:
    """The same over another connection."""
    return replace(one, connection="127.0.0.1:5001")


VARIED = [
    exchange(200),
    exchange(202, operation="createExecution"),
    exchange(200, operation="listTestRuns"),
    connected(exchange(200)),
    exchange(404, resource="absent"),
    exchange(200, credential="other_project"),
    exchange(400, operation="createExecution", defect=INVALID),
    exchange(404, resource="foreign"),
    exchange(200),
    connected(exchange(200)),
    exchange(202, operation="createExecution"),
    exchange(200, credential="other_project"),
    exchange(200),
]
WAYS: dict[str, tuple[str, Callable[[Exchange], Hashable | None]]] = {
    "per method": ("rate.all-endpoints", lambda one: (one.tags.key, one.request.method)),
    "per path": ("rate.all-endpoints", lambda one: (one.tags.key, one.tags.route)),
    "per operation": ("rate.all-endpoints", lambda one: (one.tags.key, one.tags.operation)),
    "per connection": ("rate.no-bypass", lambda one: (one.tags.key, one.connection)),
    "of all keys": ("rate.per-key", lambda one: "all"),
}


@pytest.mark.parametrize("way", WAYS)
def test_another_way_of_counting(way: str) -> None:
    id, counter = WAYS[way]
    assert accused(*counted(counter)) == {id}


@pytest.mark.parametrize("status", [400, 404])
def test_an_outcome_is_free(status: int) -> None:
    how = {"operation": "createExecution", "defect": INVALID} if status == 400 else {}
    free = left(58, status, resource="own" if status == 400 else "absent", **how)
    asked = [left(59), left(58), free, left(57), free_again(free, 57), left(56)]
    assert accused(*asked) == {"rate.all-outcomes"}


@pytest.mark.parametrize(
    ("free", "id"),
    [
        ({"twist": "slash"}, "rate.no-bypass"),
        ({"operation": "putVariables", "credential": "team"}, "rate.all-endpoints"),
    ],
)
def test_a_way_to_ask_is_free(free: dict[str, Any], id: str) -> None:
    who = {"credential": free.get("credential", "project")}
    list_ = {"operation": "listEnvironments" if "operation" in free else "listExecutions", **who}
    asked = [left(59, **list_), left(58, **list_), left(58, **free), left(57, **list_)]
    assert accused(*asked, left(57, **free), left(57, **free), left(56, **list_)) == {id}


def test_some_of_an_outcome_is_free() -> None:
    """What a parser refuses is free; what a schema does is not, nor is all that was drawn."""

    def refused(remaining: int, defect: str) -> Exchange:
        return left(remaining, 400, operation="createExecution", defect=defect)

    asked = [
        left(59),
        refused(59, "json.cut"),
        refused(58, INVALID),
        refused(57, "body.drawn"),
        refused(57, "body.drawn"),
        left(56),
        refused(56, "json.word"),
    ]
    assert accused(*asked) == {"rate.all-outcomes"}


def test_an_outcome_is_free_and_says_nothing() -> None:
    lost: dict[str, Any] = {"operation": None, "route": None, "resource": "none"}
    untold = exchange(404, fields={LEFT: None}, **lost)
    asked = [left(59), untold, left(58), untold, left(57)]
    assert opinions(remaining.untold_and_free, *asked) == "failed"
    assert opinions(remaining.untold_and_free, *asked[:3]) == "nothing"
    paid = [left(59), untold, left(57), untold, left(55)]
    assert opinions(remaining.untold_and_free, *paid) == "nothing"


def free_again(one: Exchange, remaining: int) -> Exchange:
    """The same, later."""
    assert one.status is not None
    tags = one.tags
    return left(
        remaining, one.status, operation=tags.operation, resource=tags.resource, defect=tags.defect
    )


def test_the_explanation_is_put_into_words() -> None:
    found = counting.explain(CONTRACT, history(*counted(WAYS["per method"][1])))
    assert found.text == "each method has a counter"
    (first, *_) = findings(remaining.endpoints_apart, *counted(WAYS["per method"][1]))
    assert "each method has a counter" in first.message
