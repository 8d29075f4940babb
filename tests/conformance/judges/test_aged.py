from conformance.exchange import Exchange
from conformance.history import Event
from conformance.judges import aged

from .builder import exchange, issued, opinions

TOLD = {"error": {"code": "UNAUTHORIZED", "message": "This key has expired"}}
TWICE: list[Exchange | Event] = [
    exchange(200),
    issued("project#2", "project#1"),
    issued("project#3", "project#2"),
]
UNKNOWN = exchange(401, credential="forged", key=None, form="forged:project")
ONCE = exchange(401, key="project#2", body=TOLD)


def test_a_key_of_long_ago_is_answered_as_an_unknown_one() -> None:
    dead = [exchange(401)] * 3
    assert opinions(aged.age_tells, *TWICE, UNKNOWN, *dead, UNKNOWN) == "nothing"


def test_a_key_of_long_ago_is_recognised() -> None:
    dead = [exchange(401, body=TOLD)] * 3
    assert opinions(aged.age_tells, *TWICE, UNKNOWN, *dead, UNKNOWN) == "failed"


def test_what_passes_with_time_or_varies_tells_nothing() -> None:
    dead = [exchange(401, body=TOLD)] * 3
    assert opinions(aged.age_tells, *TWICE, UNKNOWN, UNKNOWN, *dead) == "nothing"
    assert opinions(aged.age_tells, *TWICE, UNKNOWN, *dead[:2], UNKNOWN) == "nothing"
    others = [exchange(401), *dead]
    assert opinions(aged.age_tells, *TWICE, UNKNOWN, *others, UNKNOWN) == "nothing"


def test_keys_that_were_replaced_just_now_another_judge_compares() -> None:
    assert opinions(aged.age_tells, *TWICE, UNKNOWN, *[ONCE] * 3, UNKNOWN) == "nothing"
