"""The pace: no more requests in any one second than the target's owner allows."""

from __future__ import annotations

import threading
import time
from collections import deque


class Pace:
    """Keeps the starts of requests to a number per second, in real time."""

    def __init__(self, per_second: float | None) -> None:
        self._most = None if per_second is None else max(1, int(per_second))
        self._interval = 1.0 if per_second is None or per_second >= 1 else 1 / per_second
        self._starts: deque[float] = deque()
        self._lock = threading.Lock()

    def reserve(self, count: int = 1) -> None:
        """Wait until *count* requests may start at once; more than the pace allows start in turn."""
        if self._most is None:
            return
        with self._lock:
            for _ in range(count):
                self._forget()
            wanted = min(count, self._most)
            while len(self._starts) > self._most - wanted:
                time.sleep(max(0.0, self._starts[0] + self._interval - time.monotonic()))
                self._forget()
            self._starts.extend([time.monotonic()] * wanted)

    @property
    def burst(self) -> int | None:
        """How many requests may start at once; None: any number."""
        return self._most

    def _forget(self) -> None:
        now = time.monotonic()
        while self._starts and self._starts[0] <= now - self._interval:
            self._starts.popleft()
