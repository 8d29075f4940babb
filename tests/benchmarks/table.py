"""The results as Markdown, for the README."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

TIMES = (
    "| latency | credentials | workers | requests | seconds | windows | verdict | planned requests"
    " | planned seconds |\n|---|---|---|---|---|---|---|---|---|"
)


def machine() -> str:
    """The kind of machine that this is."""
    system = f"{platform.system()} on {platform.machine()}"
    return f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}"


def rival() -> str:
    """The fuzzer that is installed."""
    return f"schemathesis {version('schemathesis')}"


def rendered(results: Mapping[str, Any]) -> str:
    """All that has been measured."""
    parts = [f"Measured once, in real time at 60 requests per 60 s: {results['machine']}."]
    if results.get("time"):
        parts.append(times(results["time"].values()))
    if "sound" in results.get("rivals", {}):
        parts.append(rivals(results["rivals"], results["rival"], results["most"]))
    return "\n\n".join(["", *parts, ""])


def times(cases: Iterable[Mapping[str, Any]]) -> str:
    """A line for each full run."""
    order = ("latency", "credentials", "workers")
    lines = sorted(cases, key=lambda one: [one[name] for name in order])
    return "\n".join([TIMES, *map(_time, lines)])


def _time(one: Mapping[str, Any]) -> str:
    cells = [
        f"{one['latency']} ms",
        one["credentials"],
        one["workers"],
        one["requests"],
        f"{one['seconds']:.1f}",
        f"{one['seconds'] / one['window']:.2f}",
        one["verdict"],
        _planned(one["planned_requests"], one["requests"]),
        _planned(one["planned_seconds"], one["seconds"]),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _planned(planned: float, actual: float) -> str:
    return f"{planned:.0f} ({(planned - actual) / actual:+.0%})"


def rivals(results: Mapping[str, Any], rival: str, most: int) -> str:
    """Both tools, over the sound server and the faults that were tried."""
    faults = {name: one for name, one in results.items() if name != "sound"}
    head = f"| | requests | seconds | of {len(faults)} faults, found |\n|---|---|---|---|"
    lines = [
        _rival(title, results["sound"][tool], [one[tool] for one in faults.values()])
        for title, tool in (
            ("this suite", "suite"),
            (f"{rival}, `--rate-limit 60/m`, ended after {most} s", "fuzzer"),
        )
    ]
    return "\n".join([head, *lines, "", _missed(faults)])


def _rival(title: str, sound: Mapping[str, Any], faulty: list[Mapping[str, Any]]) -> str:
    found = sum(one["found"] for one in faulty)
    return f"| {title} | {sound['requests']} | {sound['seconds']:.0f} | {found} |"


def _missed(faults: Mapping[str, Any]) -> str:
    told = []
    for title, tool in (("The suite", "suite"), ("The fuzzer", "fuzzer")):
        missed = [name for name, one in faults.items() if not one[tool]["found"]]
        if missed:
            told.append(f"{title} missed {', '.join(f'`{name}`' for name in missed)}.")
    return " ".join(told)
