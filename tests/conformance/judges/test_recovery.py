from email.utils import formatdate
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import exhausted, recovery

from .builder import (
    MARKER,
    anonymous,
    exchange,
    opinions,
    success,
)
from .drained import (
    DRAINED,
    END,
    LEFT,
    REFUSED,
    RESET,
    ROTATED,
    WHOLE,
    over,
    says,
)

# an exhausted key


EXHAUSTED = [*DRAINED, REFUSED]
DISGUISES = ["forwarded:X-Forwarded-For", "query", "slash", "case", "escape", "connection"]


@pytest.mark.parametrize("twist", DISGUISES)
def test_no_disguise_helps(twist: str) -> None:
    assert opinions(exhausted.disguise_works, *EXHAUSTED, over(twist=twist)) == "passed"
    assert opinions(exhausted.disguise_works, *EXHAUSTED, over(200, twist=twist)) == "failed"
    assert opinions(exhausted.disguise_works, over(200, twist=twist)) == "nothing"


def test_a_refusal_afterwards_shows_that_the_window_was_under_way() -> None:
    fresh = {LEFT: "59", RESET: str(END + 60)}
    served = over(200, twist="query", started=59.5, fields=fresh)
    later = says(429, left=0, reset=END, started=59.8)
    assert opinions(exhausted.disguise_works, *EXHAUSTED, served, later) == "failed"
    assert opinions(exhausted.disguise_works, *EXHAUSTED, served) == "nothing"


def test_a_window_that_has_room_again_shows_no_bypass() -> None:
    served = over(200, twist="query", started=30, fields={LEFT: "59", RESET: str(END)})
    again = says(200, left=58, reset=END, started=31)
    assert opinions(exhausted.disguise_works, *EXHAUSTED, served, again) == "nothing"
    assert opinions(exhausted.disguise_works, *EXHAUSTED, served, REFUSED) == "failed"


def test_another_path_may_be_no_route() -> None:
    fresh = {LEFT: "59"}
    asked = [*EXHAUSTED, over(404, twist="slash")]
    assert opinions(exhausted.disguise_works, *asked) == "nothing"
    assert (
        opinions(exhausted.disguise_works, *asked, over(404, twist="case", fields=fresh))
        == "failed"
    )
    unknown = over(429, operation=None, route=None)
    assert opinions(exhausted.disguise_works, *asked, unknown) == "failed"
    assert opinions(exhausted.disguise_works, *EXHAUSTED, unknown) == "nothing"


def test_after_the_reset_nothing_is_over_the_limit() -> None:
    late = over(200, twist="query", started=61)
    assert opinions(exhausted.disguise_works, *EXHAUSTED, late) == "nothing"
    assert opinions(exhausted.works_over_the_limit, *EXHAUSTED, over(200, started=61)) == "nothing"


def test_what_is_admitted_about_the_reset_may_be_in_a_window_of_its_own() -> None:
    served = over(200, operation="createExecution", started=59.5)
    later = says(429, left=0, reset=END, started=59.8)
    assert opinions(exhausted.works_over_the_limit, *EXHAUSTED, served, later) == "nothing"


def test_while_resets_move_nobody_knows_which_window_is_under_way() -> None:
    moving = [says(200, left=59 - n, reset=END + n, started=n + 1.0) for n in range(5)]
    refused = says(429, left=0, reset=END + 4, started=8)
    served = over(404, resource="absent", started=9, fields={LEFT: "0", RESET: str(END + 4)})
    assert opinions(exhausted.works_over_the_limit, *moving, refused, served) == "nothing"
    assert opinions(exhausted.works_over_the_limit, moving[-1], refused, served) == "failed"


def test_an_endpoint_stays_open() -> None:
    opened = over(200, operation="listTestRuns")
    assert opinions(exhausted.endpoint_open, *EXHAUSTED, over(operation="listTestRuns")) == "passed"
    assert opinions(exhausted.endpoint_open, *EXHAUSTED, opened) == "failed"
    assert opinions(exhausted.works_over_the_limit, *EXHAUSTED, opened) == "failed"
    apart = over(200, operation="listTestRuns", fields={LEFT: "7"})  # it has its own counter
    assert opinions(exhausted.works_over_the_limit, *EXHAUSTED, apart) == "nothing"
    early = exchange(429, fields={LEFT: "5"})  # another limit's: the key is not exhausted
    assert opinions(exhausted.works_over_the_limit, early, opened) == "nothing"


