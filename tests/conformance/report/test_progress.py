from types import SimpleNamespace
from typing import Any

import pytest

from conformance.bench import Wait
from conformance.report.progress import Progress
from tests.conformance.report.outcomes import target

ID = "conformance/probes/{}.py::test_x[listExecutions]"


def shown(
    capsys: pytest.CaptureFixture[str], *areas: str, waiting: Wait | None = None, **settings: Any
) -> list[str]:
    """The lines that appear while probes of these areas are done."""
    sent: list[int] = []
    bench: Any = SimpleNamespace(
        recorder=SimpleNamespace(exchanges=sent),
        budget=SimpleNamespace(opened=2),
        clock=SimpleNamespace(now=lambda: 10.0),
        waiting=waiting,
    )
    progress = Progress(target(**settings), bench)
    for area in areas:
        sent.append(1)
        progress.probe(ID.format(area))
    progress.close()
    return capsys.readouterr().err.splitlines()


def test_off_a_terminal_each_area_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "auth", "rate") == [
        "probing auth: 1 requests and 2 windows so far",
        "probing rate: 3 requests and 2 windows so far",
    ]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "rate", quiet=True) == []


def test_on_a_terminal_one_line_lives(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    waiting = Wait(until=53.0, why="project#1: its next window")
    text = "".join(shown(capsys, "auth", color=False, waiting=waiting))
    assert "probing auth: 1 requests and 2 windows so far" in text
    assert "waiting 43 s (project#1: its next window), about " in text
    assert "s left" in text
    assert "\x1b[?25h" in text  # the cursor is back
