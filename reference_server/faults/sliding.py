"""rate: limits without fixed windows, as many libraries keep them: logs, weights and buckets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import replace

from reference_server.app import Server
from reference_server.faults.registry import fault
from reference_server.windows import Window, Windows


class LogWindows(Windows):
    """A log of what was admitted: each request counts until a window has passed since it."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(limit, seconds)
        self._log: dict[Hashable, list[float]] = defaultdict(list)

    def peek(self, counter: Hashable, now: float) -> Window:
        held = [one for one in self._log[counter] if one + self.seconds > now]
        self._log[counter] = held
        return Window(limit=self.limit, used=len(held), reset=self.end(held[0] if held else now))

    def take(self, counter: Hashable, now: float) -> Window:
        window = self.peek(counter, now).after_one()
        if window.admitted:
            self._log[counter].append(now)
        return window


class WeighingWindows(Windows):
    """Windows that begin with a share of what the one before had used, less and less of it."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(limit, seconds)
        self._used: dict[tuple[Hashable, int], int] = defaultdict(int)

    def peek(self, counter: Hashable, now: float) -> Window:
        number, passed = divmod(now, self.seconds)
        carried = self._used[counter, int(number) - 1] * (1 - passed / self.seconds)
        used = self._used[counter, int(number)] + math.floor(carried)
        return Window(limit=self.limit, used=used, reset=int((number + 1) * self.seconds))

    def take(self, counter: Hashable, now: float) -> Window:
        window = self.peek(counter, now).after_one()
        if window.admitted:
            self._used[counter, int(now // self.seconds)] += 1
        return window


class Bucket(Windows):
    """A bucket of tokens that is filled again drop by drop, and full at the Reset."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(limit, seconds)
        self._full: dict[Hashable, float] = {}  # when each bucket is full again

    def peek(self, counter: Hashable, now: float) -> Window:
        full = max(self._full.get(counter, now), now)
        used = math.ceil((full - now) * self.limit / self.seconds)
        return Window(limit=self.limit, used=used, reset=math.ceil(full))

    def take(self, counter: Hashable, now: float) -> Window:
        before = self.peek(counter, now)
        if before.after_one().admitted:
            full = max(self._full.get(counter, now), now)
            self._full[counter] = full + self.seconds / self.limit
        return replace(before.after_one(), reset=math.ceil(self._full[counter]))


@fault(breaks="rate.recovers", also=("rate.remaining-counts",))
class KeepsLog(Server):
    """Counts the requests of the last minute, whenever it is asked: a sliding log."""

    def make_windows(self) -> Windows:
        return LogWindows(self.limit, self.seconds)


@fault(
    breaks="rate.recovers",
    also=("rate.remaining-counts", "rate.enforced", "rate.no-bypass", "rate.before-work"),
)
class WeighsLastWindow(Server):
    """Adds to a window what the last one had used, by the share that it is not over yet."""

    def make_windows(self) -> Windows:
        return WeighingWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.remaining-counts", "rate.reset-stable", "rate.enforced"))
class FillsBucket(Server):
    """Gives an exhausted key one request a second, as a bucket of tokens does."""

    def make_windows(self) -> Windows:
        return Bucket(self.limit, self.seconds)
