"""The proof: a fault of each requirement is caught by it alone, and no variant is accused."""

from __future__ import annotations

import pytest

from conformance import catalogue, proof
from conformance.proof import Trial

QUICK = proof.faults(quick=True)
# One of each area; `bugzy-conformance faults` runs them all, which takes longer than a test may.
SAMPLE = (
    "opens-one-list",
    "validates-before-refusing",
    "finds-nested-anywhere",
    "rotates-without-transaction",
    "refuses-early",
    "answers-ok-with-mistakes",
    "closes-after-foreign",
)
FAULTS = proof.faults(SAMPLE)
ODD = ("empties-assumed-lists", "numbers-requests", "is-an-hour-ahead", "shuffles-fields")
VARIANTS = [trial for trial in proof.variants() if trial.name in ODD]


@pytest.mark.parametrize("trial", FAULTS, ids=lambda trial: trial.name)
def test_a_fault_is_caught_by_its_own_requirement(trial: Trial) -> None:
    result = proof.attempt(trial)
    assert not result.void, result.problem
    assert trial.breaks in result.failed
    assert not result.stray


@pytest.mark.parametrize("trial", VARIANTS, ids=lambda trial: trial.name)
def test_a_variant_is_not_accused(trial: Trial) -> None:
    result = proof.attempt(trial)
    assert not result.void, result.problem
    assert (result.failed, result.status) == ((), 0), result.undecided


def test_every_must_and_should_requirement_has_a_fault() -> None:
    broken = {trial.breaks for trial in QUICK}
    asked = {one.id for one in catalogue.requirements() if one.level != "hardening"}
    assert asked <= broken
    assert broken <= {one.id for one in catalogue.requirements()}


def test_a_fault_that_does_not_start_is_void() -> None:
    result = proof.attempt(Trial(name="no-such-fault", kind="fault", breaks="auth.required"))
    assert result.void
    assert not result.caught
