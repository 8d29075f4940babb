"""The budget: what is left of each key's window, and when the next one opens."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.contract import RateLimit
from conformance.exchange import Exchange

MARGIN = 0.05  # seconds after Reset, for what rounding and latency hide
DATE_RESOLUTION = 1.0  # seconds: Date is given in whole ones (RFC 9110, 5.6.7)


class ServerClock:
    """The server's clock on the run's clock: never ahead of what its Date fields allow."""

    def __init__(self, offset: float) -> None:
        self._assumed = offset  # Unix time minus the run's clock, on this machine
        self._least: float | None = None

    def see(self, exchange: Exchange) -> None:
        """Learn from an answer's Date: the server's time was at least that when it came."""
        date = exchange.response.date if exchange.response else None
        if date is not None:
            least = date - exchange.ended
            self._least = least if self._least is None else max(self._least, least)

    def run_time(self, unix: float) -> float:
        """When, on the run's clock, the server's clock has surely reached a Unix time."""
        return unix - (self._assumed if self._least is None else self._least)


@dataclass(frozen=True, slots=True)
class Window:
    """A key's window as its last answer described it."""

    remaining: int
    ends: float  # on the run's clock
    refused: bool = False  # a request was refused in it
    told: float = float("-inf")  # when, on the run's clock, the last answer in it came


class Budget:
    """Every key's window, as far as answers have told."""

    def __init__(self, rate_limit: RateLimit, clock: ServerClock) -> None:
        self._rate_limit = rate_limit
        self.clock = clock
        self._windows: dict[str, Window] = {}
        self._dated: set[str] = set()  # keys of which some answer told a Reset
        self._lock = threading.Lock()

    def see(self, exchange: Exchange) -> None:
        """Learn from an exchange of an issued key that was accepted or refused for its limit.

        A key in another form may be refused for the limit of strangers.
        """
        with self._lock:
            self.clock.see(exchange)
            label = exchange.tags.key
            strange = exchange.status == 429 and not exchange.plain_key
            if label and exchange.response and exchange.status != 401 and not strange:
                self._windows[label] = self._seen(label, exchange)
                if exchange.response.number(self._rate_limit.reset_field) is not None:
                    self._dated.add(label)

    def window(self, label: str) -> Window | None:
        """A key's window as its last answer described it, be it over or not."""
        return self._windows.get(label)

    def dated(self, label: str) -> bool:
        """Whether any answer to the key told when its window ends."""
        return label in self._dated

    def remaining(self, label: str, now: float) -> int:
        """How many requests the key's window under way still admits."""
        window = self._windows.get(label)
        return self._rate_limit.limit if window is None or now >= window.ends else window.remaining

    def reopens(self, label: str, now: float) -> float:
        """When, on the run's clock, the key's next window opens; now if none is under way."""
        window = self._windows.get(label)
        return now if window is None else max(now, window.ends)

    def exhausted(self, label: str, now: float) -> bool:
        """Whether the key was refused in the window under way."""
        window = self._windows.get(label)
        return window is not None and window.refused and now < window.ends

    def recovered(self, label: str, now: float) -> bool:
        """Whether the window in which the key was refused is over, and it was not used since."""
        window = self._windows.get(label)
        return window is not None and window.refused and now >= window.ends

    def brief(self) -> dict[str, tuple[int, float, bool]]:
        """The windows as plain data, for another worker."""
        windows = self._windows.items()
        return {label: (w.remaining, w.ends, w.refused) for label, w in windows}

    def learn(self, windows: Mapping[str, Window]) -> None:
        """Take over what another worker knew."""
        self._windows = dict(windows)

    def _seen(self, label: str, exchange: Exchange) -> Window:
        before = self._windows.get(label)
        if before is None or exchange.started >= before.ends or self._reopened(exchange, before):
            before = Window(self._rate_limit.limit, exchange.ended + self._rate_limit.window)
        counted = before.remaining - (exchange.status != 429)
        said = self._remaining(exchange)
        remaining = counted if said is None else min(said, self._rate_limit.limit)
        if exchange.started < before.told:  # answers to what is sent at once come in any order
            remaining = min(remaining, before.remaining)
        refused = exchange.status == 429
        return replace(
            before,
            remaining=0 if refused else max(0, remaining),
            ends=self._ends(exchange, before),
            refused=refused or before.refused,
            told=max(before.told, exchange.ended),
        )

    def _reopened(self, exchange: Exchange, before: Window) -> bool:
        """Whether an answer shows that the window before is over, whatever the clocks say."""
        return before.refused and exchange.status != 429

    def _remaining(self, exchange: Exchange) -> int | None:
        assert exchange.response is not None
        return exchange.response.number(self._rate_limit.remaining_field)

    def _ends(self, exchange: Exchange, before: Window) -> float:
        """Reset on the run's clock; where it makes no sense, a window after the first request."""
        assert exchange.response is not None
        reset = exchange.response.number(self._rate_limit.reset_field)
        if reset is None:
            return before.ends
        ends = self.clock.run_time(reset) + MARGIN
        latest = exchange.ended + self._rate_limit.window + 2 * DATE_RESOLUTION
        return ends if exchange.started - DATE_RESOLUTION <= ends <= latest else before.ends
