"""Progress while a run goes on: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from conformance.report.document import window_of
from conformance.report.headline import many

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.target import Target
from conformance.waits import Wait

LEAST = 3.0  # seconds: a shorter wait needs no line


class Progress:
    """Shows the area at work, how much has been sent, what is waited for and how long it takes.

    *live*: whether the terminal, if there is one, is this process's own to write a live line on.
    """

    def __init__(self, target: Target, bench: Bench, *, live: bool = True) -> None:
        self._bench = bench
        self._area = ""
        self._alone = not target.workers  # else others send too
        self._windows: set[tuple[str, str | None, int]] = set()
        self._seen = 0  # exchanges
        self._console = Console(
            file=sys.stderr, no_color=not target.color, highlight=False, soft_wrap=True
        )
        terminal = self._console.is_terminal
        self._plain = not (target.quiet or terminal)
        self._ends = 0.0  # when the plan says that the run ends, on the monotonic clock
        self._status: Status | None = None
        if target.control is None:  # a bundled server's time is not waited for
            bench.waits.announce = self.wait
        if terminal and live and not target.quiet:
            self._ends = time.monotonic() + _seconds(target)
            self._status = self._console.status(self)
            self._status.start()

    def __rich__(self) -> str:
        """The live line, made anew each time that it is shown."""
        parts = (self._sent(), self._waits(), self._left())
        return escape(", ".join(part for part in parts if part))

    def first(self, base_url: str) -> None:
        """The first requests are about to be sent: who gives no answer is named before the end."""
        if self._plain:
            self._console.print(f"asking {base_url} once with each key", markup=False)

    def probe(self, id: str) -> None:
        """A probe is done."""
        area = id.rpartition("/")[2].partition(".py")[0]
        changed, self._area = area != self._area, area
        if changed and self._plain:
            self._console.print(self._sent(), markup=False)

    def wait(self, wait: Wait) -> None:
        """A wait begins."""
        if self._plain and wait.until - self._bench.clock.now() >= LEAST:
            self._console.print(self._waits(), markup=False)

    def close(self) -> None:
        """Take the live line away."""
        if self._status is not None:
            self._status.stop()

    def _sent(self) -> str:
        area = f"probing {self._area}" if self._area else "the first requests"
        if not self._alone:
            return area
        requests = len(self._bench.recorder.exchanges)
        return f"{area}: {many(requests, 'request')} and {many(self._count(), 'window')} so far"

    def _count(self) -> int:
        """The windows that the answers so far tell of, as the report counts them."""
        field = self._bench.contract.rate_limit.reset_field
        fresh = self._bench.recorder.exchanges[self._seen :]
        self._seen += len(fresh)
        self._windows |= {window for one in fresh if (window := window_of(one, field))}
        return len(self._windows)

    def _waits(self) -> str:
        waiting = self._bench.waits.current
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
