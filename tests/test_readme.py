"""The README is kept: its commands, its target file and its tables are what the project has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from conformance import target
from conformance.catalogue import requirement
from conformance.cli import cli
from conformance.report.table import catalogue
from conformance.target import HOOKS, PARTIES
from reference_server.faults import FAULTS
from reference_server.variants import VARIANTS
from tests.readme import README, filled

TEXT = README.read_text(encoding="utf-8")


def block(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", TEXT, re.DOTALL)
    assert found, f"no block is marked {mark}"
    return found[1]


def test_the_requirement_table_is_generated() -> None:
    assert filled(TEXT, "requirements", catalogue("markdown")) == TEXT


def test_the_matrix_is_of_the_faults_and_variants_that_there_are() -> None:
    rows = re.findall(r"^\| (\w+) \| \d+ of \d+ \| (\d+) \| (\d+) \| 0 \|$", TEXT, re.M)
    areas = Counter(fault.breaks.partition(".")[0] for fault in FAULTS.values())
    assert {area: int(count) for area, count, _ in rows} == areas
    assert all(count == caught for _, count, caught in rows)
    assert f"\n{len(VARIANTS)} of {len(VARIANTS)} lawful variants pass.\n" in TEXT


def test_the_target_file_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "staging.toml"
    file.write_text(block("file: staging.toml"), encoding="utf-8")
    variables = {f"BUGZY_{name.upper()}_KEY": "bzy_x_0123456789" for name in PARTIES}
    found = target.load({"target": str(file)}, variables)
    assert set(found.parties) == set(PARTIES)
    assert set(found.hooks) == set(HOOKS)


def test_every_command_is_documented_and_exists() -> None:
    named = set(re.findall(r"bugzy-conformance (\w+)", TEXT)) | set(
        re.findall(r"^\| `(\w+)", TEXT, re.M)
    )
    commands = set(cli.commands)
    assert commands <= named
    assert set(re.findall(r"bugzy-conformance (\w+) --", TEXT)) <= commands


def test_the_failure_that_is_read_is_one_of_the_catalogue() -> None:
    found = re.search(r"^FAILED (\S+) \((\w+)\): (.*)$", TEXT, re.M)
    assert found
    one = requirement(found[1])
    assert (one.level, one.title) == (found[2], found[3])
    assert f"  source    {one.source}\n  reading   {one.reading}\n" in TEXT


def test_a_server_is_waited_for_before_the_suite_is_run(tmp_path: Path) -> None:
    """The commands are pasted together, with another port and a lesser run."""
    lines = block("command: local").replace("8000", "0") + "kill $!\n"
    called = lines.replace("bugzy-conformance run", "python -m conformance plan")
    called = called.replace("bugzy-reference-server", "python -m reference_server")
    bin = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", called],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{bin}:/usr/bin:/bin", "PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "requests" in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["run", "test"])
def test_both_commands_make_their_own_environment(name: str) -> None:
    lines = block(f"command: {name}").splitlines()
    assert lines[0] == "python3 -m venv --without-pip .venv"
    assert all(line.startswith((".venv/bin/", "python3 -m ")) for line in lines)


def test_ci_runs_the_tests_as_the_readme_says() -> None:
    script = (README.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert "command_of test" in script
    assert "ruff format --check" in script
    assert "mypy" in script
