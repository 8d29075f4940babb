"""scope: what changes whenever writes are refused, and never in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from conformance.contract import Contract
from conformance.created import created
from conformance.exchange import Exchange
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.listing import identifiers, items, path

LEAST = 3  # bursts of refused writes; what follows each of them is no chance
LOOK, BURST = "look", "burst"  # groups: what is read, and refused writes between some of it
ORDERED = 4  # items: fewer may be in the same order, and in another one, by chance
PASSING = "status"  # the member that changes by itself

Items = Mapping[str, Mapping[str, Any]]


@judges("scope.no-side-effect")
def changes_with_refusals(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield what changes with each burst of refused writes, and with nothing else.

    What a refused write makes need not hold what it was sent with.
    """
    asked = [one for one in history.judged if one.tags.group in (LOOK, BURST)]
    looks = [one for one in asked if one.tags.group == LOOK and one.succeeded and select.own(one)]
    made = {one.id for one in created(contract, history)}
    for seen in select.grouped(looks, path).values():
        kind = contract.by_id[select.place(seen[0])].kind
        bursts = [
            one for one in asked if one.tags.group == BURST and _concerns(contract, one, kind)
        ]
        if any(one.succeeded for one in bursts):
            continue  # an accepted write may change what it likes
        gaps = [(*both, _between(bursts, *both)) for both in pairwise(seen)]
        after = [gap for gap in gaps if gap[2]]
        changed = [_change(contract, made, one, other) for one, other, _ in after]
        idle = [_change(contract, made, one, other) for one, other, burst in gaps if not burst]
        if len(after) < LEAST or any(idle):
            continue
        if all(changed):
            before, later, burst = after[0]
            yield Finding(
                expected=f"refused writes leave {select.place(before)} as it was",
                observed=f"{changed[0]} after each of {len(after)} bursts, never in between",
                exchanges=(before, burst[0], later),
            )
        elif not any(changed):
            yield Evidence((*seen, *bursts))


def _concerns(contract: Contract, one: Exchange, kind: str) -> bool:
    operation = select.operation_of(contract, one)
    return operation is not None and operation.kind == kind


def _between(bursts: list[Exchange], one: Exchange, other: Exchange) -> list[Exchange]:
    return [burst for burst in bursts if one.precedes(burst) and burst.precedes(other)]


def _change(contract: Contract, made: set[str], one: Exchange, other: Exchange) -> str:
    """What is new in the second look, or altered, or in another place; else nothing."""
    before, after = _items(contract, one), _items(contract, other)
    if new := [id for id in after if id not in before and id not in made]:
        return f"{len(new)} more than before"
    altered = [id for id in after if id in before and _lasting(after[id]) != _lasting(before[id])]
    if altered:
        return f"{len(altered)} altered"
    kept, there = [id for id in before if id in after], [id for id in after if id in before]
    return "another order" if len(kept) >= ORDERED and kept != there else ""


def _items(contract: Contract, listed: Exchange) -> Items:
    """What a list holds, by id; what is no list, as the one thing that it is."""
    if not contract.by_id[select.place(listed)].lists:
        return {"": data} if isinstance(data := _data(listed), dict) else {}
    names = identifiers(contract.by_id[select.place(listed)])
    return {str(item[name]): item for item in items(listed) for name in names if name in item}


def _data(one: Exchange) -> Any:
    document = one.response.json if one.response else None
    return document.get("data") if isinstance(document, dict) else None


def _lasting(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != PASSING}
