"""The suite, run by its command line against a server that a benchmark started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.pace import REQUESTS_PER_SECOND
from tests.benchmarks.server import Served, Setting

PARTIES = {  # by how many credentials there are
    1: ("project",),
    2: ("project", "team"),
    4: ("project", "other_project", "team", "other_team"),
}
ENVIRONMENT = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run of the suite."""

    requests: int
    seconds: float  # from the command to its exit
    status: int
    report: dict[str, Any]


def write_target(path: Path, server: Served, setting: Setting, credentials: int) -> None:
    """Describe a server with so many credentials; hooks and writes only with more than one."""
    path.write_text("\n".join(_lines(server, setting, credentials)), encoding="utf-8")


def _lines(server: Served, setting: Setting, credentials: int) -> Iterator[str]:
    yield f'base_url = "{server.base_url}"'
    yield f"[rate_limit]\nlimit = {setting.limit}\nwindow_seconds = {setting.window}"
    for party in PARTIES[credentials]:
        one = server.credentials[party]
        yield f'[{party}]\nid = "{one["id"]}"\nkey = "{one["key"]}"'
    if credentials > 1:
        control = f"{server.base_url}/control"
        post = '"curl", "-fsS", "-X", "POST"'
        yield "[hooks]"
        yield f'regenerate_project_key = [{post}, "{control}/projects/{{id}}/keys"]'
        yield f'generate_team_key = [{post}, "{control}/teams/{{id}}/keys"]'
        yield f'show_project_key = ["curl", "-fsS", "{control}/projects/{{id}}/keys"]'
    yield f"[safety]\nallow_writes = {str(credentials > 1).lower()}"
    if setting.latency:  # as a deployment elsewhere has it
        yield f"max_requests_per_second = {REQUESTS_PER_SECOND:.0f}"


def run(target: Path, reports: Path, workers: int = 1) -> Ran:
    """Run every requirement, and read what the report says."""
    parallel = ["-n", str(workers)] if workers > 1 else []
    started = time.monotonic()
    status = _called("run", target, "--report-dir", str(reports), "--quiet", *parallel).returncode
    seconds = time.monotonic() - started
    report = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    requests = report["traffic"]["requests"]
    return Ran(requests=requests, seconds=seconds, status=status, report=report)


def plan(target: Path, latency: int, workers: int = 1) -> dict[str, Any]:
    """What the suite says beforehand; latency in milliseconds."""
    options = ["--latency", str(latency), "--format", "json"]
    options += ["-n", str(workers)] if workers > 1 else []
    made: dict[str, Any] = json.loads(_called("plan", target, *options).stdout)
    return made


def _called(command: str, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "conformance", command, "--target", str(target), *options]
    return subprocess.run(argv, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False)
