"""How long a full run takes, and how well the plan says so."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import suite
from tests.benchmarks.server import Setting, served
from tests.benchmarks.suite import PARTIES


@dataclass(frozen=True, kw_only=True)
class Case:
    """A target, and how the suite is run against it."""

    latency: int  # milliseconds
    credentials: int
    workers: int = 1

    @property
    def name(self) -> str:
        """What its result is kept under."""
        return f"{self.latency} ms, {self.credentials} credentials, -n {self.workers}"


CASES = (
    *(Case(latency=ms, credentials=count) for ms in (0, 50, 200) for count in PARTIES),
    Case(latency=200, credentials=4, workers=4),
)


def chosen(
    latencies: Collection[int], credentials: Collection[int], workers: Collection[int]
) -> list[Case]:
    """The cases that have one of the values given; an empty collection is any value."""
    return [
        one
        for one in CASES
        if (one.latency in latencies or not latencies)
        and (one.credentials in credentials or not credentials)
        and (one.workers in workers or not workers)
    ]


def measured(case: Case, window: float, reports: Path | None) -> dict[str, Any]:
    """Run the suite once, and say what happened beside what was planned."""
    setting = Setting(latency=case.latency / 1000, window=window)
    with served(setting) as server, tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        suite.write_target(target, server, setting, case.credentials)
        plan = suite.plan(target, case.latency, case.workers)
        ran = suite.run(target, reports or Path(folder), case.workers)
    return {
        **asdict(case),
        "window": window,
        "requests": ran.requests,
        "seconds": round(ran.seconds, 1),
        "verdict": ran.report["verdict"],
        "planned_requests": plan["requests"],
        "planned_seconds": plan["seconds"],
    }
