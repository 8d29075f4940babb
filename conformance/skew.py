"""Skew: the clocks of recorders, held against the server's own (reading 10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from conformance.exchange import Exchange

UNSURE = 2.0  # seconds: a Date has whole ones, and is some way from when its answer arrived


def aligned(recordings: Sequence[Sequence[Exchange]]) -> Iterable[Exchange]:
    """The exchanges of several recordings, their times on the clock of the first."""
    ahead = [_ahead(one) for one in recordings]
    first = next((one for one in ahead if one is not None), 0.0)
    for exchanges, seconds in zip(recordings, ahead, strict=True):
        shift = first if seconds is None else seconds
        for one in exchanges:
            yield _later(one, shift - first) if abs(shift - first) > UNSURE else one


def disordered(exchanges: Iterable[Exchange]) -> tuple[Exchange, Exchange] | None:
    """Two answers in the recorder's order that came in the other one by the server's Date."""
    dated = [one for one in exchanges if _date(one) is not None]
    for before, after in pairwise(dated):
        if (_date(before) or 0) - (_date(after) or 0) > UNSURE + after.ended - after.started:
            return before, after
    return None


def _ahead(exchanges: Iterable[Exchange]) -> float | None:
    """How far the server's clock is ahead of a recorder's; None without any Date."""
    found = [(_date(one) or 0) - one.ended for one in exchanges if _date(one) is not None]
    return median(found) if found else None


def _date(one: Exchange) -> float | None:
    return one.response.date if one.response else None


def _later(one: Exchange, seconds: float) -> Exchange:
    return replace(one, started=one.started + seconds, ended=one.ended + seconds)
