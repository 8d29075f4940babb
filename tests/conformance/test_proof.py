import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from conformance import proof, running
from conformance.proof import Result, Trial
from conformance.target import Target

FAULT = Trial(name="mistakes", kind="fault", breaks="rate.enforced", also=("rate.recovers",))


def result(*failed: str, **changes: Any) -> Result:
    given: dict[str, Any] = {
        "name": "mistakes",
        "kind": "fault",
        "breaks": "rate.enforced",
        "also": ("rate.recovers",),
        "failed": failed,
        "undecided": (),
        "status": 1,
        "seconds": 1.0,
    }
    return Result(**given | changes)


VARIANT = {"kind": "variant", "breaks": None, "also": ()}
CAUGHT = result("rate.enforced", "rate.recovers")
SURVIVOR = result("rate.recovers")
STRAY = result("rate.enforced", "auth.required")
VOID = result("rate.enforced", problem="it does not start")
PASSED = result(status=0, **VARIANT)
ACCUSED = result("auth.required", **VARIANT)
DOUBTED = result(status=3, undecided=("rate.recovers",), **VARIANT)


@pytest.mark.parametrize(
    ("one", "good", "line"),
    [
        (CAUGHT, True, "caught   mistakes  rate.enforced"),
        (SURVIVOR, False, "SURVIVED mistakes  rate.enforced"),
        (STRAY, False, "STRAY    mistakes  rate.enforced wrongly accused of auth.required"),
        (VOID, False, "VOID     mistakes  it does not start"),
        (PASSED, True, "passed   mistakes"),
        (ACCUSED, False, "ACCUSED  mistakes  wrongly accused of auth.required"),
        (DOUBTED, False, "ACCUSED  mistakes  undecided rate.recovers"),
    ],
)
def test_a_trial_ends_in_one_of_these_ways(one: Result, good: bool, line: str) -> None:
    shown, _, count = proof.table([one]).splitlines()
    assert (one.good, shown.rstrip()) == (good, line)
    assert count == f"{int(good)} of 1 as they should be"


def test_the_matrix_is_data() -> None:
    document = json.loads(json.dumps(proof.document([STRAY, PASSED])))
    assert (document["schema_version"], document["good"]) == (1, False)
    assert [one["caught"] for one in document["trials"]] == [True, True]
    assert document["trials"][0]["stray"] == ["auth.required"]


def test_quick_takes_one_fault_per_requirement() -> None:
    broken = [trial.breaks for trial in proof.faults(quick=True)]
    assert len(set(broken)) == len(broken) > 70
    assert set(broken) == {trial.breaks for trial in proof.faults()}


def test_faults_and_variants_are_named() -> None:
    found = proof.named(["omits-date", "never-refuses"])
    assert [(one.name, one.kind) for one in found] == [
        ("never-refuses", "fault"),
        ("omits-date", "variant"),
    ]


def test_faults_are_named() -> None:
    (found,) = proof.faults(["repeats-key"])
    assert (found.kind, found.breaks) == ("fault", "auth.not-echoed")
    assert found.summary


def test_what_seldom_shows_is_not_looked_for_with_few_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[bool, tuple[str, ...]]] = []

    def attempted(trial: Trial, only: tuple[str, ...], _: bool) -> Result:
        asked.append((trial.thrifty, only))
        return result()

    monkeypatch.setattr(proof, "attempt", attempted)
    proof.proved(FAULT)
    assert asked == [(True, ("rate",)), (False, ("rate",)), (False, ())]
    asked.clear()
    proof.proved(replace(FAULT, thrifty=False, elsewhere=("leak",)))
    assert asked == [(False, ("rate", "leak")), (False, ())]


def test_trials_run_in_processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "attempt", _attempted)
    trials = [FAULT, Trial(name="odd", kind="variant", breaks=None)]
    found = {one.name: one.undecided for one in proof.run(trials, 2, everywhere=False)}
    assert found == {"mistakes": FAULT.areas, "odd": ()}
    found = {one.name: one.undecided for one in proof.run(trials, 2, everywhere=True)}
    assert found == {"mistakes": (), "odd": ()}


def _attempted(trial: Trial, only: tuple[str, ...], real_time: bool) -> Result:
    assert not real_time
    caught = (trial.breaks,) if trial.breaks else ()
    return result(name=trial.name, kind=trial.kind, failed=caught, undecided=only)


def test_what_is_not_caught_where_it_should_show_is_judged_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proof, "attempt", _overlooked)
    (found,) = proof.run([FAULT], 1, everywhere=False)
    assert (found.failed, found.undecided) == ((), ())


def _overlooked(_: Trial, only: tuple[str, ...], __: bool) -> Result:
    return result(failed=(), undecided=only)


def test_the_faults_of_time_are_those_of_rate_and_rotation() -> None:
    chosen = proof.timed([*proof.faults(), *proof.variants()])
    assert {str(one.breaks).partition(".")[0] for one in chosen} == set(proof.TIMED)


# what makes a run void


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the suite come to this, instead of running it."""

    def come_to(outcome: Any = None, error: Exception | None = None) -> None:
        @contextmanager
        def served(options: Any, **server: Any) -> Iterator[Target]:
            if error:
                raise error
            yield Target(base_url="http://x", parties={})

        monkeypatch.setattr(running, "bundled", served)
        monkeypatch.setattr(running, "outcome", lambda target, keep: outcome)

    return come_to


class Seen:
    """As much of an outcome as a trial looks at."""

    verdicts = ()
    status = 1

    def __init__(self, exchanges: int, *errors: str) -> None:
        self.errors = errors
        self.history = self
        self.exchanges = (None,) * exchanges


def test_a_server_that_does_not_start(bundled: Callable[..., None]) -> None:
    bundled(error=OSError("no port"))
    assert proof.attempt(FAULT).problem == "OSError: no port"


def test_a_run_that_sent_nothing(bundled: Callable[..., None]) -> None:
    bundled(Seen(0))
    assert proof.attempt(FAULT).problem == "nothing was sent"


def test_a_suite_that_broke(bundled: Callable[..., None]) -> None:
    bundled(Seen(1, "Traceback\nZeroDivisionError: oh"))
    assert proof.attempt(FAULT).problem == "ZeroDivisionError: oh"


def test_a_run_that_proves_something(bundled: Callable[..., None]) -> None:
    bundled(Seen(1))
    assert not proof.attempt(FAULT).void


@pytest.mark.parametrize("name", ["recovers-early", "revokes-team-keys"])
def test_what_a_whole_run_finds_is_found_by_its_requirement_alone(name: str) -> None:
    """Each is shown by what is sent for other requirements."""
    (trial,) = proof.faults([name])
    assert trial.breaks in proof.attempt(trial, only=(trial.breaks or "",)).failed
