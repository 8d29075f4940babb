import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import proof
from conformance.cli import cli
from conformance.proof import Result
from conformance.scratch import STORAGE, scratch


def test_it_lasts_as_long_as_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STORAGE, raising=False)
    with scratch():
        folder = Path(os.environ[STORAGE])
        assert folder.is_dir()
    assert not folder.exists()
    assert STORAGE not in os.environ


def test_who_says_where_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORAGE, "/somewhere")
    with scratch():
        assert os.environ[STORAGE] == "/somewhere"
    assert os.environ[STORAGE] == "/somewhere"


def test_a_run_leaves_its_reports_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--only", "schema.valid-accepted"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != STORAGE},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert {path.name for path in tmp_path.iterdir()} == {"conformance-report"}


def test_the_proof_keeps_apart_what_its_runs_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []

    def run(*_: object, **options: object) -> Iterator[Result]:
        kept.append(os.environ[STORAGE])
        yield from ()

    monkeypatch.delenv(STORAGE, raising=False)
    monkeypatch.setattr(proof, "run", run)
    assert CliRunner().invoke(cli, ["faults", "--quick"]).exit_code == 0
    assert len(kept) == 1
