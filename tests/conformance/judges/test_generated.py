"""The judges on generated histories: no finding on a lawful one, the right one on a lawless one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import judges
from conformance.finding import JUDGES, Finding
from conformance.history import History

from .simulator import LIMITED, PHASES, Simulation, World, simulate

judges.load()

BOUNDED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
worlds = st.builds(
    World,
    aligned=st.booleans(),
    skew=st.sampled_from([0.0, 0.3, -45.0, 40.0, 7200.0, -86400.0]),
    rounding=st.sampled_from(["down", "up", "nearest"]),
    stale=st.sampled_from([0.0, 1.0]),
    retry_after=st.sampled_from([None, "seconds", "date"]),
    wrong_kind=st.sampled_from([404, 401]),
    uncounted=st.booleans(),
    keeps_team_keys=st.booleans(),
    request_ids=st.booleans(),
    echoes=st.booleans(),
    losing=st.sampled_from([0.0, 0.0, 0.05]),
)
undated = st.builds(
    World,
    aligned=st.booleans(),
    skew=st.sampled_from([0.0, 2.0, -45.0, 40.0]),
    rounding=st.sampled_from(["down", "up"]),
    dated=st.just(False),
)
seeds = st.integers(0, 2**32 - 1)
phases = st.lists(st.sampled_from(PHASES), min_size=1, max_size=7)


def found(history: History) -> dict[str, list[str]]:
    """The findings of all judges, by requirement."""
    said: dict[str, list[str]] = {}
    for id, of_id in JUDGES.items():
        for judge in of_id:
            for one in judge(LIMITED, history):
                if isinstance(one, Finding):
                    said.setdefault(id, []).append(one.message)
    return said


@settings(BOUNDED, max_examples=150)
@given(world=worlds | undated, phases=phases, seed=seeds)
def test_a_lawful_history_is_not_accused(
    world: World, phases: list[Callable[[Simulation], None]], seed: int
) -> None:
    assert found(simulate(world, phases, seed)) == {}
