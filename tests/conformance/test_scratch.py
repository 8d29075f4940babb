import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (["run", "--only", "auth.unknown-key"], {"conformance-report"}),
        (["faults", "--only", "trusts-form"], set()),
    ],
)
def test_a_command_leaves_its_reports_and_nothing_else(
    tmp_path: Path, command: list[str], left: set[str]
) -> None:
    subprocess.run(
        [sys.executable, "-m", "conformance", *command],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != STORAGE},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert {path.name for path in tmp_path.iterdir()} == left