@pytest.mark.parametrize(
    "how", [{"defect": "json.cut"}, {"resource": "foreign"}, {"resource": "absent"}]
)
@pytest.mark.parametrize("status", [400, 404])
def test_the_limit_comes_before_the_work(how: dict[str, str], status: int) -> None:
    asked: dict[str, Any] = {"operation": "createExecution", **how}
    judge = exhausted.works_over_the_limit
    assert opinions(judge, *EXHAUSTED, over(**asked)) == "passed"
    assert opinions(judge, *EXHAUSTED, over(status, **asked)) == "failed"
    assert opinions(judge, over(status, **asked)) == "nothing"


def test_an_absent_operation_has_no_limit() -> None:
    absent = exchange(404, operation="listTestRuns")
    asked = [absent, *DRAINED[1:], REFUSED, over(404, operation="listTestRuns")]
    assert opinions(exhausted.works_over_the_limit, *asked) == "nothing"


def test_a_replaced_key_is_not_exhausted() -> None:
    assert opinions(exhausted.works_over_the_limit, *EXHAUSTED, ROTATED, over(401)) == "nothing"


def write(status: int | None, number: int = 17) -> Exchange:
    sent = {"taskSlug": f"{MARKER}-{number}"}
    return exchange(status, operation="createExecution", sent=sent)


def listed(number: int = 17) -> Exchange:
    item = success("createExecution", "project") | {"taskSlug": f"{MARKER}-{number}"}
    return exchange(200, body={"data": [item]})


def test_a_refused_write_is_not_carried_out() -> None:
    judge = exhausted.refused_write_written
    assert opinions(judge, write(429), listed()) == "failed"
    assert opinions(judge, write(429), listed(1)) == "nothing"
    assert opinions(judge, write(None), write(429), listed()) == "nothing"
    assert opinions(judge, listed(), write(429)) == "nothing"


# recovery


def watched(status: int, at: float, **how: Any) -> Exchange:
    return says(status, group="after-reset" if at > 60 else "watch", started=at, **how)


def test_a_key_recovers() -> None:
    asked = [*EXHAUSTED, watched(429, 30), watched(200, 61)]
    assert opinions(recovery.recovery_fails, *asked) == "passed"
    assert opinions(recovery.recovery_fails, *EXHAUSTED, watched(429, 30)) == "nothing"


def test_a_key_does_not_recover() -> None:
    asked = [*EXHAUSTED, watched(429, 30), watched(429, 65, left=0, reset=END)]
    assert opinions(recovery.recovery_fails, *asked) == "failed"


def test_a_key_recovers_early() -> None:
    asked = [*EXHAUSTED, watched(429, 20), watched(200, 40)]
    assert opinions(recovery.recovery_fails, *asked) == "failed"


def test_a_key_recovers_half() -> None:
    asked = [*EXHAUSTED, watched(429, 30), watched(200, 61, left=40)]
    assert opinions(recovery.recovery_fails, *asked) == "failed"


@pytest.mark.parametrize(("first", "opinion"), [(1, "failed"), (2, "passed")])
def test_a_log_counts_right_until_its_first_window_is_over(first: int, opinion: str) -> None:
    """Where Remaining falls oddly from the start, what is left after Reset proves nothing."""
    next_ = {"reset": END + 60, "group": None}
    later = [says(200, left=left, started=62, **next_) for left in (2, 9, 8, 15)]
    start = [DRAINED[0], says(200, left=59 - first), says(200, left=58 - first)]
    asked = [*start, *[exchange(200)] * (WHOLE - 2 - first), REFUSED]
    assert opinions(recovery.recovery_fails, *asked, watched(200, 61, left=3), *later) == opinion


@pytest.mark.parametrize("at", [60.2, 60.9])
def test_a_rounded_reset_may_miss_by_a_second(at: float) -> None:
    early = watched(200, at - 1, left=59, reset=END + 60)
    late = watched(429, at, left=0, reset=END)
    assert opinions(recovery.recovery_fails, *EXHAUSTED, early) == "passed"
    assert opinions(recovery.recovery_fails, *EXHAUSTED, watched(429, 30), late) == "nothing"


