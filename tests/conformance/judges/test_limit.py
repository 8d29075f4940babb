"""That the limit is kept, and what a refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import instead, limit, recovery

from .builder import exchange, opinions
from .drained import DRAINED, END, LEFT, LIMIT, REFUSED, RESET, WHOLE, at_once, says

# the limit


def test_the_first_over_the_limit_is_refused() -> None:
    assert opinions(limit.limit_exceeded, *DRAINED, REFUSED) == "passed"
    assert opinions(limit.limit_exceeded, *DRAINED) == "nothing"


def bare(count: int, seconds: float, last: int = 200) -> list[Exchange]:
    """So many answers in so many seconds that tell nothing of a window."""
    none = dict.fromkeys((LIMIT, LEFT, RESET))
    times = [at * seconds / count for at in range(count)]
    statuses = [*[200] * (count - 1), last]
    return [
        exchange(status, fields=none, started=at, ended=at)
        for status, at in zip(statuses, times, strict=True)
    ]


def test_a_key_without_a_window_has_no_limit_if_two_windows_do_not_hold_what_was_admitted() -> None:
    assert opinions(limit.never_refused, *bare(2 * WHOLE + 1, 58)) == "failed"
    assert opinions(limit.never_refused, *bare(2 * WHOLE, 58)) == "nothing"
    assert opinions(limit.never_refused, *bare(2 * WHOLE + 1, 61)) == "nothing"
    assert opinions(limit.never_refused, *bare(2 * WHOLE + 2, 50, last=429)) == "nothing"
    assert opinions(limit.never_refused, *DRAINED, *DRAINED, exchange(200)) == "nothing"


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_the_first_over_the_limit_is_admitted(status: int) -> None:
    assert opinions(limit.limit_exceeded, *DRAINED, exchange(status)) == "failed"


def test_one_is_admitted_after_a_refusal() -> None:
    assert opinions(limit.limit_exceeded, *DRAINED, REFUSED, exchange(200)) == "failed"


def test_a_refusal_has_its_code() -> None:
    other = exchange(429, body={"error": {"code": "SLOW_DOWN", "message": "no"}})
    bare = exchange(429, body=b"no")
    assert opinions(limit.limit_exceeded, *DRAINED, other) == "failed"
    assert opinions(limit.limit_exceeded, *DRAINED, bare) == "passed"


AGAIN = exchange(200, started=61)


@pytest.mark.parametrize("status", [401, 403, 503])
def test_what_is_over_the_limit_is_refused_with_another_status(status: int) -> None:
    refused = exchange(status)
    judge = instead.refused_otherwise
    assert opinions(judge, *DRAINED, *[refused] * 3, AGAIN) == "failed"
    assert opinions(judge, *DRAINED, *[refused] * 2, AGAIN) == "nothing"
    assert opinions(judge, *DRAINED, *[refused] * 3) == "nothing"  # a key that died
    assert opinions(judge, *DRAINED[:9], refused, *DRAINED[9:], *[refused] * 3, AGAIN) == "nothing"


def test_a_window_that_rolls_over_is_another_count() -> None:
    rolled = exchange(200, started=61)
    assert opinions(limit.limit_exceeded, *DRAINED, rolled) == "nothing"


def test_a_remaining_that_is_miscounted_shows_no_end_of_a_window() -> None:
    rounded = [says(200, left=(59 - n) // 10 * 10) for n in range(WHOLE)]
    assert opinions(limit.limit_exceeded, *rounded, REFUSED) != "failed"


def test_what_is_admitted_about_the_reset_may_be_in_a_window_of_its_own() -> None:
    late = says(200, left=0, reset=END, started=59.5)
    assert opinions(limit.limit_exceeded, *DRAINED, late) == "nothing"
    later = [says(200, left=0, reset=END, started=59.1 + n / 10, ended=59.2) for n in range(3)]
    assert opinions(limit.burst_over_admitted, *at_once(80, WHOLE), *later) == "passed"


def test_lost_requests_only_shorten_the_count() -> None:
    asked = [*DRAINED[:58], exchange(None), says(429, left=0)]
    assert opinions(limit.limit_exceeded, *asked) == "nothing"


def test_what_was_lost_hides_no_refusal_of_a_window_that_is_used_up() -> None:
    asked = [*DRAINED[:58], exchange(None), says(200, left=0)]
    assert opinions(limit.limit_exceeded, *asked, says(429, left=0)) == "passed"
    assert opinions(limit.limit_exceeded, *asked, says(429, left=0, reset=END + 60)) == "nothing"
    assert opinions(limit.limit_exceeded, *asked, says(429, left=0, group="burst:1")) == "nothing"


# a refusal's fields


def test_a_refusal_tells_of_the_window() -> None:
    assert opinions(limit.refusal_misinforms, *DRAINED, REFUSED) == "passed"
    assert opinions(limit.refusal_misinforms, REFUSED) == "nothing"
    silent = exchange(429, fields=dict.fromkeys((LIMIT, LEFT, RESET)))
    assert opinions(limit.refusal_misinforms, silent) == "failed"


@pytest.mark.parametrize("wrong", [{"left": 3}, {"reset": END - 20}, {"left": "x"}])
def test_a_refusal_misinforms(wrong: dict[str, Any]) -> None:
    assert opinions(limit.refusal_misinforms, *DRAINED, says(429, **wrong)) == "failed"


def refusals(*resets: int) -> list[Exchange]:
    """Refusals, ten seconds apart, with these Resets."""
    times = range(10, 10 + 10 * len(resets), 10)
    return [
        says(429, left=0, reset=reset, started=at) for at, reset in zip(times, resets, strict=True)
    ]


@pytest.mark.parametrize("late", [1, 20])
def test_refusals_that_say_one_later_reset_misinform(late: int) -> None:
    asked = [*DRAINED, *refusals(*[END + late] * 3)]
    assert opinions(limit.refusal_misinforms, *asked) == "failed"
    assert opinions(recovery.refusal_pushes, *asked) == "nothing"


def test_refusals_whose_reset_moves_push_it() -> None:
    asked = [*DRAINED, *refusals(END + 10, END + 20, END + 30)]
    assert opinions(limit.refusal_misinforms, *asked) == "passed"
    assert opinions(recovery.refusal_pushes, *asked) == "failed"


def told(*resets: int) -> list[Exchange]:
    """Refusals just after another, with these Resets, of a window that is used up."""
    return [*DRAINED, *(says(429, left=0, reset=reset) for reset in resets)]


def test_a_window_that_ends_as_announced_was_not_pushed_back_by_refusals() -> None:
    admitted = says(left=59, reset=END + 60, started=61)
    asked = [*told(END + 10, END + 20), admitted]
    assert opinions(limit.refusal_misinforms, *asked) == "failed"
    assert opinions(recovery.refusal_pushes, *asked) == "nothing"


def test_a_window_that_goes_on_after_it_was_to_end_was_pushed_back() -> None:
    asked = [*told(END + 20), says(429, left=0, reset=END + 20, started=62)]
    assert opinions(limit.refusal_misinforms, *asked) == "passed"
    assert opinions(recovery.refusal_pushes, *asked) == "failed"


def test_a_second_too_late_is_told_and_not_pushed() -> None:
    assert opinions(limit.refusal_misinforms, *told(END + 1)) == "failed"
    assert opinions(recovery.refusal_pushes, *told(END + 1)) == "nothing"


def test_a_request_is_served_in_a_window_that_is_used_up() -> None:
    served = says(202, left=0, group="exhausted", started=20)
    assert opinions(limit.limit_exceeded, *DRAINED, REFUSED, served) == "failed"
    apart = says(202, left=40, group="exhausted", started=20)
    assert opinions(limit.limit_exceeded, *DRAINED, REFUSED, apart) == "passed"


def test_a_refusal_in_a_window_that_others_began() -> None:
    asked = [exchange(200), says(429, left=0, reset=END + 60, started=61)]
    assert opinions(limit.refusal_misinforms, *asked) == "passed"
    assert opinions(recovery.refusal_pushes, *asked) == "nothing"


def test_a_reset_that_goes_back_is_told_and_not_pushed() -> None:
    asked = told(END + 10, END, END + 20, END)
    assert opinions(limit.refusal_misinforms, *asked) == "failed"
    assert opinions(recovery.refusal_pushes, *asked) != "failed"


# at once


def test_a_burst_is_admitted_up_to_the_limit() -> None:
    assert opinions(limit.burst_over_admitted, *at_once(80, WHOLE)) == "passed"
    assert opinions(limit.burst_over_admitted, *at_once(20, 20)) == "nothing"
    assert opinions(limit.burst_over_admitted, *DRAINED, REFUSED) == "nothing"


def test_a_burst_is_admitted_beyond_the_limit() -> None:
    assert opinions(limit.burst_over_admitted, *at_once(80, WHOLE + 1)) == "failed"


def test_what_a_disguise_lets_in_is_not_the_bursts() -> None:
    burst = at_once(80, WHOLE)
    after = burst[-1].ended + 1
    disguised = says(left=0, reset=END, started=after, ended=after, twist="forwarded:x")
    assert opinions(limit.burst_over_admitted, *burst, disguised) == "passed"
    plain = says(left=0, reset=END, started=after, ended=after)
    assert opinions(limit.burst_over_admitted, *burst, plain) == "failed"


def test_a_limit_that_is_one_too_high_is_not_the_bursts() -> None:
    alone = [says(left=60 - n, reset=END - 60) for n in range(61)]
    lone = [*alone, says(429, left=0, reset=END - 60)]
    assert opinions(limit.burst_over_admitted, *lone, *at_once(80, WHOLE + 1, at=20)) == "passed"


def test_a_burst_over_two_windows_is_two_counts() -> None:
    first, second = at_once(80, WHOLE)[20:], at_once(40, 40)
    later = [says(left=10, reset=END + 60, started=one.started, ended=one.ended) for one in second]
    assert opinions(limit.burst_over_admitted, *first, *later) == "nothing"
