"""What is never answered, where nearly everything else is."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Judge
from conformance.judges import silence

from .builder import exchange, opinions

CUT: dict[str, Any] = {"operation": "createExecution", "defect": "json.cut"}
PATCH: dict[str, Any] = {
    "operation": None,
    "route": "/projects/{projectId}/executions",
    "method": "PATCH",
    "defect": "method:PATCH",
}
JUDGED = [(silence.malformed_json, CUT), (silence.unknown_method, PATCH)]


def lost(how: dict[str, Any], times: int = 2) -> list[Exchange]:
    return [exchange(None, **how) for _ in range(times)]


@pytest.mark.parametrize(("judge", "how"), JUDGED, ids=["body", "method"])
def test_what_is_never_answered(judge: Judge, how: dict[str, Any]) -> None:
    assert opinions(judge, *lost(how), exchange(200)) == "failed"
    assert opinions(judge, *lost(how), exchange(400, **how)) == "nothing"
    assert opinions(judge, *lost(how, 1), exchange(200)) == "nothing"


@pytest.mark.parametrize(("judge", "how"), JUDGED, ids=["body", "method"])
def test_who_answers_nothing_any_more_is_gone(judge: Judge, how: dict[str, Any]) -> None:
    assert opinions(judge, exchange(200), *lost(how)) == "nothing"


@pytest.mark.parametrize("answered", [1, 300])
def test_where_much_gets_lost_that_is_chance(answered: int) -> None:
    elsewhere = [exchange(None), exchange(200)]
    asked = [*elsewhere, *lost(PATCH), *[exchange(200)] * answered]
    expected = "failed" if answered == 300 else "nothing"
    assert opinions(silence.unknown_method, *asked) == expected
