from email.utils import formatdate
from typing import Any

import pytest

from conformance.finding import Judge
from conformance.judges import rate, remaining

from .builder import CONTRACT, UNIX, exchange, findings, opinions
from .drained import DRAINED, END, LEFT, LIMIT, REFUSED, RESET, WHOLE, at_once, says

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


def test_a_disguise_that_has_a_window_of_its_own_moves_no_other() -> None:
    asked = [says(reset=END), says(reset=END + 5, started=20, twist="query")]
    assert opinions(rate.reset_moved, *asked) == "nothing"


def test_a_window_goes_on_after_its_reset() -> None:
    early = [says(left=59 - n, reset=UNIX + 5 * n, started=5.0 * n) for n in range(5)]
    assert opinions(rate.reset_passed, *early) == "failed"
    assert opinions(rate.reset_passed, *early[:3]) == "nothing"
    anew = [says(left=59, reset=UNIX + 5 * n, started=5.0 * n) for n in range(5)]
    assert opinions(rate.reset_passed, *anew) == "nothing"
    assert opinions(rate.reset_passed, *DRAINED) == "nothing"


def test_what_leaves_the_whole_limit_begins_no_window() -> None:
    """Libraries say so of a window that is over; what follows is the first of another one."""
    over = [says(left=WHOLE, reset=UNIX + 10 * n + 1, started=10.0 * n) for n in range(5)]
    anew = [says(left=WHOLE - 1, reset=UNIX + 90, started=10.0 * n + 5) for n in range(5)]
    asked = [one for both in zip(over, anew, strict=True) for one in both]
    assert opinions(rate.reset_passed, *asked) == "nothing"


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


def test_a_promise_is_broken_by_a_refusal_that_tells_nothing() -> None:
    mute = exchange(429, fields=dict.fromkeys((LIMIT, LEFT, RESET)))
    assert opinions(remaining.promise_broken, *DRAINED[:50], mute) == "failed"
    late = exchange(429, fields=dict.fromkeys((LIMIT, LEFT, RESET)), started=61)
    assert opinions(remaining.promise_broken, *DRAINED[:50], late) == "nothing"


def test_a_promise_is_for_its_window_only() -> None:
    asked = [*DRAINED[:50], says(429, left=0, reset=END + 60, started=61)]
    assert opinions(remaining.promise_broken, *asked) == "nothing"


def test_lost_requests_may_have_been_counted() -> None:
    asked = [*DRAINED[:58], exchange(None), exchange(None), REFUSED]
    assert opinions(remaining.promise_broken, *asked) == "passed"


def test_what_is_under_way_may_have_been_counted() -> None:
    assert opinions(remaining.promise_broken, *at_once(80, WHOLE), REFUSED) == "nothing"
