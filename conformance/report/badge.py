"""badge.json: the verdict for shields.io's endpoint badge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.verdict import Gate

if TYPE_CHECKING:
    from conformance.outcome import Outcome

COLORS = {"conformant": "brightgreen", "nonconformant": "red", "inconclusive": "yellow"}


def build(outcome: Outcome) -> dict[str, Any]:
    """The badge: how many of the requirements that gate failed, if any did."""
    return {
        "schemaVersion": 1,
        "label": "Bugzy API",
        "message": _message(outcome),
        "color": COLORS[outcome.verdict],
        "isError": outcome.verdict == "nonconformant",
    }


def _message(outcome: Outcome) -> str:
    if outcome.verdict != "nonconformant":
        return outcome.verdict
    gate = Gate(strict=outcome.target.strict, hardening=outcome.target.hardening)
    counted = [verdict for verdict in outcome.verdicts if gate.counts(verdict)]
    failed = sum(verdict.outcome == "failed" for verdict in counted)
    return f"{failed} of {len(counted)} failed"
