"""Steps: two requests in a row of one key, and by how much its Remaining fell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.contract import Contract
from conformance.history import History
from conformance.judges.windows import Spot, neighbours, spots


@dataclass(frozen=True, slots=True)
class Step:
    """Two requests in a row, of one key, of which the second did not find what the first left."""

    before: Spot
    after: Spot

    @property
    def fell(self) -> int:
        """By how much Remaining fell."""
        return (self.before.remaining or 0) - (self.after.remaining or 0)

    @property
    def is_odd(self) -> bool:
        """Whether Remaining did not fall by one. After 0 it cannot: that the limit is not kept."""
        return self.fell != 1 and (self.before.remaining, self.after.remaining) != (0, 0)

    @property
    def in_one_window(self) -> bool:
        """Whether both announced the same Reset."""
        return self.before.reset == self.after.reset


def steps(contract: Contract, history: History) -> Iterator[Step]:
    """Two requests in a row, one after the other, of one key, that both say what is left."""
    for of_key in spots(contract, history).values():
        for before, after in neighbours(of_key):
            if None not in (before.remaining, after.remaining, before.reset, after.reset):
                yield Step(before, after)
