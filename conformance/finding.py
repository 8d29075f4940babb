"""What a judge says: evidence it looked at, a violation it found, what it cannot tell, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.history import History


@dataclass(frozen=True, slots=True)
class Evidence:
    """Exchanges or events that bear on the requirement, whichever way."""

    exchanges: tuple[Exchange, ...] = ()
    note: str | None = None  # figures that a reader of a pass wants to see


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A violation: what the contract asks, what was seen instead, and where."""

    expected: str
    observed: str
    exchanges: tuple[Exchange, ...] = ()

    @property
    def message(self) -> str:
        """The finding in one sentence."""
        return f"{self.observed}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the evidence does not suffice."""

    reason: str


@dataclass(frozen=True, slots=True)
class Need:
    """What the target would have to have for evidence: without it, no run of it can decide."""

    what: str


Opinion = Evidence | Finding | Doubt | Need
Judge = Callable[[Contract, History], Iterator[Opinion]]

SHOWN = 3  # exchanges that a finding points at, besides its control

JUDGES: dict[str, list[Judge]] = {}


def judges(id: str) -> Callable[[Judge], Judge]:
    """Register a judge of one requirement. It is a pure generator over a history."""

    def register(judge: Judge) -> Judge:
        JUDGES.setdefault(id, []).append(judge)
        return judge

    return register
