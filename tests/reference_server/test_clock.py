import time

import pytest

from reference_server.clock import MovableClock, RealClock
from tests.reference_server.manual import ManualClock


def test_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(100.0)
    assert clock.now() == clock.now() == 100.0
    assert clock.advance(0.5) == clock.now() == 100.5


def test_movable_clock_goes_on_from_where_it_was_moved_to() -> None:
    clock, real = MovableClock(), RealClock()
    clock.advance(60)
    assert clock.now() - real.now() == pytest.approx(60, abs=1)
    before = clock.now()
    time.sleep(0.001)
    assert clock.now() > before


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_manual_clock_refuses_what_is_no_step_forward(seconds: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        ManualClock().advance(seconds)


def test_real_clock_ignores_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock()
    before = clock.now()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert 0 <= clock.now() - before < 5
