"""The terminal summary: one line per area, then each failure with all that its reader needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from conformance.catalogue import AREAS
from conformance.report import visible
from conformance.report.headline import figures, headline
from conformance.report.repeat import again, curl
from conformance.report.spent import spent_keys
from conformance.report.undecided import OPEN, undecided
from conformance.report.visible import cut

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.finding import Finding
    from conformance.outcome import Outcome
    from conformance.verdict import Verdict

FAILURES_SHOWN = 10  # in full: they are often of one cause
FINDINGS_SHOWN = 3
EXCHANGES_SHOWN = 4
MOST_OF_FIELD = 40  # characters
MOST_OF_TARGET = 160  # characters of a path and query: the curl line has all of it
OPTIONS = {"should": "strict", "hardening": "hardening"}
LONGEST = 4000  # characters of a line: what a target sent may be of any length


def lines(outcome: Outcome) -> list[str]:
    """The whole summary. Nothing in it is more than text, and none of it begins another line."""
    return [
        visible.line(line, LONGEST)
        for part in (
            *(_decided(outcome) if outcome.history.answered else ()),
            _notes(outcome),
            _whole(outcome),
        )
        for line in part
    ]


def _decided(outcome: Outcome) -> tuple[list[str], ...]:
    failed = _failures(outcome)
    if outcome.target.quiet:
        return (failed, _open(outcome, _why(outcome)))
    return (failed, _open(outcome, OPEN), _areas(outcome))


def _why(outcome: Outcome) -> Collection[str]:
    """The outcomes that explain an inconclusive verdict; that a run was cut off is said anyway."""
    cut_off = outcome.history.footer.get("reason")
    return ("inconclusive",) if outcome.verdict == "inconclusive" and not cut_off else ()


def _failures(outcome: Outcome) -> list[str]:
    """What failed, first what counts in the verdict; much of it is not all told in full."""
    failed = [verdict for verdict in outcome.verdicts if verdict.outcome == "failed"]
    counted = outcome.gating
    failed.sort(key=lambda verdict: verdict not in counted)
    whole, rest = failed[:FAILURES_SHOWN], failed[FAILURES_SHOWN:]
    found = [line for verdict in whole for line in [*failure(outcome, verdict), ""]]
    found += [_failed(outcome, verdict) for verdict in rest]
    if rest:
        where = outcome.target.report_dir / "report.html"
        found += [f"  {len(rest)} more have failed; all that was seen is in {where}", ""]
    return found


def failure(outcome: Outcome, verdict: Verdict) -> list[str]:
    """One failed requirement, in the order in which a reader asks."""
    requirement = verdict.requirement
    found = [
        _failed(outcome, verdict),
        f"  source    {requirement.source}",
        f"  reading   {requirement.reading}",
    ]
    for finding in verdict.findings[:FINDINGS_SHOWN]:
        found += _finding(outcome, finding)
    if rest := len(verdict.findings) - FINDINGS_SHOWN:
        found += [f"  and {rest} more, in the report"] if rest > 0 else []
    found.append(f"  again     {again(outcome, requirement.id)}")
    found.append(f"  more      bugzy-conformance requirements {requirement.id}")
    return found


def _failed(outcome: Outcome, verdict: Verdict) -> str:
    requirement = verdict.requirement
    return f"FAILED {requirement.id} ({_level(outcome, verdict)}): {requirement.title}"


def _level(outcome: Outcome, verdict: Verdict) -> str:
    """The level, and whether it counts in the verdict."""
    level = verdict.requirement.level
    return level if verdict in outcome.gating else f"{level}: it gates with --{OPTIONS[level]}"


def _finding(outcome: Outcome, finding: Finding) -> list[str]:
    shown = finding.exchanges[-EXCHANGES_SHOWN:]
    found = [f"  expected  {finding.expected}", f"  observed  {finding.observed}"]
    found += [f"  {exchange_line(outcome, one)}" for one in shown]
    if shown:
        found.append(f"  curl      {curl(outcome, shown[-1])}")
    return found


def exchange_line(outcome: Outcome, one: Exchange) -> str:
    """One exchange in one line."""
    target = one.request.target.removeprefix(outcome.contract.base_path)
    for name, id in outcome.history.header.get("parties", {}).items():
        target = target.replace(id, f"{{{name}}}")
    who = one.tags.key or one.tags.credential
    how = "" if one.tags.form in ("bearer", "none") else f" ({one.tags.form})"
    what = f"{one.request.method} {cut(target, MOST_OF_TARGET)}"
    return f"{one.number}  {what} as {who}{how}  -> {_answer(outcome, one)}"


def _answer(outcome: Outcome, one: Exchange) -> str:
    if one.response is None:
        return f"no answer: {one.failure}"
    limit = outcome.contract.rate_limit
    names = zip(("limit", "remaining", "reset"), limit.fields, strict=True)
    said = [
        f"{short} {cut(value, MOST_OF_FIELD)}"
        for short, name in names
        if (value := one.response.value(name))
    ]
    return " ".join([str(one.status), one.code or "", *said]).replace("  ", " ")


def _open(outcome: Outcome, kinds: Collection[str]) -> list[str]:
    found: list[str] = []
    for one in (one for one in undecided(outcome) if one.outcome in kinds):
        found += [
            f"{one.outcome.upper().replace('_', ' ')} {', '.join(one.ids)}",
            f"  {one.reason}",
        ]
    return [*found, ""] if found else []


def _areas(outcome: Outcome) -> list[str]:
    found = []
    for area in AREAS:
        counts = Counter(v.outcome for v in outcome.verdicts if v.requirement.area == area)
        if counts:
            text = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
            found.append(f"{area:<10}{text}")
    return found


def _notes(outcome: Outcome) -> list[str]:
    notes = [f"waiver: {complaint}" for complaint in outcome.complaints]
    if outcome.target.control is None:  # what a bundled server holds goes with it
        notes += _created(outcome)
    notes += [f"keys: {one}" for one in spent_keys(outcome)]
    notes += [f"note: {one}" for one in outcome.notes]
    notes += [line for one in outcome.errors for line in _error(one)]
    return ["", *notes] if notes else []


def _created(outcome: Outcome) -> Iterator[str]:
    """What the run created, a line for each kind of thing."""
    kind_of = attrgetter("kind")
    for kind, ones in groupby(sorted(outcome.created, key=kind_of), kind_of):
        yield f"created: {kind} {', '.join(one.id for one in ones)}"


def _error(error: str) -> list[str]:
    return ["error of the suite's own:", *(f"  | {line}" for line in error.splitlines())]


def _whole(outcome: Outcome) -> list[str]:
    found = ["", f"{headline(outcome)}: {figures(outcome)}"]
    if reason := outcome.history.footer.get("reason"):
        found.append(f"the run was not complete: {reason}")
    return [*found, f"reports: {outcome.target.report_dir}/"]
