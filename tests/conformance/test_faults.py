"""The proof, as much of it as a test may take: each trial is judged where it shows.

One fault of each requirement, in the areas of what it breaks, and the variants that the suite once
accused. `bugzy-conformance faults` runs all faults, and all variants against everything.
"""

from __future__ import annotations

import pytest

from conformance import catalogue, proof
from conformance.proof import Trial

FAULTS = proof.faults(quick=True)
ODD_IN = {  # areas, by variant
    "empties-assumed-lists": ("scope", "schema"),
    "numbers-requests": ("error",),
    "knows-methods-first": ("rotation", "rate"),
    "pads-errors": ("auth", "leak"),
    "limits-unknown-keys": ("rotation", "rate"),
    "is-an-hour-ahead": ("rate",),
    "aligns-windows": ("rate",),
    "shuffles-fields": ("error",),
    "speaks-old-http": ("rotation",),
}
VARIANTS = [trial for trial in proof.variants() if trial.name in ODD_IN]


@pytest.mark.parametrize("trial", FAULTS, ids=lambda trial: trial.name)
def test_a_fault_is_caught_by_its_own_requirement(trial: Trial) -> None:
    result = proof.proved(trial)
    assert not result.void, result.problem
    assert trial.breaks in result.failed
    assert result.stray == ()


@pytest.mark.parametrize("trial", VARIANTS, ids=lambda trial: trial.name)
def test_a_variant_is_not_accused(trial: Trial) -> None:
    result = proof.attempt(trial, ODD_IN[trial.name])
    assert not result.void, result.problem
    assert (result.stray, result.status) == ((), 0), result.undecided


def test_the_variants_are_there() -> None:
    assert {trial.name for trial in VARIANTS} == set(ODD_IN)


def test_every_requirement_has_a_fault() -> None:
    assert {trial.breaks for trial in FAULTS} == {one.id for one in catalogue.requirements()}


def test_a_fault_that_does_not_start_is_void() -> None:
    result = proof.attempt(Trial(name="no-such-fault", kind="fault", breaks="auth.required"))
    assert result.void
    assert not result.caught
