"""The face that pytest's own users see, in processes of their own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance import plan, running
from conformance.schedule import slot_id

DEADLINE = 120  # seconds
SMALL = ("schema",)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and no trace of the pytest that runs this."""
    for name in [one for one in os.environ if one.startswith(("PYTEST_", "BUGZY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytested(*arguments: str) -> subprocess.CompletedProcess[str]:
    without = ("-p", "no:cacheprovider", "-p", "no:schemathesis")
    command = [sys.executable, "-m", "pytest", *without, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def ours(*arguments: str) -> subprocess.CompletedProcess[str]:
    return pytested("--pyargs", "conformance", *arguments)


def only(*names: str) -> list[str]:
    return [f"--bugzy-only={name}" for name in names]


def verdicts(folder: Path) -> dict[str, str]:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {one["id"]: one["outcome"] for one in report["requirements"]}


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_its_verdicts_are_those_of_run(folder: Path, workers: list[str]) -> None:
    done = ours(*only(*SMALL), "--bugzy-report-dir=out", *workers)
    options: dict[str, Any] = {"only": SMALL, "report_dir": "run", "quiet": True}
    with running.bundled(options) as target:
        running.outcome(target)
    assert re.search(r"^conformant: \d+ requests", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"\d+ probed", done.stdout.splitlines()[-1])  # passed would be a verdict
    assert verdicts(folder / "out") == verdicts(folder / "run")


def test_what_it_collects_is_the_plan_and_nothing_is_sent(folder: Path) -> None:
    done = ours("--collect-only", "-q", "--bugzy-report-dir=out")
    collected = [slot_id(line) for line in done.stdout.splitlines() if "::" in line]
    planned = [one.id for one in plan.make(running.described({})).slots]
    assert (done.returncode, collected) == (0, planned)
    assert not (folder / "out" / "report.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base-url=http://127.0.0.1:9"], "ERROR: project.id is missing; write [project]"),
        (["--target", "nothing.toml"], "ERROR: nothing.toml: cannot be read: No such file"),
        (["--bugzy-only=schem"], "ERROR: no requirement or area is called 'schem'; did you mean"),
        (["--bugzy-only=schema", "--bugzy-skip=schema"], "ERROR: --only and --skip leave no"),
    ],
)
def test_a_wrong_call_is_pytests_usage_error(folder: Path, arguments: list[str], said: str) -> None:
    done = ours(*arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert [line[: len(said)] for line in done.stderr.splitlines() if line] == [said]


# in other people's runs

TEST = "def test_theirs(): pass\n"
PLUGIN = "def pytest_addoption(parser): parser.addoption('--base-url', help='theirs')\n"


def test_it_stays_out_of_other_runs(folder: Path) -> None:
    (folder / "test_theirs.py").write_text(TEST, encoding="utf-8")
    done = pytested("-q", "--base-url=http://127.0.0.1:9")
    assert done.returncode == 0
    assert re.search(r"^1 passed in", done.stdout, re.MULTILINE)
    assert [one.name for one in folder.iterdir() if one.name.startswith("conf")] == []


def test_it_shares_options_with_another_plugin(folder: Path) -> None:
    (folder / "theirs.py").write_text(PLUGIN, encoding="utf-8")
    (folder / "test_theirs.py").write_text(TEST, encoding="utf-8")
    done = pytested("-q", "-p", "theirs", "--base-url=http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_called_like_a_probe_is_theirs(folder: Path) -> None:
    probes = folder / "conformance" / "probes"
    probes.mkdir(parents=True)
    (probes / "rate.py").write_text(TEST, encoding="utf-8")
    done = pytested("-q")
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
