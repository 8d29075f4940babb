import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import pace as paces
from conformance.pace import Pace, pace_of, slow, thrifty
from conformance.target import Target
from tests.conformance.judges.builder import CONTRACT

TARGET = Target(base_url="http://x", parties={})


class Watch:
    """A clock that only its own sleep moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(paces, "time", watch)
    return watch


def starts(pace: Pace, watch: Watch, count: int, at_once: int = 1) -> list[float]:
    """When requests began, in seconds after the first could have."""
    found = []
    for _ in range(count):
        pace.reserve(at_once)
        found.append(round(watch.now - 100, 2))
    return found


def test_no_second_has_more_than_allowed(watch: Watch) -> None:
    assert starts(Pace(2), watch, 5) == [0, 0, 1, 1, 2]


def test_less_than_one_a_second(watch: Watch) -> None:
    assert starts(Pace(0.5), watch, 3) == [0, 2, 4]


def test_without_a_pace_nothing_waits(watch: Watch) -> None:
    assert starts(Pace(None), watch, 99) == [0] * 99
    assert Pace(None).burst is None


def test_requests_at_once_wait_for_room_for_all(watch: Watch) -> None:
    assert starts(Pace(4), watch, 3, at_once=3) == [0, 1, 2]


def test_more_at_once_than_the_pace_take_what_there_is(watch: Watch) -> None:
    assert starts(Pace(4), watch, 2, at_once=9) == [0, 1]
    assert Pace(4).burst == 4


def test_workers_keep_one_pace_together(watch: Watch, tmp_path: Path) -> None:
    shared = tmp_path / "pace"
    shared.touch()
    one, other = Pace(2, shared), Pace(2, shared)
    assert starts(one, watch, 1) + starts(other, watch, 2) + starts(one, watch, 1) == [0, 0, 1, 1]


def test_the_others_leave_what_the_first_waits_for(watch: Watch, tmp_path: Path) -> None:
    shared = tmp_path / "pace"
    shared.touch()
    first, other = Pace(4, shared), Pace(4, shared)
    first.first = True
    assert starts(other, watch, 2) + starts(first, watch, 1) == [0, 0, 0]
    watch.sleep(0.5)
    assert first._take(3) > 0  # it waits for room for three
    assert other._take(1) > 0  # there is room for one, but not for four
    watch.sleep(0.5)
    assert first._take(3) == 0
    assert other._take(1) == 0


def test_the_pace_is_kept_by_threads_too(watch: Watch) -> None:
    pace, began = Pace(3), []

    def start() -> None:
        pace.reserve()
        began.append(watch.now)

    threads = [threading.Thread(target=start) for _ in range(9)]
    for step in ("start", "join"):
        for thread in threads:
            run: Callable[[], None] = getattr(thread, step)
            run()
    assert [began.count(second) for second in (100.0, 101.0, 102.0)] == [3, 3, 3]


def test_the_owner_says_how_fast() -> None:
    asked = Target(base_url="http://x", parties={}, max_requests_per_second=3)
    assert pace_of(CONTRACT, asked) == 3


def test_an_embedded_server_has_no_pace() -> None:
    own = Target(base_url="http://x", parties={}, control="http://x/control")
    assert (pace_of(CONTRACT, own), thrifty(CONTRACT, own)) == (None, False)


def test_a_short_window_needs_a_quicker_one() -> None:
    assert pace_of(CONTRACT, TARGET) == paces.REQUESTS_PER_SECOND
    assert pace_of(CONTRACT.limited(60, 2), TARGET) == 120


def test_a_long_window_is_not_outlasted() -> None:
    assert thrifty(CONTRACT, TARGET)
    assert thrifty(CONTRACT.limited(60, 5), replace(TARGET, thrifty=True))
    assert not thrifty(CONTRACT.limited(60, 5), TARGET)


def test_a_short_window_is_outlasted_by_a_minute_at_most() -> None:
    slowly = replace(TARGET, max_requests_per_second=20)
    assert thrifty(CONTRACT.limited(60, 5), slowly)
    assert not thrifty(CONTRACT.limited(60, 5), replace(slowly, max_requests_per_second=40))
    assert paces.ample(CONTRACT.limited(60, 5)) == 40


def test_it_is_said_why_less_is_tried() -> None:
    slowly = replace(TARGET, max_requests_per_second=20)
    short = CONTRACT.limited(60, 5)
    assert paces.spared(short, TARGET, 0.002) is None
    assert "20 requests a second are allowed; max_requests_per_second = 40 lets" in (
        paces.spared(short, slowly, 0.002) or ""
    )
    assert "an answer took 50 ms" in (paces.spared(short, TARGET, 0.05) or "")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "localhost"])
def test_a_server_on_this_machine_need_not_be_spared(host: str) -> None:
    local = replace(TARGET, base_url=f"http://{host}")
    assert pace_of(CONTRACT, local) == paces.LOCAL
    assert not thrifty(CONTRACT, local)
    assert thrifty(CONTRACT, replace(local, max_requests_per_second=20))


def test_slow_answers_are_waited_for_no_longer_than_a_run_may_take() -> None:
    assert [slow(CONTRACT, answer) for answer in (0.002, 0.05)] == [False, True]
    assert [slow(CONTRACT.limited(60, 5), answer) for answer in (0.02, 0.05)] == [False, True]
