from typing import Any

from conformance.exchange import Exchange
from conformance.judges import refused

from .builder import exchange, opinions

OPERATIONS = ("listExecutions", "listTestRuns", "getOnboarding")


def over(resource: str, message: str = "Too many requests", **how: Any) -> list[Exchange]:
    """What a key over its limit is answered on three operations."""
    answer = {"error": {"code": "RATE_LIMITED", "message": message}}
    return [
        exchange(429, operation=name, resource=resource, group="exhausted", body=answer, **how)
        for name in OPERATIONS
    ]


def test_a_limit_says_nothing_of_what_exists() -> None:
    assert opinions(refused.refusals_tell, *over("foreign"), *over("absent")) == "nothing"


def test_a_limit_says_that_something_is_anothers() -> None:
    told = over("foreign", "Too many requests, and not yours")
    assert opinions(refused.refusals_tell, *told, *over("absent")) == "failed"
    told = over("foreign", fields={"X-Owner": "other"})
    assert opinions(refused.refusals_tell, *told, *over("absent")) == "failed"


def test_each_kind_of_key_is_looked_at_alone() -> None:
    teams = [
        one for name in ("foreign", "absent") for one in over(name, credential="other_project")
    ]
    told = over("foreign", "Not yours")
    assert opinions(refused.refusals_tell, *told, *over("absent"), *teams) == "failed"


def test_what_passes_or_varies_says_nothing() -> None:
    waiting = (*over("foreign", "Wait 12 s"), *over("absent", "Wait 11 s"))
    assert opinions(refused.refusals_tell, *waiting) == "nothing"
    varying = (*over("foreign", "Slow down")[:2], *over("foreign")[2:], *over("absent"))
    assert opinions(refused.refusals_tell, *varying) == "nothing"


def test_few_refusals_say_nothing() -> None:
    told = over("foreign", "Not yours")[:2]
    assert opinions(refused.refusals_tell, *told, *over("absent")) == "nothing"
