"""A clock that tests move."""

from __future__ import annotations

from reference_server.clock import MovableClock


class ManualClock(MovableClock):
    """Stands still until it is moved, so that a test knows the time to the instant."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        super().__init__()
        self._start = start

    def now(self) -> float:
        """Return the time it was last moved to."""
        return self._start + self._moved
