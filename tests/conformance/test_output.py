import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.output import say

SAY = "from conformance.output import say; say(['x' * 100_000, 'y']); raise SystemExit(3)"


def said(stdout: Any) -> tuple[int, str]:
    """The status and what is on stderr."""
    process = subprocess.Popen([sys.executable, "-c", SAY], stdout=stdout, stderr=subprocess.PIPE)
    if process.stdout is not None:
        process.stdout.close()  # as head does
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    process.stderr.close()
    return process.wait(timeout=60), errors


def test_a_reader_who_left_changes_no_status() -> None:
    assert said(subprocess.PIPE) == (3, "")


def test_a_full_disk_is_said_in_a_line() -> None:
    with Path("/dev/full").open("wb") as full:
        status, errors = said(full)
    assert (status, len(errors.splitlines())) == (3, 1)
    assert "cannot be written: No space left on device" in errors


def test_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    say(["a", "b"])
    assert capsys.readouterr().out == "a\nb\n"
