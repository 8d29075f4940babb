"""The outcome of a run: verdicts, the whole verdict, and the exit status."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from conformance import waiver
from conformance.catalogue import requirements, select
from conformance.contract import Contract
from conformance.created import Created, created
from conformance.history import History
from conformance.target import Target
from conformance.verdict import Gate, Verdict, decide, overall

CONFORMANT, NONCONFORMANT, USAGE, INCONCLUSIVE, INTERNAL = 0, 1, 2, 3, 70
STATUS = {
    "conformant": CONFORMANT,
    "nonconformant": NONCONFORMANT,
    "inconclusive": INCONCLUSIVE,
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything that reports show."""

    contract: Contract
    history: History
    target: Target
    verdicts: tuple[Verdict, ...]
    verdict: str  # conformant, nonconformant or inconclusive
    status: int  # the exit status
    complaints: tuple[str, ...] = ()  # waivers that must go
    created: tuple[Created, ...] = ()  # what the run created in the deployment
    errors: tuple[str, ...] = ()  # the suite's own
    refused: str | None = None  # why no key was accepted
    files: tuple[Path, ...] = ()  # what an audit has judged
    notes: tuple[str, ...] = ()  # what a reader of an audit should know

    @property
    def gating(self) -> list[Verdict]:
        """The verdicts that decide the whole."""
        gate = Gate(strict=self.target.strict, hardening=self.target.hardening)
        return [one for one in self.verdicts if gate.counts(one)]


def judged(
    contract: Contract,
    history: History,
    target: Target,
    *,
    errors: tuple[str, ...] = (),
    refused: str | None = None,
    undecidable: Mapping[str, str] | None = None,
    files: tuple[Path, ...] = (),
    notes: tuple[str, ...] = (),
) -> Outcome:
    """Judge a history as a target's settings ask.

    *undecidable*: requirements that this history cannot decide, whatever it seems to say, and why.
    """
    wanted = select(target.only) or requirements()
    left_out = {one.id: "left out by --skip" for one in select(target.skip)}
    left_out |= undecidable or {}
    verdicts = decide(contract, history, wanted, left_out)
    waivers = waiver.load(target.waivers) if target.waivers else ()
    today = datetime.datetime.now(datetime.UTC).date()
    verdicts, complaints = waiver.apply(verdicts, waivers, today)
    errors += tuple(one.error for one in verdicts if one.error)
    verdict = overall(verdicts, history, Gate(strict=target.strict, hardening=target.hardening))
    outcome = Outcome(
        contract=contract,
        history=history,
        target=target,
        verdicts=verdicts,
        verdict=verdict,
        status=STATUS[verdict],
        complaints=complaints,
        created=() if files else tuple(created(contract, history)),
        errors=errors,
        refused=refused,
        files=files,
        notes=(*notes, *(event.data["why"] for event in history.events_of("spared"))),
    )
    status = _status(outcome)
    # a wrong key in the target file accuses nobody
    return replace(outcome, status=status, verdict="inconclusive" if status == USAGE else verdict)


def _status(outcome: Outcome) -> int:
    if outcome.errors:
        return INTERNAL
    if outcome.refused and _only_refusals(outcome.verdicts):
        return USAGE
    if outcome.complaints:
        return NONCONFORMANT
    return outcome.status


def _only_refusals(verdicts: tuple[Verdict, ...]) -> bool:
    """Whether all that failed is what a wrong key in the target file explains."""
    failed = {one.requirement.id for one in verdicts if one.outcome == "failed"}
    return failed <= {"auth.project-key-accepted", "auth.team-key-accepted"}
