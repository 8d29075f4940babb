from types import SimpleNamespace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.report.document import windows
from conformance.report.progress import Progress
from conformance.waits import Wait
from tests.conformance.judges.builder import CONTRACT, anonymous, exchange
from tests.conformance.report.outcomes import outcome, target

RESET = CONTRACT.rate_limit.reset_field
ID = "conformance/probes/{}.py::test_x[listExecutions]"


def shown(
    capsys: pytest.CaptureFixture[str],
    *areas: str,
    waiting: Wait | None = None,
    live: bool = True,
    **settings: Any,
) -> list[str]:
    """The lines that appear while probes of these areas are done."""
    sent: list[Exchange] = []
    bench: Any = SimpleNamespace(
        contract=CONTRACT,
        recorder=SimpleNamespace(exchanges=sent),
        clock=SimpleNamespace(now=lambda: 10.0),
        waits=SimpleNamespace(current=waiting, announce=None),
    )
    progress = Progress(target(**settings), bench, live=live)
    for place, area in enumerate(areas):
        sent.append(exchange(200, fields={RESET: str(60 * (place // 2))}))
        progress.probe(ID.format(area))
    if waiting is not None and bench.waits.announce is not None:
        bench.waits.announce(waiting)
    progress.close()
    return capsys.readouterr().err.splitlines()


def test_off_a_terminal_each_area_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "auth", "rate") == [
        "probing auth: 1 request and 1 window so far",
        "probing rate: 3 requests and 2 windows so far",
    ]


def test_windows_are_counted_as_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    happened = [exchange(200, fields={RESET: str(n // 3)}) for n in range(9)]
    happened += [anonymous(401), exchange(200, credential="team", key="team#1")]
    found = outcome(*happened)
    recorder = SimpleNamespace(exchanges=list(found.history.exchanges))
    waits = SimpleNamespace(announce=None)
    bench: Any = SimpleNamespace(contract=CONTRACT, recorder=recorder, waits=waits)
    Progress(target(), bench).probe(ID.format("rate"))
    count = sum(windows(found).values())
    said = f"probing rate: 11 requests and {count} windows so far\n"
    assert capsys.readouterr().err == said


def test_what_other_workers_send_is_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "rate", workers=2) == ["probing auth", "probing rate"]


def test_off_a_terminal_a_long_wait_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    long, short = (Wait(until=10.0 + left, why="project#1: its next window") for left in (43, 2))
    assert shown(capsys, waiting=long) == ["waiting 43 s (project#1: its next window)"]
    assert shown(capsys, waiting=long, live=False) == ["waiting 43 s (project#1: its next window)"]
    assert shown(capsys, waiting=short) == []
    assert shown(capsys, waiting=long, quiet=True) == []


def test_a_clock_that_is_moved_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, waiting=Wait(until=53.0, why="x"), control="http://127.0.0.1") == []


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "auth", "rate", quiet=True) == []


def test_on_a_terminal_one_line_lives(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    waiting = Wait(until=53.0, why="project#1: its next window")
    text = "".join(shown(capsys, "auth", color=False, waiting=waiting))
    assert "probing auth: 1 request and 1 window so far" in text
    assert "waiting 43 s (project#1: its next window), about " in text
    assert "s left" in text
    assert "\x1b[?25h" in text  # the cursor is back


def test_a_worker_leaves_the_terminal_to_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert shown(capsys, "auth", waiting=Wait(until=53.0, why="x"), live=False) == []
