from dataclasses import replace
from typing import Any

import pytest

from conformance.budget import MARGIN, Budget, ServerClock, Window
from conformance.exchange import Exchange
from tests.conformance.judges.builder import CONTRACT, UNIX, exchange

LIMIT = CONTRACT.rate_limit
KEY = "project#1"


def at(
    second: float, status: int = 200, left: int | None = 59, reset: float = 60, **how: Any
) -> Exchange:
    """An answer that came at a second of the run's clock, with its window's end."""
    fields = {
        LIMIT.remaining_field: None if left is None else str(left),
        LIMIT.reset_field: str(int(UNIX + reset)),
        "Date": how.pop("date", None),
    }
    return exchange(status, started=second, ended=second, fields=fields | how.pop("fields", {}))


def budget(*seen: Exchange) -> Budget:
    made = Budget(LIMIT, ServerClock(UNIX))
    for one in seen:
        made.see(one)
    return made


def test_an_unknown_key_has_a_whole_window() -> None:
    assert budget().remaining(KEY, 0) == LIMIT.limit
    assert budget().reopens(KEY, 7) == 7
    assert not budget().exhausted(KEY, 0)


def test_a_key_in_another_form_may_be_refused_as_a_strangers() -> None:
    refused = at(2, 429, left=0)
    refused = replace(refused, tags=replace(refused.tags, form="scheme:bare"))
    assert budget(at(1, left=17), refused).remaining(KEY, 3) == 17


def test_what_is_left_is_what_the_answer_says() -> None:
    found = budget(at(1, left=17))
    assert found.remaining(KEY, 2) == 17
    assert found.reopens(KEY, 2) == 60 + MARGIN


def test_without_a_count_it_counts_itself() -> None:
    assert budget(at(1, left=None), at(2, left=None)).remaining(KEY, 3) == LIMIT.limit - 2


def test_answers_to_what_was_sent_at_once_come_in_any_order() -> None:
    both = [replace(at(1, left=left), ended=2.0) for left in (16, 17)]
    assert budget(*both).remaining(KEY, 3) == 16
    assert budget(*both, at(3, left=20)).remaining(KEY, 4) == 20


def test_a_refusal_exhausts_the_window_until_it_ends() -> None:
    found = budget(at(1, 429, left=5))
    assert (found.remaining(KEY, 2), found.exhausted(KEY, 2)) == (0, True)
    assert (found.remaining(KEY, 61), found.exhausted(KEY, 61)) == (LIMIT.limit, False)


def test_an_answer_after_a_refusal_opens_another() -> None:
    found = budget(at(1, 429), at(2, left=59, reset=62))
    assert not found.exhausted(KEY, 3)
    assert found.remaining(KEY, 3) == 59


def test_a_401_tells_nothing_of_a_window() -> None:
    assert budget(at(1, 401, left=3)).remaining(KEY, 2) == LIMIT.limit


def test_more_than_the_limit_is_not_believed() -> None:
    assert budget(at(1, left=9999)).remaining(KEY, 2) == LIMIT.limit


@pytest.mark.parametrize("reset", [-1000, 1e6, 1e12])
def test_a_reset_without_sense_is_not_waited_for(reset: float) -> None:
    assert budget(at(1, reset=reset)).reopens(KEY, 1) == 1 + LIMIT.window


def test_another_worker_knows_the_same() -> None:
    one, other = budget(at(1, left=17)), budget()
    other.learn({label: Window(*told) for label, told in one.brief().items()})
    assert other.remaining(KEY, 2) == 17


# the server's clock


def test_it_is_this_machines_until_the_server_says_more() -> None:
    assert ServerClock(UNIX).run_time(UNIX + 5) == 5


def test_a_date_shows_a_clock_that_lags() -> None:
    clock = ServerClock(UNIX)
    clock.see(at(10, date="Tue, 14 Nov 2023 22:13:00 GMT"))  # UNIX - 20
    assert clock.run_time(UNIX) == 30


def test_the_latest_date_counts() -> None:
    clock = ServerClock(UNIX)
    for second, date in ((10.9, "22:13:30"), (11.0, "22:13:31"), (11.9, "22:13:31")):
        clock.see(at(second, date=f"Tue, 14 Nov 2023 {date} GMT"))  # UNIX + 10, UNIX + 11
    assert clock.run_time(UNIX + 20) == 20


def test_no_date_teaches_nothing() -> None:
    clock = ServerClock(UNIX)
    clock.see(at(10, date="yesterday"))
    clock.see(exchange(None, started=0, ended=1))
    assert clock.run_time(UNIX) == 0
