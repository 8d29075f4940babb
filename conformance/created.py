"""What a run created in a deployment, read from its history: whoever minds can remove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.history import History


@dataclass(frozen=True, slots=True)
class Created:
    """One thing that a deployment has since the run."""

    operation: str
    name: str  # of the member that identifies it
    id: str
    party: str  # whose key made it

    @property
    def kind(self) -> str:
        """What it has in common with others."""
        return f"{self.operation} ({self.party}): {self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def created(contract: Contract, history: History) -> Iterator[Created]:
    """Everything that a key made, in the order in which it was asked for."""
    for one in history.answered:
        operation = contract.operation(one.tags.operation)
        if operation is not None and operation.method == "POST" and one.succeeded:
            for name, id in identifiers(one):
                yield Created(operation.id, name, id, one.tags.credential)


def identifiers(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """The members of an answer's data that are ids, with their names."""
    document = exchange.response.json if exchange.response else None
    data = document.get("data") if isinstance(document, Mapping) else None
    for name, id in data.items() if isinstance(data, Mapping) else ():
        if name.endswith("Id") and isinstance(id, str):
            yield name, id
