"""report.md: the outcome in short, for the summary of a CI job."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from conformance.catalogue import LEVELS
from conformance.report import visible
from conformance.report.headline import figures, headline
from conformance.report.repeat import again, curl
from conformance.report.spent import spent_keys
from conformance.report.text import exchange_line
from conformance.report.undecided import undecided
from conformance.verdict import OUTCOMES

if TYPE_CHECKING:
    from conformance.finding import Finding
    from conformance.outcome import Outcome
    from conformance.verdict import Verdict

FAILURES_SHOWN = 30  # a job's summary holds at most a megabyte
FINDINGS_SHOWN = 2
EXCHANGES_SHOWN = 3
LONGEST = 400  # characters of one thing that a target sent
SIGNS = {"conformant": "✅", "nonconformant": "❌", "inconclusive": "❔"}


def build(outcome: Outcome) -> str:
    """The document. Whatever came from the target is code, so that none of it is markup."""
    parts = (
        _head(outcome),
        _counts(outcome),
        _failures(outcome),
        _undecided(outcome),
        _notes(outcome),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def code(text: str) -> str:
    """Text as a code span, whatever backticks it holds."""
    shown = visible.line(text, LONGEST)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}" if len(fence) > 1 or not shown else f"`{shown}`"


def fenced(text: str) -> Iterator[str]:
    """Text as a block of code."""
    shown = visible.line(text, 4 * LONGEST)
    fence = "`" * max(3, max(map(len, re.findall("`+", shown)), default=0) + 1)
    yield from (fence, shown, fence)


def _head(outcome: Outcome) -> Iterator[str]:
    header = outcome.history.header
    yield f"## {SIGNS[outcome.verdict]} Bugzy API: {headline(outcome)}"
    yield ""
    if base_url := header.get("base_url"):
        yield f"Target {code(str(base_url))}, {code(str(header.get('started_at')))}  "
    yield figures(outcome)
    if reason := outcome.history.footer.get("reason"):
        yield f"\nThe run was not complete: {code(str(reason))}"
    yield ""


def _counts(outcome: Outcome) -> Iterator[str]:
    counts = Counter((one.requirement.level, one.outcome) for one in outcome.verdicts)
    yield f"| | {' | '.join(name.replace('_', ' ') for name in OUTCOMES)} |"
    yield f"|---|{'--:|' * len(OUTCOMES)}"
    for level in LEVELS:
        numbers = (counts[level, name] for name in OUTCOMES)
        yield f"| {level} | {' | '.join(str(n) if n else '' for n in numbers)} |"
    yield ""


def _failures(outcome: Outcome) -> Iterator[str]:
    failed = [one for one in outcome.verdicts if one.outcome == "failed"]
    if failed:
        yield "### Failed"
        yield ""
    for verdict in failed[:FAILURES_SHOWN]:
        yield from _failure(outcome, verdict)
    if rest := failed[FAILURES_SHOWN:]:
        ids = ", ".join(one.requirement.id for one in rest)
        yield f"And {len(rest)} more: {ids}\n"


def _failure(outcome: Outcome, verdict: Verdict) -> Iterator[str]:
    requirement = verdict.requirement
    yield f"#### `{requirement.id}` ({requirement.level}): {requirement.title}"
    yield ""
    yield f"*{requirement.source}.* {requirement.reading}"
    yield ""
    for finding in verdict.findings[:FINDINGS_SHOWN]:
        yield from _finding(outcome, finding)
    if (more := len(verdict.findings) - FINDINGS_SHOWN) > 0:
        yield f"- and {more} more, in report.html"
    yield ""
    last = next((one.exchanges[-1] for one in verdict.findings if one.exchanges), None)
    if last is not None:
        yield from fenced(curl(outcome, last))
    yield f"Again: {code(again(outcome, requirement.id))}"
    yield ""


def _finding(outcome: Outcome, finding: Finding) -> Iterator[str]:
    yield f"- expected {code(finding.expected)}"
    yield f"  observed {code(finding.observed)}"
    for one in finding.exchanges[-EXCHANGES_SHOWN:]:
        yield f"  - {code(exchange_line(outcome, one))}"


def _undecided(outcome: Outcome) -> Iterator[str]:
    for name, groups in groupby(undecided(outcome), lambda one: one.outcome):
        yield f"### {name.replace('_', ' ').capitalize()}"
        yield ""
        for one in groups:
            yield f"- {code(one.reason)}: {', '.join(f'`{id}`' for id in one.ids)}"
        yield ""


def _notes(outcome: Outcome) -> Iterator[str]:
    for what, notes in (
        ("waiver", outcome.complaints),
        ("keys", spent_keys(outcome)),
        ("note", outcome.notes),
        ("error of the suite's own", [one.splitlines()[-1] for one in outcome.errors]),
    ):
        for note in notes:
            yield f"- **{what}** {code(note)}"
