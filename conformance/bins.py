"""Bins: which xdist worker runs which probe. Whoever spends a key, or moves a clock, owns it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from conformance.schedule import slot_id


class Bins(LoadScopeScheduling):  # type: ignore[misc] # xdist is untyped
    """Sends each bin of probes to one worker, in the schedule's order."""

    def __init__(self, config: Any, log: Any, bins: Mapping[str, str]) -> None:
        super().__init__(config, log)
        self._bins = bins

    def _split_scope(self, nodeid: str) -> str:
        return self._bins.get(slot_id(nodeid), "all")
