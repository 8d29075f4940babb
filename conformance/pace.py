"""The pace: no more requests in any one second than the target's owner allows."""

from __future__ import annotations

import contextlib
import fcntl
import math
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from conformance.contract import Contract
from conformance.target import Target

REQUESTS_PER_SECOND = 20.0  # where the target's owner says nothing
LOCAL = 200.0  # the same of a server on this machine, which serves nobody else
THOROUGH = 3800  # requests of a run that need not save any
LONG_WINDOW = 15.0  # seconds; a run may outlast a shorter one
PATIENT = 95.0  # seconds that it may take then
KEPT = 0.05  # of the pace: what one worker that is first may need within a second
OWN_WORK = 0.005  # seconds that a request takes the suite itself


def pace_of(contract: Contract, target: Target) -> float | None:
    """Requests per second: as the owner says; else twenty, or more here or in a short window."""
    if target.max_requests_per_second is not None or target.control is not None:
        return target.max_requests_per_second
    limit = contract.rate_limit
    usual = LOCAL if target.is_local else REQUESTS_PER_SECOND
    return max(usual, 4 * limit.limit / limit.window)


def too_slow(contract: Contract, target: Target) -> str | None:
    """What to change where no window lasts until its limit is reached; None where one does."""
    pace, limit = pace_of(contract, target), contract.rate_limit
    if pace is None or pace * limit.window > limit.limit:
        return None
    least = math.floor(limit.limit / limit.window) + 1
    return (
        f"allow more requests per second (max_requests_per_second = {2 * least}): with "
        f"{pace:g}, the limit of {limit.limit} is not reached within {limit.window:g} s"
    )


def thrifty(contract: Contract, target: Target) -> bool:
    """Whether a thorough run would take longer than it may: see longest."""
    pace = pace_of(contract, target)
    return target.thrifty or (pace is not None and _outlasts(1 / pace, contract))


def longest(contract: Contract) -> float:
    """Seconds that a run may take: the window that has to be waited for anyway, if it is long."""
    window = contract.rate_limit.window
    return window if window > LONG_WINDOW else PATIENT


def ample(contract: Contract) -> int:
    """Requests per second with which a thorough run takes no longer than it may."""
    return math.ceil(THOROUGH / longest(contract))


def slow(contract: Contract, answer: float) -> bool:
    """Whether it would, if an answer takes so many seconds."""
    return _outlasts(answer + OWN_WORK, contract)


def spared(contract: Contract, target: Target, answer: float) -> str | None:
    """Why a run tries less of some things; None where it tries all. *answer*: seconds for one."""
    few = "less was tried of some things, so what is wrong in one place only may be missed"
    if slow(contract, answer):
        return f"{few}: an answer took {1000 * answer:.0f} ms"
    if thrifty(contract, target):
        more = f"max_requests_per_second = {ample(contract)} lets a run try all"
        return f"{few}: {pace_of(contract, target):g} requests a second are allowed; {more}"
    return None


def _outlasts(seconds: float, contract: Contract) -> bool:
    return THOROUGH * seconds > longest(contract)


class Pace:
    """Keeps the starts of requests to a number per second, in real time.

    Workers that are to keep one pace together share a file of starts; the monotonic clock they
    share anyway. One of them may be *first*: the others leave the room that it waits for.
    """

    def __init__(self, per_second: float | None, shared: Path | None = None) -> None:
        self.first = False
        self._most = None if per_second is None else max(1, int(per_second))
        self._interval = 1.0 if per_second is None or per_second >= 1 else 1 / per_second
        self._starts: deque[float] = deque()
        self._claim = (0.0, 0.0)  # how many starts the first worker waits for, and since when
        self._lock = threading.Lock()
        self._shared = shared

    def reserve(self, count: int = 1) -> None:
        """Wait until *count* requests may start at once, or as many as the pace ever allows."""
        if self._most is None:
            return
        wanted = min(count, self._most)
        with self._lock:
            while (delay := self._take(wanted)) > 0:
                time.sleep(delay)

    def _take(self, wanted: int) -> float:
        """Note so many starts, if they may be now; else say how long to wait first."""
        assert self._most is not None
        with self._shared_starts():
            self._forget()
            fits = len(self._starts) + self._claimed(self._most - wanted) <= self._most - wanted
            if self.first:
                self._claim = (0 if fits else wanted, time.monotonic())
            if fits:
                self._starts.extend([time.monotonic()] * wanted)
                return 0.0
            oldest = self._starts[0] if self._starts else time.monotonic()
            return max(0.001, oldest + self._interval - time.monotonic())

    @contextlib.contextmanager
    def _shared_starts(self) -> Iterator[None]:
        """Take what all workers have noted from their file, and give it back with one's own."""
        if self._shared is None:
            yield
            return
        with self._shared.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            raw = file.read()
            count, since, *starts = struct.unpack(f"{len(raw) // 8}d", raw) or (0.0, 0.0)
            self._claim, self._starts = (count, since), deque(starts)
            yield
            file.seek(0)
            file.write(struct.pack(f"{2 + len(self._starts)}d", *self._claim, *self._starts))
            file.truncate()

    @property
    def burst(self) -> int | None:
        """How many requests may start at once; None: any number."""
        return self._most

    def _claimed(self, left: int) -> float:
        """How many starts are not to be taken; a claim that is not renewed is void.

        Of those that are *left*, the first worker is to find some at any time: it sends one after
        the other, where others send many at once.
        """
        count, since = self._claim
        if self.first or time.monotonic() - since >= 2 * self._interval:
            return 0
        kept = math.floor(KEPT * (self._most or 0))
        return max(count, kept if kept <= left else 0)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._starts and self._starts[0] <= now - self._interval:
            self._starts.popleft()