def test_a_window_that_admits_again_is_over_too_early_whatever_the_clocks_say() -> None:
    late = watched(429, 59.5)
    asked = [*EXHAUSTED, late, watched(200, 59.8, left=59, reset=END)]
    assert opinions(recovery.recovery_fails, *asked) == "failed"


@pytest.mark.parametrize(("after", "opinion"), [(60, "nothing"), (59, "nothing"), (58, "failed")])
def test_the_next_window_ends_a_whole_one_later(after: int, opinion: str) -> None:
    """Whatever the clocks say; a second may be due to rounding."""
    admitted = watched(200, 59.9, left=59, reset=END + after)
    assert opinions(recovery.windows_overlap, *EXHAUSTED, admitted) == opinion
    assert opinions(recovery.windows_overlap, *DRAINED, admitted) == "nothing"


def test_what_follows_a_reset_that_moves_shows_no_overlap() -> None:
    moving = [says(200, left=59 - n, reset=END + n, started=n + 1.0) for n in range(5)]
    asked = [*moving, says(429, left=0, reset=END + 4), watched(200, 59.9, left=59, reset=END + 9)]
    assert opinions(recovery.windows_overlap, *asked) == "nothing"


def test_any_refusal_after_the_reset_is_too_late() -> None:
    late = over(429, twist="query", started=63)
    assert opinions(recovery.recovery_fails, *EXHAUSTED, late) == "failed"
    admitted = over(200, twist="query", started=63)
    assert opinions(recovery.recovery_fails, *EXHAUSTED, admitted) == "nothing"


def test_a_lost_request_may_have_begun_the_window() -> None:
    lost = exchange(None, started=61, ended=62)
    asked = [*EXHAUSTED, watched(429, 30), lost, watched(200, 63, left=58)]
    assert opinions(recovery.recovery_fails, *asked) == "nothing"


def test_what_was_used_up_since_may_be_refused() -> None:
    negative = [exchange(400, operation="createExecution", defect="json.cut", started=61)]
    asked = [*EXHAUSTED, watched(429, 30), *negative * WHOLE, watched(429, 80)]
    assert opinions(recovery.recovery_fails, *asked) == "nothing"


def test_refusals_are_free() -> None:
    assert opinions(recovery.refusal_pushes, *EXHAUSTED, REFUSED, REFUSED) == "passed"
    assert opinions(recovery.refusal_pushes, *EXHAUSTED) == "nothing"


@pytest.mark.parametrize("by", [2, 30])
def test_a_refusal_pushes_the_reset(by: int) -> None:
    pushed = says(429, left=0, reset=END + by)
    assert opinions(recovery.refusal_pushes, *EXHAUSTED, pushed) == "failed"


@pytest.mark.parametrize("given", ["54", "53", "55", formatdate(END, usegmt=True), None])
def test_a_retry_leads_to_the_reset(given: str | None) -> None:
    asked = exchange(429, fields={"Retry-After": given})
    assert opinions(recovery.retry_after_disagrees, *DRAINED, asked) == "passed"


@pytest.mark.parametrize("given", ["1", "54000", "soon", formatdate(END + 3600, usegmt=True)])
def test_a_retry_leads_elsewhere(given: str) -> None:
    asked = exchange(429, fields={"Retry-After": given})
    assert opinions(recovery.retry_after_disagrees, *DRAINED, asked) == "failed"


def test_a_stranger_is_told_nothing_of_a_keys_window() -> None:
    stranger = anonymous(429, fields={"Retry-After": "1"})
    assert opinions(recovery.retry_after_disagrees, stranger) == "nothing"
    assert opinions(recovery.retry_after_disagrees, exchange(200)) == "nothing"


def test_what_another_probe_asks_first_shows_that_it_recovered() -> None:
    """As where several workers use one key: which of them comes first after Reset, is chance."""
    late, early = (
        exchange(200, operation="listTestRuns", started=at, ended=at + 0.1) for at in (61, 40)
    )
    refused = (*EXHAUSTED, watched(429, 30))
    assert opinions(recovery.recovery_fails, *refused, late) == "passed"
    assert opinions(recovery.recovery_fails, *refused, early) == "nothing"
