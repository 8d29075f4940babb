"""The judge of times: what exists and what does not are answered in the same."""

from __future__ import annotations

from dataclasses import replace

from conformance.exchange import Exchange
from conformance.judges import timing

from .builder import exchange, findings, opinions
from .test_leak import stranger


def timed(resource: str, seconds: float, number: int) -> Exchange:
    return exchange(
        404, resource=resource, group="timing", started=number * 1.0, ended=number + seconds
    )


def timings(apart: float, count: int = 12) -> list[Exchange]:
    return [
        timed(resource, 0.01 + number % 5 / 1000 + extra, number)
        for number in range(count)
        for resource, extra in (("foreign", apart), ("absent", 0.0))
    ]


def test_times_do_not_differ() -> None:
    assert opinions(timing.times_differ, *timings(0)) == "passed"
    assert opinions(timing.times_differ, exchange(404, resource="foreign")) == "nothing"


def test_times_differ() -> None:
    (found,) = findings(timing.times_differ, *timings(0.05))
    assert "medians +50.00 ms" in found.observed


def test_times_differ_unmeasurably_or_are_too_few() -> None:
    assert opinions(timing.times_differ, *timings(0.001)) == "passed"
    assert opinions(timing.times_differ, *timings(0.05, count=4)) == "doubtful"


def test_a_busy_machine_is_late_though_the_quickest_are_alike() -> None:
    late = [0.0015, 0.0017, *(0.005 + number / 1000 for number in range(10))]
    punctual = [0.001 + number / 10000 for number in range(12)]
    mixed = [timed("absent", seconds, place) for place, seconds in enumerate(late)]
    mixed += [timed("foreign", seconds, place) for place, seconds in enumerate(punctual)]
    assert timing.rank_test(late, punctual) < timing.SIGNIFICANT
    assert opinions(timing.times_differ, *mixed) == "passed"


def test_equal_times_have_equal_ranks() -> None:
    assert timing.rank_test([1.0] * 12, [1.0] * 12) > 0.9
    assert timing.rank_test([1.0, 2.0] * 6, [2.0, 1.0] * 6) > 0.9
    assert timing.rank_test([1.0] * 12, [2.0] * 12) < timing.SIGNIFICANT


def test_times_of_nested_and_of_strangers_are_compared_apart() -> None:
    how = {"operation": "getExecution", "resource": "own"}
    below = [
        replace(one, tags=replace(one.tags, nested=one.tags.resource, **how))
        for one in timings(0.05)
    ]
    assert opinions(timing.times_differ, *below) == "failed"
    assert opinions(timing.times_differ, *timings(0), *below) == "failed"
    keyless = [
        stranger(one.tags.resource, group="timing", started=one.started, ended=one.ended)
        for one in timings(0.05)
    ]
    assert opinions(timing.times_differ, *keyless) == "failed"
