"""Probes: tests that send, and say what each request is. What they serve, cost and need is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, TypeVar

from conformance.contract import Operation

Function = TypeVar("Function", bound=Callable[..., None])


class Lacking(Exception):
    """The deployment has no operation of the kind that a probe needs; the message says which."""


class Phase(IntEnum):
    """When in a run a probe has its place."""

    ACCEPT = 0  # positive controls, and what else the first answers teach
    OPEN = 10  # while windows have room
    DRAIN = 20  # takes what is left of a window
    EXHAUSTED = 30  # with a key that is over its limit: refused requests are free
    REPLACE = 40  # replaces a key that is over its limit
    ROTATE = 50  # replaces keys, where another key's window shows the recovery
    FREE = 55  # spends no key's window, if it is refused: a new key has room if not
    REFILLED = 60  # open probes that found no room, on keys that were replaced
    RECOVER = 70  # after Reset
    LATER = 80  # open probes that found no room, in the next window
    REPLACE_LATE = 91
    ROTATE_LATE = 92
    REFILLED_LATE = 95
    EXTRA = 98  # more of the same, where new keys or --windows make room
    FINAL = 100  # what must still hold at the end
    EDGE = 110  # bursts that use up the last window


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a probe is for and what it takes. *own* stands for the party of its parameter."""

    serves: tuple[str, ...]
    phase: Phase
    spends: Mapping[str, int] = field(default_factory=dict)  # requests per party's window
    free: int = 0  # further requests, that no window pays for
    fills: int = 0  # how many windows of its party it uses up
    generates: int = 0  # how many keys it has generated
    stillborn: int = 0  # how many of them are dead before anything can be asked with them
    needs: tuple[str, ...] = ()  # own, other.id, other.key, hooks.NAME, writes, pace...
    where: Callable[[Operation], bool] = lambda _: True
    kinds: tuple[str, ...] = ("project", "team")
    thrift: Mapping[str, Any] = field(default_factory=dict)  # what is less where time is short
    thorough: bool = False  # left out there
    waits: float = 0.0  # seconds that it lets pass, besides what it waits for a window
    settles: bool = False  # waits until time may have revived its party's first replaced key

    def in_time(self, *, thrifty: bool) -> Probe:
        """The probe as it runs: with less of it where time is short."""
        return replace(self, thrift={}, **self.thrift) if thrifty else self


def probes(
    *serves: str,
    phase: Phase = Phase.OPEN,
    spends: Mapping[str, int] | None = None,
    free: int = 0,
    fills: int = 0,
    generates: int = 0,
    stillborn: int = 0,
    needs: tuple[str, ...] = (),
    where: Callable[[Operation], bool] = lambda _: True,
    kinds: tuple[str, ...] = ("project", "team"),
    thrift: Mapping[str, Any] | None = None,
    thorough: bool = False,
    waits: float = 0.0,
    settles: bool = False,
) -> Callable[[Function], Function]:
    """Declare a probe; a parameter *operation* or *party* makes one per operation or party."""
    probe = Probe(
        serves=serves,
        phase=phase,
        spends=spends or {},
        free=free,
        fills=fills,
        generates=generates,
        stillborn=stillborn,
        needs=needs,
        where=where,
        kinds=kinds,
        thrift=thrift or {},
        thorough=thorough,
        waits=waits,
        settles=settles,
    )

    def declare(function: Function) -> Function:
        function.__probe__ = probe  # type: ignore[attr-defined] # where pytest finds marks too
        return function

    return declare
