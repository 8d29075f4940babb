"""Verdicts: what the judges' opinions add up to. Worst wins; no evidence is no pass."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from conformance import judges
from conformance.catalogue import Requirement
from conformance.contract import LEFT_OUT, Contract
from conformance.finding import JUDGES, Doubt, Evidence, Finding, Judge, Need, Opinion
from conformance.history import History

NOTHING = "no request bore on it"
CAUSES = 5  # failures that are named where nothing bore on a requirement
OUTCOMES = ("passed", "failed", "inconclusive", "not_tested", "waived")
MOST_FINDINGS = 20  # a report that repeats itself is not read


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of one requirement, with its reasons."""

    requirement: Requirement
    outcome: str
    reason: str | None = None
    exchanges_judged: int = 0
    findings: tuple[Finding, ...] = ()
    note: str | None = None  # figures, where a judge gives some
    error: str | None = None  # the traceback of a judge that failed: the suite's own error


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Which levels decide the whole."""

    strict: bool = False
    hardening: bool = False

    def counts(self, verdict: Verdict) -> bool:
        """Whether this verdict decides the whole."""
        level = verdict.requirement.level
        return level == "must" or (self.strict if level == "should" else self.hardening)


def decide(
    contract: Contract,
    history: History,
    requirements: Iterable[Requirement],
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Verdict, ...]:
    """One verdict per requirement, in the given order; those *left_out*, for what reason."""
    judges.load()
    skips = _needs(history, "skipped")
    excluding = bool(history.header.get("settings", {}).get("exclude"))
    return _explained(
        excluding,
        [
            Verdict(requirement=one, outcome="not_tested", reason=left_out[one.id])
            if one.id in left_out
            else _verdict(contract, history, one, skips)
            for one in requirements
        ],
    )


def _explained(excluding: bool, verdicts: list[Verdict]) -> tuple[Verdict, ...]:
    """Where nothing bore on a requirement, what failed may be why, in its area first.

    Where nothing failed, it may be about operations that were left out.
    """
    failed = [one.requirement for one in verdicts if one.outcome == "failed"]

    def explained(one: Verdict) -> Verdict:
        if one.reason != NOTHING:
            return one
        if excluding and not failed:
            return replace(one, outcome="not_tested", reason=LEFT_OUT)
        return replace(one, reason=_spoilt(one, failed))

    return tuple(map(explained, verdicts))


def _spoilt(undecided: Verdict, failed: list[Requirement]) -> str:
    near = sorted(failed, key=lambda one: one.area != undecided.requirement.area)
    named = ", ".join(one.id for one in near[:CAUSES])
    return f"{NOTHING}; what failed may be why: {named}" if named else NOTHING


def overall(verdicts: Iterable[Verdict], history: History, gate: Gate) -> str:
    """conformant, nonconformant or inconclusive."""
    verdicts = list(verdicts)
    counted = [verdict for verdict in verdicts if gate.counts(verdict)]
    if any(verdict.outcome == "failed" for verdict in counted):
        return "nonconformant"
    asked = counted or verdicts  # where nothing that gates was chosen, it has to be decided
    decided = any(verdict.outcome in ("passed", "failed", "waived") for verdict in asked)
    doubtful = any(verdict.outcome == "inconclusive" for verdict in asked)
    complete = history.footer.get("complete", False)
    return "conformant" if decided and complete and not doubtful else "inconclusive"


def _verdict(
    contract: Contract, history: History, requirement: Requirement, skips: Mapping[str, list[str]]
) -> Verdict:
    opinions: list[Opinion] = []
    for judge in JUDGES.get(requirement.id, ()):
        try:
            opinions += judge(contract, history)
        except Exception:
            return _broken(requirement, judge)
    verdict = _added_up(requirement, opinions)
    if verdict.outcome == "passed" and not any(isinstance(one, Evidence) for one in opinions):
        wanted = [one.what for one in opinions if isinstance(one, Need)]
        return _without_evidence(verdict, history, skips.get(requirement.id, []), wanted)
    return verdict


def _added_up(requirement: Requirement, opinions: list[Opinion]) -> Verdict:
    """Worst wins: a finding, else a doubt; else it passes, if there is evidence."""
    seen: set[int] = set()
    findings: list[Finding] = []
    doubts: list[str] = []
    notes: list[str] = []
    for opinion in opinions:
        match opinion:
            case Evidence(exchanges, note):
                notes += [note] if note else []
                seen |= {exchange.number for exchange in exchanges}
            case Finding():
                findings.append(opinion)
                seen |= {exchange.number for exchange in opinion.exchanges}
            case Doubt(reason):
                doubts.append(reason)
            case Need(what):
                notes.append(f"in part: {what}")
    return Verdict(
        requirement=requirement,
        outcome="failed" if findings else "inconclusive" if doubts else "passed",
        reason=None if findings or not doubts else "; ".join(dict.fromkeys(doubts)),
        exchanges_judged=len(seen),
        findings=tuple(findings[:MOST_FINDINGS]),
        note="; ".join(dict.fromkeys(notes)) or None,
    )


def _broken(requirement: Requirement, judge: Judge) -> Verdict:
    """A judge that raises is the suite's own error, never the server's."""
    return Verdict(
        requirement=requirement,
        outcome="inconclusive",
        reason=f"the suite's own judge {judge.__module__}.{judge.__name__} failed",
        error=traceback.format_exc(),
    )


def _without_evidence(
    verdict: Verdict, history: History, needs: list[str], wanted: list[str]
) -> Verdict:
    planned = {id for event in history.events_of("planned") for id in event.data["requirements"]}
    if needs and verdict.requirement.id not in planned:
        return replace(verdict, outcome="not_tested", reason="; ".join(_most(needs)))
    if wanted:
        return replace(verdict, outcome="not_tested", reason="; ".join(dict.fromkeys(wanted)))
    if history.header.get("recorded"):
        return replace(verdict, outcome="not_tested", reason="the recording holds nothing on it")
    if lacking := _needs(history, "lacking").get(verdict.requirement.id):
        return replace(verdict, outcome="not_tested", reason="; ".join(dict.fromkeys(lacking)))
    hindered = _hindrances(history, verdict.requirement.id)
    if hindered:
        return replace(verdict, outcome="inconclusive", reason="; ".join(hindered))
    cause = history.footer.get("reason")
    reason = f"the run ended early: {cause}" if cause else NOTHING
    return replace(verdict, outcome="inconclusive", reason=reason)


def _most(needs: list[str]) -> list[str]:
    """What is needed, without what something else that is needed includes."""
    return [
        one
        for one in dict.fromkeys(needs)
        if not any(other != one and other.startswith(one) for other in needs)
    ]


def _needs(history: History, kind: str) -> dict[str, list[str]]:
    """What would have to be added, per requirement that a probe could not serve.

    *kind*: skipped, where the probe did not run, or lacking, where that showed on the way.
    """
    found: dict[str, list[str]] = {}
    for event in history.events_of(kind):
        for id in event.data["requirements"]:
            found.setdefault(id, []).append(event.data["needs"])
    return found


def _hindrances(history: History, id: str) -> list[str]:
    events = history.events_of("hindered")
    return list(dict.fromkeys(e.data["reason"] for e in events if id in e.data["requirements"]))
