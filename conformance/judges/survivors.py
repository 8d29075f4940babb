"""Survivors: a project's keys that were let in in turn, of which one must have been replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Finding, judges
from conformance.history import History
from conformance.judges.features import owner
from conformance.judges.select import grouped, own


@judges("rotation.old-key-revoked")
def older_key_lives(contract: Contract, history: History) -> Iterator[Finding]:
    """Yield recorded uses of one key before and after another one of its project.

    Whichever of them is the newer one: it revoked the other.
    """
    served = [one for one in history.judged if history.recorded and own(one) and one.succeeded]
    of_projects = [one for one in served if _is_of_project(contract, one)]
    for of_one in grouped(of_projects, owner).values():
        if found := next(_in_turn(of_one), None):
            first, other, again = found
            yield Finding(
                expected=f"one valid key per project: {other.tags.key} or {first.tags.key}",
                observed=f"{first.tags.key} was let in before {other.tags.key} and after it",
                exchanges=(first, other, again),
            )


def _is_of_project(contract: Contract, one: Exchange) -> bool:
    operation = contract.operation(one.tags.operation)
    return operation is not None and operation.kind == "project"


def _in_turn(served: Iterable[Exchange]) -> Iterator[tuple[Exchange, Exchange, Exchange]]:
    """A use of one key, a later one of another, and again one of the first."""
    first: dict[str | None, Exchange] = {}
    for one in served:
        mine = first.setdefault(one.tags.key, one)
        for label, other in first.items():
            if label != one.tags.key and mine.precedes(other) and other.precedes(one):
                yield mine, other, one
