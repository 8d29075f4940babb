"""The proof, as much of it as a test may take: each trial is judged where it shows.

One fault of each requirement, in the areas of what it breaks, and every variant in the areas that
it is odd in. `bugzy-conformance faults` runs all faults, and the variants against everything.
"""

from __future__ import annotations

import pytest

from conformance import catalogue, proof
from conformance.proof import Trial
from reference_server.variants import VARIANTS

FAULTS = proof.faults(quick=True)
ODD_IN = {  # areas, by the module that a variant stands in
    "data": ("scope", "schema"),
    "error": ("error",),
    "key": ("auth", "rotation"),
    "rate": ("rate",),
    "transport": ("error", "schema"),
}


@pytest.mark.parametrize("trial", FAULTS, ids=lambda trial: trial.name)
def test_a_fault_is_caught_by_its_own_requirement(trial: Trial) -> None:
    result = proof.attempt(trial, trial.areas)
    assert not result.void, result.problem
    assert trial.breaks in result.failed
    assert result.stray == ()


@pytest.mark.parametrize("trial", proof.variants(), ids=lambda trial: trial.name)
def test_a_variant_is_not_accused(trial: Trial) -> None:
    module = VARIANTS[trial.name].server.__module__.rpartition(".")[2]
    result = proof.attempt(trial, ODD_IN[module])
    assert not result.void, result.problem
    assert (result.stray, result.status) == ((), 0), result.undecided


def test_every_requirement_has_a_fault() -> None:
    assert {trial.breaks for trial in FAULTS} == {one.id for one in catalogue.requirements()}


def test_a_fault_that_does_not_start_is_void() -> None:
    result = proof.attempt(Trial(name="no-such-fault", kind="fault", breaks="auth.required"))
    assert result.void
    assert not result.caught
