"""The run's clock: real time, or that of an embedded reference server, which the suite may move."""

from __future__ import annotations

import threading
import time
from typing import Protocol

import httpx


class Clock(Protocol):
    """Seconds that only ever grow, and a way to let them pass."""

    def now(self) -> float:
        """The time in seconds; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass for the suite and for the target."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class RealClock:
    """The machine's monotonic clock, which all workers of a machine share."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Really wait."""
        time.sleep(max(0.0, seconds))

    def close(self) -> None:
        """It holds nothing."""


class MovedClock:
    """The clock of an embedded reference server: instead of waiting, it is moved."""

    def __init__(self, control: str) -> None:
        self._url = f"{control}/clock"
        self._client = httpx.Client(verify=False, trust_env=False)  # noqa: S501 - loopback, plain
        self._moved = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds of the monotonic clock, and what has been skipped."""
        return time.monotonic() + self._moved

    def sleep(self, seconds: float) -> None:
        """Move the server's clock and this one by as much."""
        if seconds <= 0:
            return
        with self._lock:
            self._client.post(self._url, json={"advance": seconds}).raise_for_status()
            self._moved += seconds

    def close(self) -> None:
        """Close the connection to the control plane."""
        self._client.close()
