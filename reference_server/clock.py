"""What time it is: the one source of every window, Date field and timestamp."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time as Unix seconds."""

    def now(self) -> float:
        """Return the current time."""


class RealClock:
    """The machine's time as it was at the start, carried on without steps.

    A correction of the machine's clock would otherwise move the end of an announced window.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the current time."""
        return self._offset + time.monotonic()


class MovableClock(RealClock):
    """Real time, ahead by as much as it was moved, so that nobody waits for a window's end."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = 0.0

    def now(self) -> float:
        """Return the current time."""
        return super().now() + self._moved

    def advance(self, seconds: float) -> float:
        """Move on by *seconds* and return the new time.

        Raises ValueError for a step that is not a finite number of at least zero.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock moves forward by a finite number of seconds, not {seconds}")
        self._moved += seconds
        return self.now()
