"""Fixed windows: how much of its limit a key has used (API Keys, Rate Limiting)."""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window of one counter, as it is after a request."""

    limit: int
    used: int
    reset: int  # Unix seconds; the window is over at this very instant

    @property
    def admitted(self) -> bool:
        """Whether the request that was counted last is within the limit."""
        return self.used <= self.limit

    @property
    def remaining(self) -> int:
        """How many more requests will be admitted."""
        return max(self.limit - self.used, 0)

    def after_one(self) -> Window:
        """Return the window as it is after one more request."""
        return replace(self, used=self.used + 1)


class Windows:
    """The windows under way, one for each counter."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._open: dict[Hashable, Window] = {}
        self._lock = threading.Lock()

    def take(self, counter: Hashable, now: float) -> Window:
        """Count one request, refused or not, and return the window that it fell into."""
        with self._lock:
            return self.keep(counter, self.peek(counter, now).after_one())

    def peek(self, counter: Hashable, now: float) -> Window:
        """Return the window that a request would fall into, and count nothing."""
        window = self._open.get(counter)
        if window is None or now >= window.reset:
            return Window(limit=self.limit, used=0, reset=self.end(now))
        return window

    def keep(self, counter: Hashable, window: Window) -> Window:
        """Put *window* in the place of the counter's last one, and return it."""
        self._open[counter] = window
        return window

    def end(self, start: float) -> int:
        """Return when a window that begins at *start* is over.

        A whole second, so that what is announced is the very end and not a rounding of it.
        """
        return math.ceil(start + self.seconds)
