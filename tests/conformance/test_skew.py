from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.exchange import Exchange
from conformance.skew import aligned, disordered

from .judges.builder import exchange, history


def at(*seconds: float, clock: float = 0.0) -> list[Exchange]:
    """What a recorder saw at these seconds, whose clock is so far ahead."""
    seen = history(*(exchange(200, started=second) for second in seconds)).exchanges
    return [replace(one, started=one.started + clock, ended=one.ended + clock) for one in seen]


def test_recordings_are_put_on_the_clock_of_the_first() -> None:
    times = [one.started for one in aligned([at(1, 5, 9), at(3, 7, clock=20)])]
    assert times == pytest.approx([1, 5, 9, 3, 7], abs=1)


def test_clocks_that_agree_are_left_alone() -> None:
    assert [one.started for one in aligned([at(1, 5), at(3, clock=0.4)])] == [1, 5, 3.4]


def test_without_any_date_nothing_is_known() -> None:
    undated = [exchange(200, started=9, ended=9.1, fields={"Date": None})]
    assert next(iter(aligned([undated, at(3)]))) is undated[0]
    assert disordered(undated) is None


def test_a_clock_that_jumps_is_seen() -> None:
    first, second = at(1, 5)
    jumped = replace(first, started=7, ended=7.1)
    assert disordered([first, second]) is None
    assert disordered([second, jumped]) == (second, jumped)
    slow = replace(jumped, ended=13)  # it may have been answered long before its end
    assert disordered([second, slow]) is None
