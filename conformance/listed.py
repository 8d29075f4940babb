"""Listed: of which project or team recorded lists and creations showed a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from conformance.contract import Contract, Operation
from conformance.exchange import Exchange

Place = tuple[str, str]  # project or team, and its id


def listed(
    contract: Contract, exchanges: Iterable[Exchange], place: Callable[[Exchange], Place]
) -> Mapping[str, frozenset[Place]]:
    """By the id of a resource, whose lists and creations it was in."""
    names = {one.nested for one in contract.operations if one.nested}
    found: dict[str, frozenset[Place]] = {}
    for one in exchanges:
        operation = contract.operation(one.tags.operation)
        if operation is not None and _shows(operation, one):
            for id in _ids(one, names):
                found[id] = found.get(id, frozenset()) | {place(one)}
    return found


def _shows(operation: Operation, one: Exchange) -> bool:
    """Whether an answer says what belongs to the owner in its path."""
    return one.succeeded and operation.nested is None


def _ids(one: Exchange, names: Iterable[str]) -> Iterator[str]:
    document: Any = one.response.json if one.response else None
    data = document.get("data") if isinstance(document, dict) else None
    for item in data if isinstance(data, list) else [data]:
        values = (item.get(name) for name in names) if isinstance(item, dict) else ()
        yield from (value.lower() for value in values if isinstance(value, str))
