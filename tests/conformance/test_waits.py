from typing import Any

import pytest

from conformance.waits import LONGEST, MARGIN, SOON, Impatient, Wait, Waits, revived

WINDOW = 60.0


class Hands:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def close(self) -> None: ...


@pytest.fixture
def noted() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def waits(noted: list[dict[str, Any]]) -> Waits:
    return Waits(Hands(), WINDOW, lambda kind, started, **data: noted.append(data))


def test_a_wait_is_announced_and_recorded(waits: Waits, noted: list[dict[str, Any]]) -> None:
    begun: list[Wait] = []
    waits.announce = begun.append
    waits.until(107.0, "why")
    assert begun == [Wait(107.0, "why")]
    assert noted == [{"seconds": 7.0, "why": "why"}]
    assert waits.current is None


def test_what_is_over_is_not_waited_for(waits: Waits, noted: list[dict[str, Any]]) -> None:
    waits.until(100.0, "why")
    assert noted == []


def test_nothing_is_waited_for_much_longer_than_a_window(
    waits: Waits, noted: list[dict[str, Any]]
) -> None:
    waits.until(10_000.0, "a Reset in milliseconds")
    assert noted[0]["seconds"] == WINDOW + LONGEST


def test_waiting_for_windows_has_an_end(waits: Waits) -> None:
    waits.most = 1
    waits.until(150.0, "its next window")
    waits.until(160.0, "a moment")  # shorter than half a window: counts for nothing
    with pytest.raises(Impatient, match="its next window: not waited for, after 1 windows"):
        waits.until(210.0, "its next window")
    assert waits.current is None


@pytest.mark.parametrize(
    ("now", "short", "moment"),
    [
        (WINDOW - SOON + MARGIN, False, WINDOW + MARGIN),
        (WINDOW - SOON - 1, False, WINDOW / 2),
        (1.0, True, WINDOW + MARGIN),
    ],
    ids=["soon", "late", "short"],
)
def test_a_whole_window_may_revive_a_key_if_it_ends_soon(
    now: float, short: bool, moment: float
) -> None:
    assert revived(0.0, now, WINDOW, short=short) == moment
