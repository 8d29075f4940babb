"""Whether the verdicts are the same each time: short windows, and a machine that is busy."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import suite
from tests.benchmarks.server import Setting, served

WINDOWS = {"begun by the first request": None, "aligned to the clock": "aligns-windows"}
PARTIES = 4


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """One run of several, and the requirements that it did not pass."""

    windows: str
    seconds: float
    verdict: str
    stray: dict[str, str]  # outcome by requirement


def repeated(runs: int, window: float, load: int) -> Iterator[Repetition]:
    """Run the suite *runs* times for each kind of window, beside *load* busy processes."""
    with busy(load):
        for windows, variant in WINDOWS.items():
            setting = Setting(window=window, variant=variant)
            for _ in range(runs):
                yield _once(windows, setting)


def _once(windows: str, setting: Setting) -> Repetition:
    with served(setting) as server, tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        suite.write_target(target, server, setting, PARTIES)
        ran = suite.run(target, Path(folder))
    stray = {
        one["id"]: one["outcome"]
        for one in ran.report["requirements"]
        if one["outcome"] != "passed"
    }
    return Repetition(
        windows=windows, seconds=ran.seconds, verdict=ran.report["verdict"], stray=stray
    )


def counted(repetitions: list[Repetition]) -> str:
    """How many of the runs had which verdict, by the kind of window."""
    found = Counter((one.windows, one.verdict) for one in repetitions)
    return "\n".join(
        f"windows {kind}: {number} {verdict}" for (kind, verdict), number in found.items()
    )


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep so many processes at work meanwhile, and end them with the context."""
    started = [multiprocessing.Process(target=_work, daemon=True) for _ in range(processes)]
    for one in started:
        one.start()
    try:
        yield
    finally:
        for one in started:
            one.terminate()
            one.join()


def _work() -> None:
    while True:
        sum(range(100_000))
