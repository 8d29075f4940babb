import math
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from reference_server.windows import Windows


def test_a_window_counts_down_and_then_refuses() -> None:
    windows = Windows(2, 60)
    taken = [windows.take("key", 100.0) for _ in range(3)]
    assert [window.remaining for window in taken] == [1, 0, 0]
    assert [window.admitted for window in taken] == [True, True, False]


def test_a_window_ends_at_the_second_that_it_announced() -> None:
    windows = Windows(1, 60)
    reset = windows.take("key", 100.3).reset
    assert reset == 161
    assert not windows.take("key", 160.999).admitted
    assert windows.take("key", 161.0).admitted


def test_refusals_do_not_move_the_end() -> None:
    windows = Windows(1, 60)
    resets = {windows.take("key", 100.0 + second).reset for second in range(59)}
    assert resets == {160}


def test_counters_are_apart() -> None:
    windows = Windows(1, 60)
    windows.take("key", 100.0)
    assert windows.take("other", 100.0).admitted


def test_looking_counts_nothing() -> None:
    windows = Windows(1, 60)
    assert windows.peek("key", 100.0) == windows.peek("key", 100.0)
    assert windows.take("key", 100.0).admitted


def test_threads_are_never_admitted_beyond_the_limit() -> None:
    windows = Windows(60, 60)
    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(lambda _: windows.take("key", 100.0), range(500)))
    assert sum(window.admitted for window in taken) == 60
    assert sorted(window.used for window in taken) == list(range(1, 501))


@given(st.lists(st.floats(0, 30), min_size=1, max_size=80), st.integers(1, 5), st.integers(1, 60))
def test_no_window_admits_more_than_its_limit(steps: list[float], limit: int, seconds: int) -> None:
    windows, now, admitted = Windows(limit, seconds), 1e9, dict[int, int]()
    for step in steps:
        now += step
        window = windows.take("key", now)
        assert now < window.reset <= math.ceil(now + seconds)
        admitted[window.reset] = admitted.get(window.reset, 0) + window.admitted
    assert max(admitted.values()) <= limit
