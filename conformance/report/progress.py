"""Progress while a run goes on: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.target import Target


class Progress:
    """Shows the area at work, and how much has been sent."""

    def __init__(self, target: Target, bench: Bench) -> None:
        self._bench = bench
        self._area = ""
        self._quiet = target.quiet
        self._console = Console(
            file=sys.stderr, no_color=not target.color, highlight=False, soft_wrap=True
        )
        self._status: Status | None = None
        if self._console.is_terminal and not self._quiet:
            self._status = self._console.status(f"{target.base_url}: the first requests")
            self._status.start()

    def probe(self, id: str) -> None:
        """A probe is done."""
        area = id.rpartition("/")[2].partition(".py")[0]
        sent = len(self._bench.recorder.exchanges)
        if self._status is not None:
            self._status.update(f"{area}: {sent} requests sent")
        elif area != self._area and not self._quiet:
            self._console.print(f"{area}: {sent} requests sent", markup=False)
        self._area = area

    def close(self) -> None:
        """Take the live line away."""
        if self._status is not None:
            self._status.stop()
