"""Progress while a run goes on: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.status import Status

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.target import Target


class Progress:
    """Shows the area at work, how much has been sent, what is waited for and how long it takes."""

    def __init__(self, target: Target, bench: Bench) -> None:
        self._bench = bench
        self._area = ""
        self._quiet = target.quiet
        self._console = Console(
            file=sys.stderr, no_color=not target.color, highlight=False, soft_wrap=True
        )
        self._ends = 0.0  # when the plan says that the run ends, on the monotonic clock
        self._status: Status | None = None
        if self._console.is_terminal and not self._quiet:
            self._ends = time.monotonic() + _seconds(target)
            self._status = self._console.status(self)
            self._status.start()

    def __rich__(self) -> str:
        """The live line, made anew each time that it is shown."""
        parts = (self._sent(), self._waits(), self._left())
        return escape(", ".join(part for part in parts if part))

    def probe(self, id: str) -> None:
        """A probe is done."""
        area = id.rpartition("/")[2].partition(".py")[0]
        changed, self._area = area != self._area, area
        if self._status is None and changed and not self._quiet:
            self._console.print(self._sent(), markup=False)

    def close(self) -> None:
        """Take the live line away."""
        if self._status is not None:
            self._status.stop()

    def _sent(self) -> str:
        area = f"probing {self._area}" if self._area else "the first requests"
        requests, windows = len(self._bench.recorder.exchanges), self._bench.budget.opened
        return f"{area}: {requests} requests and {windows} windows so far"

    def _waits(self) -> str:
        waiting = self._bench.waiting
        if waiting is None:
            return ""
        left = max(0.0, waiting.until - self._bench.clock.now())
        return f"waiting {left:.0f} s ({waiting.why})"

    def _left(self) -> str:
        left = self._ends - time.monotonic()
        return f"about {left:.0f} s left" if left >= 1 else ""


def _seconds(target: Target) -> float:
    """How long the run will take; a bundled server's time is not waited for."""
    from conformance import plan

    return 0.0 if target.control else plan.make(target).seconds
