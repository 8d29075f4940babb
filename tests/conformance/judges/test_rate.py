from email.utils import formatdate
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Judge
from conformance.history import Event
from conformance.judges import instead, limit, rate, recovery, remaining, renewed

from .builder import (
    CONTRACT,
    UNIX,
    exchange,
    findings,
    opinions,
)
from .drained import (
    DRAINED,
    END,
    LEFT,
    LIMIT,
    REFUSED,
    RESET,
    ROTATED,
    WHOLE,
    says,
)

# the three fields


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
@pytest.mark.parametrize("name", CONTRACT.rate_limit.fields)
def test_every_response_carries_the_fields(status: int, name: str) -> None:
    assert opinions(rate.headers_missing, exchange(status)) == "passed"
    assert opinions(rate.headers_missing, exchange(status, fields={name: None})) == "failed"


@pytest.mark.parametrize("judge", [rate.headers_missing, rate.headers_malformed, rate.limit_wrong])
def test_what_is_not_the_applications_has_no_fields(judge: Judge) -> None:
    layer = exchange(200, operation=None, method="OPTIONS", fields={LIMIT: None})
    gateway = exchange(503, fields={LIMIT: "x"})
    assert opinions(judge, exchange(None), layer) == "nothing"
    assert opinions(judge, gateway, exchange(200, repeats=1)) == "passed"


@pytest.mark.parametrize("value", ["-1", "59.0", "60, 60", "", "x", "1e3", "9" * 20])
def test_a_field_is_a_number(value: str) -> None:
    assert opinions(rate.headers_malformed, exchange(200)) == "passed"
    assert opinions(rate.headers_malformed, exchange(200, fields={LEFT: value})) == "failed"


def test_a_field_is_given_once() -> None:
    twice = exchange(200, fields={LEFT: ["59", "59"]})
    assert opinions(rate.headers_malformed, twice) == "failed"


def test_a_missing_field_is_not_malformed() -> None:
    bare = exchange(200, fields=dict.fromkeys(CONTRACT.rate_limit.fields))
    assert opinions(rate.headers_malformed, bare) == "nothing"
    assert opinions(rate.limit_wrong, bare) == "nothing"


def test_one_finding_for_each_status_and_field() -> None:
    asked = [exchange(200, fields={LIMIT: None})] * 3 + [exchange(404, fields={LIMIT: None})]
    assert len(findings(rate.headers_missing, *asked)) == 2


@pytest.mark.parametrize("status", [200, 401, 429])
def test_the_limit_is_the_documented_one(status: int) -> None:
    assert opinions(rate.limit_wrong, exchange(status)) == "passed"
    assert opinions(rate.limit_wrong, exchange(status, fields={LIMIT: "100"})) == "failed"


# Reset


@pytest.mark.parametrize("reset", [END * 1000, 60, UNIX - 5, UNIX + 3660, END + 5])
def test_a_reset_is_a_time_to_come(reset: int) -> None:
    assert opinions(rate.reset_implausible, exchange(200)) == "passed"
    assert opinions(rate.reset_implausible, says(reset=reset)) == "failed"


def test_a_reset_may_be_rounded() -> None:
    late = says(reset=UNIX + 60, started=60.7, ended=60.8)
    assert opinions(rate.reset_implausible, says(reset=END), late) == "passed"
    assert opinions(rate.reset_implausible, says(reset=END + 1)) == "passed"


def test_a_skewed_clock_is_the_servers_own() -> None:
    date = formatdate(UNIX + 7200, usegmt=True)
    skewed = exchange(200, fields={"Date": date, RESET: str(END + 7200)})
    assert opinions(rate.reset_implausible, skewed) == "passed"


def test_without_a_date_the_resets_themselves_tell_the_time() -> None:
    undated: dict[str, Any] = {"fields": {"Date": None, RESET: str(END + 30)}}
    asked = [exchange(200, **undated), exchange(200, **undated)]
    header = {"unix_offset": UNIX}
    assert opinions(rate.reset_implausible, *asked, header=header) == "passed"
    assert opinions(rate.reset_implausible, *asked) == "doubtful"


