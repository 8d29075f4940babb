from __future__ import annotations

from conformance.exchange import Exchange
from conformance.failing import failing

from .judges.builder import exchange, history


def repeated(*happened: Exchange) -> list[int | None]:
    return [one.tags.repeats for one in failing(history(*happened).exchanges)]


BAD, GOOD = exchange(503, operation="createExecution"), exchange(200)


def test_what_fails_for_good_while_others_are_answered_is_repeated() -> None:
    assert repeated(BAD, GOOD, BAD, BAD) == [None, None, 1, 1]


def test_an_outage_is_not() -> None:
    assert repeated(GOOD, BAD, BAD, BAD, GOOD) == [None] * 5
    assert repeated(BAD, GOOD, BAD) == [None] * 3


def test_what_was_answered_once_does_not_fail_for_good() -> None:
    served = exchange(202, operation="createExecution")
    assert repeated(BAD, GOOD, BAD, BAD, served) == [None] * 5
