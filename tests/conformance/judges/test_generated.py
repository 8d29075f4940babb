"""The judges on generated histories: no finding on a lawful one, the right one on a lawless one."""

from __future__ import annotations

from random import Random

import hypothesis
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conformance import judges
from conformance.finding import JUDGES, Finding
from conformance.history import History

from .builder import CONTRACT
from .lawless import LAWLESS, Lawless
from .phases import PHASES, counting, fresh, plain_pairs
from .simulator import LIMITED, Counter, Phase, What, World, simulate

judges.load()

BOUNDED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
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
plain_worlds = st.builds(  # in which an edit that breaks something is surely seen
    World,
    skew=st.sampled_from([0.0, 0.3, -45.0, 7200.0]),
    rounding=st.sampled_from(["down", "up"]),
    stale=st.sampled_from([0.0, 1.0]),
    request_ids=st.booleans(),
    echoes=st.booleans(),
)
undated = st.builds(
    World,
    aligned=st.booleans(),
    skew=st.sampled_from([0.0, 2.0, -45.0, 40.0]),
    rounding=st.sampled_from(["down", "up"]),
    dated=st.just(False),
)
seeds = st.integers(0, 2**32 - 1)
few_phases = st.lists(st.sampled_from(PHASES), max_size=2)
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


@settings(BOUNDED, max_examples=100)
@given(world=worlds | undated, phases=phases, seed=seeds)
def test_a_lawful_history_is_not_accused(world: World, phases: list[Phase], seed: int) -> None:
    assert found(simulate(world, phases, seed)) == {}


@pytest.mark.parametrize("lawless", LAWLESS, ids=lambda one: one.edit.__name__)
def test_one_lawless_thing_is_found(lawless: Lawless) -> None:
    @settings(BOUNDED, max_examples=6, phases=[hypothesis.Phase.generate])
    @given(world=plain_worlds, before=few_phases, after=few_phases, seed=seeds)
    def found_it(world: World, before: list[Phase], after: list[Phase], seed: int) -> None:
        lawful = simulate(world, [*before, fresh, *lawless.needs, *after], seed)
        edited = lawless.edit(lawful, Random(seed))
        assume(edited is not None and edited.exchanges)
        assert edited is not None
        assert lawless.breaks in found(edited)

    found_it()


def test_each_requirement_is_broken() -> None:
    broken = {one.breaks for one in LAWLESS} | {id for id, _ in COUNTERS.values()}
    assert broken == set(JUDGES)


VARIED = (counting, fresh, counting, plain_pairs, plain_pairs)
COUNTERS: dict[str, tuple[str, Counter]] = {
    "of each method": ("rate.all-endpoints", lambda what, _: (what["key"], method(what))),
    "of each path": ("rate.all-endpoints", lambda what, _: (what["key"], path(what))),
    "of reads only": (
        "rate.all-endpoints",
        lambda what, _: what["key"] if method(what) == "POST" else None,
    ),
    "without 404": ("rate.all-outcomes", lambda what, got: None if got == 404 else what["key"]),
    "without 400": ("rate.all-outcomes", lambda what, got: None if got == 400 else what["key"]),
    "of each connection": (
        "rate.no-bypass",
        lambda what, _: (what["key"], what.get("connection")),
    ),
    "without another's": (
        "leak.same-cost",
        lambda what, _: None if what.get("resource") == "foreign" else what["key"],
    ),
    "of all keys": ("rate.per-key", lambda what, _: "all"),
}


def method(what: What) -> str:
    return CONTRACT.by_id[what["operation"]].method if what["operation"] else "GET"


def path(what: What) -> str:
    return CONTRACT.by_id[what["operation"]].path if what["operation"] else ""


@pytest.mark.parametrize("name", COUNTERS)
def test_another_way_of_counting_breaks_one_requirement(name: str) -> None:
    id, counter = COUNTERS[name]
    seen: set[str] = set()

    @settings(BOUNDED, max_examples=12, phases=[hypothesis.Phase.generate])
    @given(seed=seeds)
    def nothing_else_is_found(seed: int) -> None:
        said = found(simulate(World(counter=counter, aligned=True), VARIED, seed))
        accused = {one for one in said if one.startswith("rate.") or one == "leak.same-cost"}
        assert accused <= {id}
        seen.update(accused)

    nothing_else_is_found()
    assert seen == {id}