def test_a_clock_that_contradicts_itself_leaves_a_doubt() -> None:
    stopped = {"Date": formatdate(UNIX, usegmt=True)}
    asked = [exchange(200, fields=stopped), exchange(200, fields=stopped, started=30)]
    assert opinions(rate.reset_implausible, *asked) == "doubtful"
    assert opinions(rate.reset_moved, *asked) == "nothing"


def test_a_reset_stands_still() -> None:
    assert opinions(rate.reset_moved, exchange(200), exchange(200, started=20)) == "passed"
    assert opinions(rate.reset_moved, exchange(200), exchange(200)) == "nothing"


@pytest.mark.parametrize("by", [1, 5, -5])
def test_a_reset_moves(by: int) -> None:
    asked = [says(reset=END), says(reset=END + by, started=20)]
    assert opinions(rate.reset_moved, *asked) == "failed"


def test_a_window_goes_on_after_its_reset() -> None:
    early = [says(left=59 - n, reset=UNIX + 5 * n, started=5.0 * n) for n in range(5)]
    assert opinions(rate.reset_passed, *early) == "failed"
    assert opinions(rate.reset_passed, *early[:3]) == "nothing"
    anew = [says(left=59, reset=UNIX + 5 * n, started=5.0 * n) for n in range(5)]
    assert opinions(rate.reset_passed, *anew) == "nothing"
    assert opinions(rate.reset_passed, *DRAINED) == "nothing"


def test_a_reset_slides_although_the_count_goes_on() -> None:
    late = [says(left=59 - n, reset=END + n, started=59.0 + n) for n in range(4)]
    assert opinions(rate.reset_slides, *late) == "failed"
    assert opinions(rate.reset_slides, *late[:3]) == "nothing"
    anew = [says(left=59, reset=END + n, started=59.0 + n) for n in range(4)]
    assert opinions(rate.reset_slides, *anew) == "nothing"
    flickering = [says(left=59 - n, reset=END + n % 2, started=59.0 + n) for n in range(6)]
    assert opinions(rate.reset_slides, *flickering) == "nothing"


@pytest.mark.parametrize("given", [formatdate(END, usegmt=True), "2023-11-14T22:14:20Z"])
def test_a_reset_is_no_written_time(given: str) -> None:
    assert opinions(rate.reset_implausible, says(reset=given)) == "failed"
    assert opinions(rate.reset_implausible, says(reset="soon")) == "nothing"


@pytest.mark.parametrize("end", [END, END - 25])  # from the first request, or by the clock
def test_the_next_window_has_another_reset(end: int) -> None:
    asked = [says(reset=end), says(reset=end + 60, started=end - UNIX + 0.1)]
    assert opinions(rate.reset_moved, *asked) == "nothing"


def test_a_reset_rounded_up_may_come_early() -> None:
    asked = [says(reset=END + 1), says(reset=END + 61, started=60.2)]
    assert opinions(rate.reset_moved, *asked) == "nothing"


# Remaining is honest


def test_a_promise_is_kept() -> None:
    assert opinions(remaining.promise_broken, *DRAINED, REFUSED) == "passed"
    assert opinions(remaining.promise_broken, exchange(200), exchange(200)) == "nothing"


def test_a_promise_is_broken() -> None:
    assert opinions(remaining.promise_broken, *DRAINED[:50], REFUSED) == "failed"


def test_a_promise_is_for_its_window_only() -> None:
    asked = [*DRAINED[:50], says(429, left=0, reset=END + 60, started=61)]
    assert opinions(remaining.promise_broken, *asked) == "nothing"


def test_lost_requests_may_have_been_counted() -> None:
    asked = [*DRAINED[:58], exchange(None), exchange(None), REFUSED]
    assert opinions(remaining.promise_broken, *asked) == "passed"


def at_once(size: int, admitted: int, at: float = 1) -> list[Exchange]:
    """A burst in which some are admitted; the last to begin are the first to be answered."""
    return [
        says(
            200 if n < admitted else 429,
            left=max(0, admitted - 1 - n),
            reset=END,
            started=at + n / 1000,
            ended=at + 1 + n / 1000,
            group="burst:1",
        )
        for n in range(size)
    ][::-1]


def test_what_is_under_way_may_have_been_counted() -> None:
    assert opinions(remaining.promise_broken, *at_once(80, WHOLE), REFUSED) == "nothing"


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


