"""Beside a schema fuzzer at the same rate: how long it takes, and which of some faults it finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reference_server import contract
from reference_server.faults import find
from tests.benchmarks import suite
from tests.benchmarks.server import Served, Setting, served
from tests.benchmarks.suite import ENVIRONMENT

FAULTS = (  # over the areas; the first ones are what a small comparison takes
    "takes-unknown-members",
    "forgets-project-for-one-route",
    "omits-status",
    "never-refuses",
    "names-foreign",
    "keeps-old-keys",
    "ignores-scheme",
    "fails-on-words",
    "opens-reads",
    "finds-nested-anywhere",
    "counts-by-forwarded-for",
    "recovers-early",
    "checks-key-before-body",
    "answers-created",
    "sends-errors-as-text",
    "says-invalid-api-key",
    "validates-foreign",
    "ignores-letter-case",
    "lists-everything",
    "refuses-high-limit",
)
# The contract documents no 405, so that a sound server fails the check that asks for it.
LEFT_OUT = "unsupported_method"


@dataclass(frozen=True, kw_only=True)
class Fuzzed:
    """One run of the fuzzer."""

    requests: int
    seconds: float
    complete: bool  # not ended by the time that it was given
    failures: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # code, operation


def compared(faults: tuple[str, ...], most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run both against a sound server, then against each fault; yield each result by its name."""
    with _described(None) as (server, folder):
        sound = fuzzed(server, folder, most)
    yield "sound", {"fuzzer": _numbers(sound), "suite": _suite(None)}
    for name in faults:
        with _described(name) as (server, folder):
            found = fuzzed(server, folder, most)
        new = sorted(map(" ".join, found.failures - sound.failures))
        fuzzer = {**_numbers(found), "found": bool(new), "failures": new}
        yield name, {"fuzzer": fuzzer, "suite": _suite(name)}


def _numbers(one: Fuzzed) -> dict[str, Any]:
    return {
        "requests": one.requests,
        "seconds": round(one.seconds, 1),
        "complete": one.complete,
    }


@contextmanager
def _described(fault: str | None) -> Iterator[tuple[Served, Path]]:
    """A server, and a folder with a target file for it."""
    setting = Setting(fault=fault)
    with served(setting) as server, tempfile.TemporaryDirectory() as folder:
        suite.write_target(Path(folder) / "target.toml", server, setting, 4)
        yield server, Path(folder)


def _suite(fault: str | None) -> dict[str, Any]:
    with _described(fault) as (_, folder):
        ran = suite.run(folder / "target.toml", folder / "reports")
    failed = {one["id"] for one in ran.report["requirements"] if one["outcome"] == "failed"}
    found = find(fault).breaks in failed if fault else False
    return {"requests": ran.requests, "seconds": round(ran.seconds, 1), "found": found}


def fuzzed(server: Served, folder: Path, most: int) -> Fuzzed:
    """Run schemathesis for at most so many seconds, with the keys and ids that it needs."""
    (folder / "schemathesis.toml").write_text(_settings(server), encoding="utf-8")
    report = folder / "fuzzed.json"
    started = time.monotonic()
    subprocess.run(
        _command(server, report, most),
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        timeout=most + 120,
        check=False,
    )
    seconds = time.monotonic() - started
    said = json.loads(report.read_text(encoding="utf-8"))
    return Fuzzed(
        requests=server.requests(),
        seconds=seconds,
        complete=said["stop_reason"] == "completed",
        failures=frozenset(_failures(said)),
    )


def _failures(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for failure in said["failures"]:
        for operation in failure["operations"]:
            yield failure["code"], operation if isinstance(operation, str) else operation["label"]


def _settings(server: Served) -> str:
    """Ids that exist, and the team's key for the team's operations."""
    project, team = server.credentials["project"], server.credentials["team"]
    return (
        "[cache]\nenabled = false\n"
        f'[parameters]\nprojectId = "{project["id"]}"\nteamId = "{team["id"]}"\n'
        '[[operations]]\ninclude-path-regex = "^/teams"\n'
        f'headers = {{ Authorization = "Bearer {team["key"]}" }}\n'
    )


def _command(server: Served, report: Path, most: int) -> list[str]:
    beside = Path(sys.executable).with_name("st")
    return [
        str(beside) if beside.exists() else shutil.which("st") or "st",
        *("--config-file", "schemathesis.toml", "run", str(contract.find(None))),
        *("--url", f"{server.base_url}/api/v1"),
        *("-H", f"Authorization: Bearer {server.credentials['project']['key']}"),
        *("--rate-limit", "60/m", "--max-time", str(most), "--seed", "1"),
        *("--exclude-checks", LEFT_OUT, "--generation-database", "none"),
        *("--report", "json", "--report-json-path", str(report)),
    ]
