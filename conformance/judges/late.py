"""Refusals that say a later Reset than their window's: they push it back, or only say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from conformance.contract import Contract
from conformance.history import History
from conformance.judges.counting import of_counters, resets_move
from conformance.judges.windows import ROUNDING, Offset, Spot, offset

ENOUGH = 3  # refusals that show whether what they say moves
SPAN = 1.1  # seconds between the first and the last of them


@dataclass(frozen=True, slots=True)
class Stretch:
    """Refusals in a row that tell a later Reset than the last request admitted before them."""

    admitted: Spot
    refused: tuple[Spot, ...]
    after: Spot | None  # the next that was admitted

    @property
    def reset(self) -> int:
        """The Reset of the window, as it was announced before the limit was reached."""
        return self.admitted.reset or 0

    @property
    def late(self) -> tuple[Spot, ...]:
        """The refusals that tell a later Reset."""
        return tuple(one for one in self.refused if (one.told or 0) > self.reset)


@lru_cache(maxsize=8)
def stretches(contract: Contract, history: History) -> tuple[Stretch, ...]:
    """Every stretch whose first late refusal fell in the window of which it is late.

    None where Resets move by themselves.
    """
    if resets_move(contract, history):
        return ()
    clock, counted = offset(contract, history), of_counters(contract, history)
    found = (one for of_counter in counted for one in _stretches(of_counter))
    return tuple(one for one in found if clock and one.late and _in_its_window(one, clock))


def _stretches(of_key: tuple[Spot, ...]) -> Iterator[Stretch]:
    places = [n for n, one in enumerate(of_key) if one.admitted]
    for place, following in pairwise([*places, len(of_key)]):
        admitted, after = of_key[place], of_key[following : following + 1]
        refused = tuple(one for one in of_key[place + 1 : following] if not one.at_once)
        if refused and admitted.reset is not None and not admitted.at_once:
            yield Stretch(admitted, refused, after[0] if after else None)


def _in_its_window(stretch: Stretch, clock: Offset) -> bool:
    first = stretch.late[0]
    used_up = stretch.admitted.remaining == 0 or first is not stretch.refused[0]
    return clock.surely_within(first.exchange, stretch.reset) or (
        used_up and clock.likely_within(first.exchange, stretch.reset)
    )


@lru_cache(maxsize=8)
def is_pushed(contract: Contract, history: History) -> bool:
    """Whether the windows did go on after the Reset that was announced before refusals.

    Where nothing was sent then, a Reset that moves with the refusals, or is a window after the
    first of them, is taken for one that they push back; but not where it goes back again.
    """
    clock = offset(contract, history)
    found = stretches(contract, history)
    if clock is None:
        return False
    if any(_goes_on(one, clock) for one in found):
        return True
    if any(_ends(one, clock) or _goes_back(one) for one in found):
        return False
    window = contract.rate_limit.window
    farthest = max((one.late[-1].told or 0) - one.reset for one in found) if found else 0
    return farthest > ROUNDING and not any(_stands(one, clock, window) for one in found)


def _goes_on(stretch: Stretch, clock: Offset) -> bool:
    """Whether the key was still refused when its window had surely ended."""
    return clock.surely_after(stretch.refused[-1].exchange, stretch.reset + ROUNDING)


def _ends(stretch: Stretch, clock: Offset) -> bool:
    """Whether the key was admitted again before the Reset that the last refusal told."""
    told, after = stretch.refused[-1].told or 0, stretch.after
    return after is not None and clock.surely_before(after.exchange, told)


def _goes_back(stretch: Stretch) -> bool:
    """Whether a refusal after a late one told the Reset of its window again."""
    first = stretch.late[0].exchange
    return any(
        one.told == stretch.reset and first.precedes(one.exchange) for one in stretch.refused
    )


def _stands(stretch: Stretch, clock: Offset, window: float) -> bool:
    """Whether one late Reset is told all the time, which no refusal can have caused."""
    began, ended = stretch.refused[0].exchange, stretch.refused[-1].exchange
    told = stretch.late[0].told or 0
    one_reset = {one.told for one in stretch.refused} == {told}
    spread = len(stretch.refused) >= ENOUGH and ended.started - began.ended >= SPAN
    earliest = began.started + clock.low + window - ROUNDING
    latest = began.ended + clock.high + window + ROUNDING
    return one_reset and spread and not earliest <= told <= latest
