"""The whole outcome in a sentence: the verdict, and what it does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.catalogue import LEVELS
from conformance.outcome import USAGE
from conformance.report.document import traffic, waited
from conformance.verdict import Verdict

if TYPE_CHECKING:
    from conformance.outcome import Outcome


def headline(outcome: Outcome) -> str:
    """The verdict with its limits: what was not decided, and waivers that must go."""
    if outcome.status == USAGE:
        return "undecided, as no key was accepted"
    counted = outcome.gating
    untested = sum(one.outcome == "not_tested" for one in counted)
    limits = _undecided(counted) if outcome.verdict == "inconclusive" else ""
    if outcome.verdict == "conformant" and untested:
        limits += f" in what was tested, which {untested} of {counted_in(counted)} were not"
    if outcome.complaints:
        limits += "; waivers have to be mended"
    return outcome.verdict + limits


def _undecided(counted: list[Verdict]) -> str:
    """Why a run decided nothing; empty where it was not complete, which is said apart."""
    open = sum(one.outcome == "inconclusive" for one in counted)
    if open:
        return f", as {open} of {counted_in(counted)} stayed undecided"
    untested = all(one.outcome == "not_tested" for one in counted)
    return ", as nothing of what it was to decide was tested" if counted and untested else ""


def counted_in(counted: list[Verdict]) -> str:
    """How many requirements decide the whole, and of what levels these are."""
    among = {one.requirement.level for one in counted}
    levels = [level for level in LEVELS if level in among]
    return f"{len(counted)} {' and '.join(levels)} requirements"


def figures(outcome: Outcome) -> str:
    """How much was sent, and how long it took."""
    sent, history = traffic(outcome), outcome.history
    duration, idle = history.footer.get("duration") or 0.0, waited(history)
    return (
        f"{many(sent['requests'], 'request')}, "
        f"{many(sum(sent['windows'].values()), 'rate-limit window')}, "
        f"{duration:.1f} s ({idle:.1f} s {waiting(outcome)})"
    )


def many(number: int, thing: str) -> str:
    """So many of a thing."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def waiting(outcome: Outcome) -> str:
    """What the time is that a run waited for windows: part of its own, unless it was longer.

    The bundled server's clock is moved on, so that nobody has to wait as long as it says.
    """
    history = outcome.history
    if waited(history) <= (history.footer.get("duration") or 0.0):
        return "of it waiting"
    workers = outcome.target.workers > 1 and outcome.target.control is None
    return "of waiting, by several workers" if workers else "of waiting, which its clock skipped"
