"""What a run waits for, said while it does, and how often it is willing to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.clock import Clock

MOST_WAITS = 5  # long windows that a run waits for; one is what it takes
LONGEST = 3.0  # seconds more than a window; nothing is waited for longer


SOON = 1.0  # seconds that a run may take longer, so that a whole window has passed
MARGIN = 0.2  # seconds more than a window, so that it has surely passed


def revived(renewed: float, now: float, window: float, *, short: bool) -> float:
    """When time may have revived a key that was replaced, on the clock that says *now*.

    That is when the window in which it was has ended, if that is soon or windows are *short*; else
    after half of one.
    """
    whole = renewed + window + MARGIN
    return whole if short or whole <= now + SOON else renewed + window / 2


class Impatient(Exception):
    """Windows are used up so fast that waiting for the next one has no end."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when, on its clock, a run waits, and what for."""

    until: float
    why: str


class Waits:
    """Lets time pass, and keeps count of the windows that it took."""

    def __init__(self, clock: Clock, window: float, note: Callable[..., Any]) -> None:
        """*window* in seconds; *note* records what was waited for."""
        self._clock, self._window, self._note = clock, window, note
        self.most: int | None = None  # windows to be waited for; None: as many as it takes
        self._windows = 0  # waited for so far
        self.current: Wait | None = None
        self.announce: Callable[[Wait], None] | None = None  # who wants to know when one begins

    def until(self, moment: float, why: str) -> None:
        """Let time pass until a moment of the run's clock, and record how much.

        Raises Impatient where long windows were waited for too often.
        """
        started = self._clock.now()
        if moment <= started:
            return
        self._spend(moment - started, why)
        self.current = Wait(min(moment, started + self._window + LONGEST), why)
        if self.announce is not None:
            self.announce(self.current)
        self._clock.sleep(self.current.until - started)
        self.current = None
        self._note("waited", started, seconds=self._clock.now() - started, why=why)

    def _spend(self, seconds: float, why: str) -> None:
        if seconds <= self._window / 2:
            return
        self._windows += 1
        if self.most is not None and self._windows > self.most:
            raise Impatient(f"{why}: not waited for, after {self.most} windows of waiting")
