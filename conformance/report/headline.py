"""The whole outcome in a sentence: the verdict, and what it does not say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from conformance.outcome import USAGE
from conformance.report.document import traffic, waited
from conformance.verdict import Gate, Verdict

if TYPE_CHECKING:
    from conformance.outcome import Outcome


def headline(outcome: Outcome) -> str:
    """The verdict with its limits: what was not tested, and waivers that must go."""
    if outcome.status == USAGE:
        return "undecided, as no key was accepted"
    counted = gating(outcome)
    untested = sum(one.outcome == "not_tested" for one in counted)
    limits = ""
    if outcome.verdict == "conformant" and untested:
        limits += f" in what was tested, which {untested} of {len(counted)} requirements were not"
    if outcome.complaints:
        limits += "; waivers have to be mended"
    return outcome.verdict + limits


def gating(outcome: Outcome) -> list[Verdict]:
    """The verdicts that decide the whole."""
    gate = Gate(strict=outcome.target.strict, hardening=outcome.target.hardening)
    return [one for one in outcome.verdicts if gate.counts(one)]


def figures(outcome: Outcome) -> str:
    """How much was sent, and how long it took."""
    sent, history = traffic(outcome), outcome.history
    duration, idle = history.footer.get("duration") or 0.0, waited(history)
    waiting = "of it waiting" if idle <= duration else _elsewhere(outcome)
    return (
        f"{sent['requests']} requests, {sum(sent['windows'].values())} rate-limit windows, "
        f"{duration:.1f} s ({idle:.1f} s {waiting})"
    )


def _elsewhere(outcome: Outcome) -> str:
    """How a run waited for longer than it took: the bundled server's clock is moved on."""
    workers = outcome.target.workers > 1 and outcome.target.control is None
    return "of waiting, by several workers" if workers else "of waiting, which its clock skipped"


def spent_keys(outcome: Outcome) -> list[str]:
    """What a run did to keys, so that the next one needs others."""
    if outcome.files or outcome.target.control is not None:
        return []
    events = [event for event in outcome.history.events_of("issued") if event.data["generated"]]
    made = Counter(event.data["party"] for event in events)
    return [_spent(outcome, party, count) for party, count in made.items()]


def _spent(outcome: Outcome, party: str, count: int) -> str:
    times = "once" if count == 1 else f"{count} times"
    given = outcome.target.parties[party].variable or outcome.target.file or "the target"
    if party.endswith("project"):
        return (
            f"the key of [{party}] was replaced {times}: the one in {given} is dead, "
            "so generate another before the next run"
        )
    return f"a key was generated {times} for [{party}]: revoke those that nobody needs"
