from email.utils import formatdate
from typing import Any

from conformance.exchange import Exchange
from conformance.judges import windows

from .builder import CONTRACT, UNIX, exchange, history

RESET = CONTRACT.rate_limit.reset_field


def places(*asked: Exchange) -> list[tuple[int, bool]]:
    """Place and aloneness of each answer that the key's counter had a part in."""
    spots = windows.spots(CONTRACT, history(*asked))["project#1"]
    return [(one.place, one.alone) for one in spots]


def pairs(*asked: Exchange) -> list[tuple[int, int]]:
    """The numbers of neighbours."""
    spots = windows.spots(CONTRACT, history(*asked))["project#1"]
    return [(a.exchange.number, b.exchange.number) for a, b in windows.neighbours(spots)]


def undated(reset: int, **how: Any) -> Exchange:
    return exchange(200, fields={"Date": None, RESET: str(reset)}, **how)


def test_only_what_a_key_was_let_in_for_has_a_place() -> None:
    asked = [exchange(200), exchange(401, form="altered:last-cut"), exchange(404), exchange(429)]
    assert places(*asked) == [(1, True), (2, True), (2, True)]


def test_what_may_have_been_counted_takes_a_place() -> None:
    assert places(exchange(200), exchange(503), exchange(200)) == [(1, True), (3, True)]
    assert pairs(exchange(200), exchange(503), exchange(200)) == []


def test_what_overlaps_is_not_alone() -> None:
    beside = exchange(200, started=0.01, ended=0.02)
    assert [alone for _, alone in places(exchange(200), beside, exchange(200, started=1))] == [
        False,
        False,
        True,
    ]


def test_neighbours_skip_refusals_and_not_answers_without_fields() -> None:
    bare = exchange(200, fields={RESET: None})
    assert pairs(exchange(200), exchange(429), exchange(200)) == [(1, 3)]
    assert pairs(exchange(200), bare, exchange(200)) == [(1, 2), (2, 3)]


def test_a_window_is_what_an_admitted_answer_announced() -> None:
    refused = exchange(429, fields={RESET: str(UNIX + 999)})
    found = list(windows.windows(CONTRACT, history(exchange(200), exchange(200), refused)))
    assert [(reset - UNIX, len(members)) for _, reset, members in found] == [(60, 2)]


def test_dates_bound_the_clock() -> None:
    clock = windows.offset(CONTRACT, history(exchange(200), exchange(200, started=0.5)))
    assert clock is not None
    assert clock.low <= UNIX <= clock.high
    assert clock.high - clock.low <= windows.DATE_IS_STALE


def test_late_dates_are_expected_to_be_later_still() -> None:
    kept = {"Date": formatdate(UNIX, usegmt=True)}
    asked = [exchange(200, fields=kept, started=0), exchange(200, fields=kept, started=2.2)]
    clock = windows.offset(CONTRACT, history(*asked))
    assert clock is not None
    assert clock.high - clock.low >= windows.LEAST_DOUBT


def test_dates_that_contradict_one_another_bound_nothing() -> None:
    stopped = {"Date": formatdate(UNIX, usegmt=True)}
    asked = [exchange(200, fields=stopped), exchange(200, fields=stopped, started=9)]
    assert windows.offset(CONTRACT, history(*asked)) is None


def test_without_dates_the_resets_bound_the_clock() -> None:
    asked = [undated(UNIX + 65), undated(UNIX + 65, started=50)]
    clock = windows.offset(CONTRACT, history(*asked, header={"unix_offset": UNIX}))
    assert clock is not None
    assert clock.low <= UNIX + 5 <= clock.high


def test_resets_far_from_this_machines_clock_are_no_clock() -> None:
    asked = [undated(UNIX + 65), undated(60)]
    assert windows.offset(CONTRACT, history(*asked, header={"unix_offset": UNIX})) is None
    assert windows.offset(CONTRACT, history(undated(60), header={"unix_offset": UNIX})) is None
    assert windows.offset(CONTRACT, history(undated(UNIX + 65))) is None
