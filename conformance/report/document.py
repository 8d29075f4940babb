"""report.json: the outcome as a document that programs read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from conformance import __version__
from conformance.finding import Finding
from conformance.report.repeat import curl
from conformance.report.visible import cut
from conformance.verdict import Verdict

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.history import History
    from conformance.outcome import Outcome

SCHEMA_VERSION = 1
LONGEST = 4000  # characters of a sentence that quotes a target


def build(outcome: Outcome) -> dict[str, Any]:
    """The whole document."""
    history = outcome.history
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": outcome.verdict,
        "exit_status": outcome.status,
        "complete": bool(history.footer.get("complete")),
        "reason": history.footer.get("reason"),
        "suite": {
            "name": "bugzy-conformance",
            "version": history.header.get("version", __version__),
            "seed": history.header.get("seed"),
            "contract": outcome.contract.digest,
        },
        "target": {
            "base_url": history.header.get("base_url"),
            "started_at": history.header.get("started_at"),
            "duration_s": history.footer.get("duration"),
            "waited_s": round(waited(history), 3),
        },
        "traffic": traffic(outcome),
        "requirements": [_requirement(outcome, verdict) for verdict in outcome.verdicts],
        "complaints": list(outcome.complaints),
        "created": list(map(str, outcome.created)),
        "notes": list(outcome.notes),
        "errors": list(outcome.errors),
    }


def waited(history: History) -> float:
    """Seconds spent waiting for windows to end."""
    return float(sum(event.data["seconds"] for event in history.events_of("waited")))


def traffic(outcome: Outcome) -> dict[str, Any]:
    """How much was sent, with whose keys, over how many windows."""
    history = outcome.history
    return {
        "requests": len(history.exchanges),
        "by_credential": dict(Counter(one.tags.credential for one in history.exchanges)),
        "windows": windows(outcome),
    }


def windows(outcome: Outcome) -> dict[str, int]:
    """The rate-limit windows that were seen, per party."""
    field = outcome.contract.rate_limit.reset_field
    seen = {window for one in outcome.history.answered if (window := window_of(one, field))}
    return dict(Counter(credential for credential, _, _ in seen))


def window_of(one: Exchange, field: str) -> tuple[str, str | None, int] | None:
    """The window that an answer tells of, by its Reset field: whose, of which key, until when."""
    if one.response is None or one.status == 401 or not one.plain_key:
        return None
    reset = one.response.number(field)
    return None if reset is None else (one.tags.credential, one.tags.key, reset)


def _requirement(outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    requirement = verdict.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "title": requirement.title,
        "source": requirement.source,
        "reading": requirement.reading,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "note": verdict.note,
        "exchanges_judged": verdict.exchanges_judged,
        "findings": [_finding(outcome, finding) for finding in verdict.findings],
    }


def _finding(outcome: Outcome, finding: Finding) -> dict[str, Any]:
    return {
        "message": cut(finding.message, LONGEST),
        "expected": cut(finding.expected, LONGEST),
        "observed": cut(finding.observed, LONGEST),
        "exchanges": [exchange.number for exchange in finding.exchanges],
        "curl": curl(outcome, finding.exchanges[-1]) if finding.exchanges else None,
    }
