from types import SimpleNamespace
from typing import Any

import pytest

from conformance.report.progress import Progress
from tests.conformance.report.outcomes import target

ID = "conformance/probes/{}.py::test_x[listExecutions]"


def shown(capsys: pytest.CaptureFixture[str], *areas: str, **settings: Any) -> list[str]:
    """The lines that appear while probes of these areas are done."""
    sent: list[int] = []
    bench: Any = SimpleNamespace(recorder=SimpleNamespace(exchanges=sent))
    progress = Progress(target(**settings), bench)
    for area in areas:
        sent.append(1)
        progress.probe(ID.format(area))
    progress.close()
    return capsys.readouterr().err.splitlines()


def test_off_a_terminal_each_area_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "auth", "rate") == [
        "auth: 1 requests sent",
        "rate: 3 requests sent",
    ]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "rate", quiet=True) == []


def test_on_a_terminal_one_line_lives(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = "".join(shown(capsys, "auth", color=False))
    assert "auth: 1 requests sent" in text
    assert "\x1b[?25h" in text  # the cursor is back
