"""A new key's window, and a revoked key that was exhausted."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.history import Event
from conformance.judges import renewed

from .builder import exchange, opinions
from .drained import DRAINED, END, REFUSED, ROTATED, says


def new(status: int = 200, **how: Any) -> Exchange:
    return says(status, key="project#2", **how)


def test_a_new_key_has_a_window_of_its_own() -> None:
    assert opinions(renewed.new_key_half_used, *DRAINED, ROTATED, new()) == "passed"
    assert opinions(renewed.new_key_half_used, exchange(200), ROTATED) == "nothing"


@pytest.mark.parametrize(("status", "left"), [(200, 30), (200, 58), (429, 0)])
def test_a_new_key_goes_on_with_the_old_ones(status: int, left: int) -> None:
    assert opinions(renewed.new_key_half_used, ROTATED, new(status, left=left)) == "failed"


def test_a_new_key_pays_for_its_first_request_as_others_do() -> None:
    asked = [says(left=left, key="project#1") for left in (59, 59, 56, 56)]
    assert opinions(renewed.new_key_half_used, *asked, ROTATED, new(left=57)) == "nothing"
    assert opinions(renewed.new_key_half_used, *asked, ROTATED, new(left=50)) == "failed"


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


@pytest.mark.parametrize("status", [403, 404])
def test_a_revoked_key_is_denied_otherwise_while_it_is_exhausted(status: int) -> None:
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED]
    assert opinions(renewed.revoked_still_limited, *asked, exchange(status)) == "failed"
    assert (
        opinions(renewed.revoked_still_limited, *asked, exchange(status, started=70)) == "nothing"
    )
    lacking = exchange(status, operation="listTestRuns")  # which was never reached
    assert opinions(renewed.revoked_still_limited, *asked, lacking) == "nothing"


def test_a_key_that_was_never_admitted_is_not_exhausted() -> None:
    """Two were generated at once: this one was dead when it was first used, among strangers."""
    assert opinions(renewed.revoked_still_limited, REFUSED, ROTATED, REFUSED) == "nothing"


def test_a_limit_of_an_address_is_another_one() -> None:
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED, says(429, left=0, reset=END + 3)]
    assert opinions(renewed.revoked_still_limited, *asked) == "doubtful"


def test_a_limit_that_strangers_never_meet_is_the_keys_own_whatever_it_says() -> None:
    anew, stranger = says(429, left=0, reset=END + 3), exchange(401, key=None, credential="none")
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED]
    assert opinions(renewed.revoked_still_limited, *asked, anew, stranger) == "failed"
    assert opinions(renewed.revoked_still_limited, *asked, stranger, anew) == "doubtful"
    known = [exchange(401), anew]  # a limit of how often an unknown key may be tried
    assert opinions(renewed.revoked_still_limited, *asked, *known, stranger) == "passed"


def test_a_limit_of_strangers_may_end_at_the_same_time() -> None:
    stranger = says(429, left=0, reset=END, key=None, credential="anonymous")
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED, stranger, REFUSED]
    assert opinions(renewed.revoked_still_limited, *asked) == "doubtful"
    assert opinions(renewed.revoked_still_limited, *asked, exchange(401)) == "passed"


def test_a_refusal_amid_401s_is_the_keys_own_whatever_it_says() -> None:
    later = says(429, left=0, reset=END + 3)
    asked: list[Exchange | Event] = [*DRAINED, REFUSED, ROTATED, exchange(401), later]
    assert opinions(renewed.revoked_still_limited, *asked) == "passed"
    assert opinions(renewed.revoked_still_limited, *asked, exchange(401)) == "failed"
    stranger = says(429, left=0, reset=END + 3, key=None, credential="anonymous")
    assert opinions(renewed.revoked_still_limited, *asked, stranger, exchange(401)) == "passed"
