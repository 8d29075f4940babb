"""rate: when a window ends, and what refusals do to that."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.windows import Window, Windows

# rate.recovers, rate.refusals-free


class LateWindows(Windows):
    """Windows that last longer than they say."""

    def peek(self, counter: Hashable, now: float) -> Window:
        return super().peek(counter, now - 10)


class ShortWindows(Windows):
    """Windows that are emptied before they are over."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(limit, seconds)
        self._emptied: dict[Hashable, int] = {}

    def peek(self, counter: Hashable, now: float) -> Window:
        window = super().peek(counter, now)
        late = now >= window.reset - self.seconds / 3
        if not late or self._emptied.get(counter) == window.reset:
            return window
        self._emptied[counter] = window.reset
        return replace(window, used=0)


HASTE = 3  # seconds


class HastyWindows(Windows):
    """Windows that end a little before they say."""

    def peek(self, counter: Hashable, now: float) -> Window:
        return super().peek(counter, now + HASTE)

    def end(self, now: float) -> int:
        return super().end(now - HASTE)


class CarryingWindows(Windows):
    """Windows that begin with what went over the limit of the one before."""

    def peek(self, counter: Hashable, now: float) -> Window:
        before, window = self._open.get(counter), super().peek(counter, now)
        over = max(before.used - self.limit, 0) if before and before is not window else 0
        return replace(window, used=over) if over else window


class LockingWindows(Windows):
    """Windows that lock out for good who once went over the limit."""

    def peek(self, counter: Hashable, now: float) -> Window:
        before, window = self._open.get(counter), super().peek(counter, now)
        return replace(window, used=self.limit) if before and not before.admitted else window


class LazyWindows(Windows):
    """Windows that went over the limit and are cleared by the next refusal after their end."""

    def take(self, counter: Hashable, now: float) -> Window:
        window = self._open.get(counter)
        if window and now >= window.reset and not window.admitted:
            return self._open.pop(counter).after_one()
        return super().take(counter, now)


@fault(
    breaks="rate.recovers",
    also=(
        "rate.reset-timestamp",
        "rate.retry-after",
    ),
)
class RecoversLate(Server):
    """Admits an exhausted key again ten seconds after the Reset that it announced."""

    def make_windows(self) -> Windows:
        return LateWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.reset-timestamp", "rate.retry-after"), seldom=True)
class RecoversLateForTeams(Server):
    """Admits an exhausted team key again ten seconds late; project keys in time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.late = LateWindows(self.limit, self.seconds)

    async def take(self, call: Call) -> Window:
        if call.key.kind == "team":
            return self.late.take(self.counter(call), call.now)
        return await super().take(call)


@fault(breaks="rate.recovers", also=("rate.remaining-honest",))
class RecoversLateForWrites(Server):
    """Has a second counter in front of its writes: once exceeded, it is late by two seconds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.closed: dict[Hashable, float] = {}

    async def take(self, call: Call) -> Window:
        counter, write = self.counter(call), call.request.method != "GET"
        if write and call.now < self.closed.get(counter, 0):
            return replace(self.windows.peek(counter, call.now), used=self.limit + 1)
        window = await super().take(call)
        if not window.admitted:
            self.closed[counter] = window.reset + 2
        return window


@fault(breaks="rate.recovers", also=("rate.reset-timestamp", "rate.retry-after"))
class RecoversWithSecondRequest(Server):
    """Looks whether an exceeded window is over only when it refuses: one request too late."""

    def make_windows(self) -> Windows:
        return LazyWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.remaining-counts", "rate.enforced", "rate.concurrent"))
class RecoversEarly(Server):
    """Empties its counters when two thirds of the announced window are over."""

    def make_windows(self) -> Windows:
        return ShortWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.reset-stable", "rate.before-work"))
class RecoversThreeSecondsEarly(Server):
    """Admits an exhausted key again three seconds before the Reset that it announced."""

    def make_windows(self) -> Windows:
        return HastyWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.refusals-free", "rate.remaining-counts"))
class CarriesRefusalsOver(Server):
    """Begins a window with the requests that it refused in the last."""

    def make_windows(self) -> Windows:
        return CarryingWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.remaining-counts", "rate.refusals-free"))
class LocksOut(Server):
    """Locks a key that went over the limit out, until it is replaced."""

    def make_windows(self) -> Windows:
        return LockingWindows(self.limit, self.seconds)


@fault(
    breaks="rate.refusals-free",
    also=("rate.reset-stable", "rate.refusal-headers", "rate.recovers", "rate.reset-timestamp"),
)
class PenalizesRefusals(Server):
    """Pushes the Reset back by two seconds for each request over the limit."""

    async def take(self, call: Call) -> Window:
        window = await super().take(call)
        if window.admitted:
            return window
        return self.windows.keep(self.counter(call), replace(window, reset=window.reset + 2))


@fault(
    breaks="rate.recovers", also=("rate.refusals-free", "rate.reset-timestamp", "rate.retry-after")
)
class PenalizesSilently(Server):
    """Pushes the end of the window back for each request over the limit, and does not say so."""

    async def take(self, call: Call) -> Window:
        window = await super().take(call)
        if not window.admitted:
            self.windows.keep(self.counter(call), replace(window, reset=window.reset + 2))
        return window

    def reset_field(self, _: Call, window: Window) -> str:
        return str(self.told(window))

    def retry_after(self, call: Call, window: Window) -> int:
        return max(self.told(window) - int(call.now), 0)

    def told(self, window: Window) -> int:
        """Return when the window was to end before anything was refused."""
        return window.reset - 2 * max(window.used - window.limit - 1, 0)


@fault(
    breaks="rate.refusals-free",
    also=("rate.reset-stable", "rate.refusal-headers", "rate.recovers"),
)
class BeginsAnewWhenRefused(Server):
    """Begins the window anew with each request over the limit: it ends when nobody asks."""

    async def take(self, call: Call) -> Window:
        window = await super().take(call)
        if window.admitted:
            return window
        anew = replace(window, reset=self.windows.end(call.now))
        return self.windows.keep(self.counter(call), anew)
