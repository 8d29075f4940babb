"""Annotations of GitHub Actions: workflow commands on standard output, one a line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.report import visible

if TYPE_CHECKING:
    from conformance.outcome import Outcome
    from conformance.verdict import Verdict

LONGEST = 1000  # characters of a message


def commands(outcome: Outcome, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The annotations of an outcome; none where no GitHub job runs."""
    return list(_annotations(outcome)) if environ.get("GITHUB_ACTIONS") == "true" else []


def _annotations(outcome: Outcome) -> Iterator[str]:
    counted = outcome.gating
    for verdict in outcome.verdicts:
        requirement = verdict.requirement
        title = f"{requirement.id} ({requirement.level})"
        if verdict.outcome == "failed":
            kind = "error" if verdict in counted else "warning"
            yield _command(kind, title, f"{requirement.title}: {_first(verdict)}")
        elif verdict.outcome == "inconclusive" and verdict in counted:
            yield _command("warning", title, f"undecided: {verdict.reason}")
    for complaint in outcome.complaints:
        yield _command("error", "waiver", complaint)
    for error in outcome.errors:
        yield _command("error", "an error of the suite's own", error.splitlines()[-1])


def _first(verdict: Verdict) -> str:
    more = len(verdict.findings) - 1
    return verdict.findings[0].message + (f" (and {more} more)" if more > 0 else "")


def _command(kind: str, title: str, message: str) -> str:
    """One workflow command; nothing in the message ends it or begins another."""
    text = visible.line(message, LONGEST)
    name = visible.line(title)
    return f"::{kind} title={_property(name)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
