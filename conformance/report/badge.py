"""badge.json: the verdict for shields.io's endpoint badge."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from conformance.outcome import USAGE

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
    if outcome.status == USAGE:
        return "key refused"
    counts = Counter(one.outcome for one in outcome.gating)
    whole = sum(counts.values())
    if outcome.verdict == "nonconformant":
        return f"{counts['failed']} of {whole} failed"
    if outcome.verdict == "conformant" and counts["not_tested"]:
        return f"conformant, {whole - counts['not_tested']} of {whole} tested"
    return outcome.verdict