def test_lost_requests_only_shorten_the_count() -> None:
    asked = [*DRAINED[:58], exchange(None), says(429, left=0)]
    assert opinions(limit.limit_exceeded, *asked) == "nothing"


# a refusal's fields


def test_a_refusal_tells_of_the_window() -> None:
    assert opinions(limit.refusal_misinforms, *DRAINED, REFUSED) == "passed"
    assert opinions(limit.refusal_misinforms, REFUSED) == "nothing"


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


# at once


def test_a_burst_is_admitted_up_to_the_limit() -> None:
    assert opinions(limit.burst_over_admitted, *at_once(80, WHOLE)) == "passed"
    assert opinions(limit.burst_over_admitted, *at_once(20, 20)) == "nothing"
    assert opinions(limit.burst_over_admitted, *DRAINED, REFUSED) == "nothing"


def test_a_burst_is_admitted_beyond_the_limit() -> None:
    assert opinions(limit.burst_over_admitted, *at_once(80, WHOLE + 1)) == "failed"


def test_a_limit_that_is_one_too_high_is_not_the_bursts() -> None:
    alone = [says(left=60 - n, reset=END - 60) for n in range(61)]
    lone = [*alone, says(429, left=0, reset=END - 60)]
    assert opinions(limit.burst_over_admitted, *lone, *at_once(80, WHOLE + 1, at=20)) == "passed"


def test_a_burst_over_two_windows_is_two_counts() -> None:
    first, second = at_once(80, WHOLE)[20:], at_once(40, 40)
    later = [says(left=10, reset=END + 60, started=one.started, ended=one.ended) for one in second]
    assert opinions(limit.burst_over_admitted, *first, *later) == "nothing"


# a new key, a revoked key


def new(status: int = 200, **how: Any) -> Exchange:
    return says(status, key="project#2", **how)


def test_a_new_key_has_a_window_of_its_own() -> None:
    assert opinions(renewed.new_key_half_used, *DRAINED, ROTATED, new()) == "passed"
    assert opinions(renewed.new_key_half_used, exchange(200), ROTATED) == "nothing"


@pytest.mark.parametrize(("status", "left"), [(200, 30), (200, 58), (429, 0)])
def test_a_new_key_goes_on_with_the_old_ones(status: int, left: int) -> None:
    assert opinions(renewed.new_key_half_used, ROTATED, new(status, left=left)) == "failed"


def test_a_new_keys_first_request_may_be_lost() -> None:
    asked: list[Exchange | Event] = [ROTATED, exchange(None, key="project#2"), new(left=58)]
    assert opinions(renewed.new_key_half_used, *asked) == "nothing"


def test_given_keys_may_be_in_use() -> None:
    assert opinions(renewed.new_key_half_used, says(left=30)) == "nothing"


def test_a_revoked_key_is_unknown_even_if_exhausted() -> None:
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED]
    assert opinions(renewed.revoked_still_limited, *asked, exchange(401)) == "passed"
    assert opinions(renewed.revoked_still_limited, *asked, REFUSED) == "failed"
    assert opinions(renewed.revoked_still_limited, *asked) == "nothing"
    assert opinions(renewed.revoked_still_limited, *asked, exchange(401, started=70)) == "nothing"


def test_a_key_that_was_never_admitted_is_not_exhausted() -> None:
    """Two were generated at once: this one was dead when it was first used, among strangers."""
    assert opinions(renewed.revoked_still_limited, REFUSED, ROTATED, REFUSED) == "nothing"


def test_a_limit_of_an_address_is_another_one() -> None:
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED, says(429, left=0, reset=END + 3)]
    assert opinions(renewed.revoked_still_limited, *asked) == "doubtful"


def test_a_limit_of_strangers_may_end_at_the_same_time() -> None:
    stranger = says(429, left=0, reset=END, key=None, credential="anonymous")
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED, stranger, REFUSED]
    assert opinions(renewed.revoked_still_limited, *asked) == "doubtful"
    assert opinions(renewed.revoked_still_limited, *asked, exchange(401)) == "passed"


def test_a_reset_that_goes_back_is_told_and_not_pushed() -> None:
    asked = told(END + 10, END, END + 20, END)
    assert opinions(limit.refusal_misinforms, *asked) == "failed"
    assert opinions(recovery.refusal_pushes, *asked) != "failed"
