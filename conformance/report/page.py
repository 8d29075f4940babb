"""report.html: the whole outcome on one page that needs no network and no scripts.

The template escapes everything that is put into it. What came from a target is besides made
visible and cut to an allowance, so that the page stays small whatever was sent.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from conformance.catalogue import AREAS, LEVELS
from conformance.outcome import USAGE
from conformance.report import document, marked, timeline, timing, visible
from conformance.report.headline import counted_in, waiting
from conformance.report.repeat import again, curl
from conformance.report.settings import moment, settings
from conformance.report.spent import spent_keys
from conformance.report.text import OPTIONS, exchange_line
from conformance.report.undecided import Undecided, undecided
from conformance.verdict import OUTCOMES

if TYPE_CHECKING:
    from conformance.exchange import Exchange, Fields
    from conformance.finding import Finding
    from conformance.outcome import Outcome
    from conformance.verdict import Verdict

HERE = Path(__file__).parent
FAILURES = 1_000_000  # characters of what targets sent, as they stand in the page, for all failures
REST = 300_000  # and for what else is told
FINDINGS_SHOWN = 5
EXCHANGES_SHOWN = 5
ALWAYS = {"passed", "failed"}  # counted also where there are none
FIELDS_SHOWN = 40
LONGEST_BODY = 4000
LONGEST_LINE = 1000
CLASSES = ("2xx", "3xx", "401", "429", "other 4xx", "5xx", "no answer")  # of answers
RIGHTS = {
    "conformant": "Every requirement that counts was met, or is waived.",
    "inconclusive": "Nothing is known to be broken, but not all that counts could be decided.",
}


class Allowance:
    """How much of what a target sent the page still has room for."""

    def __init__(self, characters: int) -> None:
        self.left = characters

    def line(self, text: str, most: int = LONGEST_LINE) -> str:
        """The text in one line, as long as there is room."""
        return self._taken(visible.line(text, most))

    def block(self, text: str, most: int = LONGEST_BODY) -> str:
        """The text with its lines, as long as there is room."""
        return self._taken(visible.block(text, most))

    def _taken(self, text: str) -> str:
        if self.left <= 0:
            return "(left out here; history.ndjson has it)"
        self.left -= len(escape(text))
        return text


def build(outcome: Outcome) -> str:
    """The page."""
    room = Allowance(REST)
    told = [
        (name, room.line(text)) for name, text in settings(outcome)
    ]  # first: it is little, and what comes later may be cut
    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            style=Markup(style),  # noqa: S704 - the suite's own file
            script=Markup(script),  # noqa: S704 - the suite's own file
            style_hash=_hash(style),
            script_hash=_hash(script),
            verdict=outcome.verdict,
            says=_says(outcome),
            outcome=outcome,
            header=_header(outcome, room),
            reason=room.line(str(outcome.history.footer.get("reason") or "")),
            figures=_figures(outcome),
            counts=_counts(outcome),
            gates=_gates(outcome),
            outcomes=OUTCOMES,
            levels=LEVELS,
            failures=(failures := list(_failures(outcome))),
            unfoldable=any(one["findings"][0]["exchanges"] for one in failures),
            undecided=_undecided(outcome, room),
            notes=_notes(outcome, room),
            created=[room.block(str(one)) for one in outcome.created[:50]],
            areas=_areas(outcome, room),
            charts=timeline.charts(outcome),
            plots=list(timing.plots(outcome.history)),
            timing_notes=_timing_notes(outcome),
            traffic=_traffic(outcome),
            classes=CLASSES,
            settings=told,
        )
    )


def _says(outcome: Outcome) -> str:
    if outcome.status == USAGE:
        return "No key was accepted, so nothing that needs one could be decided."
    if outcome.verdict == "nonconformant":
        failed = sum(one.outcome == "failed" for one in outcome.gating)
        return f"{failed} of {counted_in(outcome.gating)} {'is' if failed == 1 else 'are'} not met."
    untested = sum(one.outcome == "not_tested" for one in outcome.gating)
    if outcome.verdict != "conformant" or not untested:
        return RIGHTS[outcome.verdict]
    return f"Every requirement that counts and was tested was met or waived; {untested} were not."


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["spaced"] = lambda text: str(text).replace("_", " ")
    environment.filters["coded"] = coded
    return environment


def coded(text: str) -> Markup:
    """The suite's own words, where what stands between backticks is code."""
    words = (
        Markup("<code>{}</code>").format(word) if place % 2 else escape(word)
        for place, word in enumerate(re.split("`([^`]+)`", text))
    )
    return Markup().join(words)


def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's security policy knows an inlined file by (CSP, hash-source)."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _header(outcome: Outcome, room: Allowance) -> Mapping[str, str]:
    header = outcome.history.header
    return {
        "base_url": room.line(str(header.get("base_url") or "a recording")),
        "started_at": room.line(str(header.get("started_at") or "")),
        "started": room.line(moment(str(header.get("started_at") or ""))),
        "kind": "audit" if outcome.files else "run",
    }


def _figures(outcome: Outcome) -> list[tuple[str, str]]:
    sent = document.traffic(outcome)
    return [
        (f"{sent['requests']:,}", "requests"),
        (str(sum(sent["windows"].values())), "rate-limit windows"),
        (f"{outcome.history.footer.get('duration') or 0:.1f} s", "duration"),
        (f"{document.waited(outcome.history):.1f} s", waiting(outcome)),
    ]


def _counts(outcome: Outcome) -> Mapping[str, Mapping[str, int]]:
    """How many requirements have each outcome that occurs, by their level."""
    counts = Counter((v.outcome, v.requirement.level) for v in outcome.verdicts)
    occurred = {name for name, _ in counts} | ALWAYS
    return {
        name: {level: counts[name, level] for level in LEVELS}
        for name in OUTCOMES
        if name in occurred
    }


def _gates(outcome: Outcome) -> Mapping[str, str]:
    """Of each level, the option with which it would count in the verdict; none where it does."""
    counted = {"must": True, "should": outcome.target.strict, "hardening": outcome.target.hardening}
    return {level: "" if counted[level] else f"--{OPTIONS[level]}" for level in LEVELS}


def _timing_notes(outcome: Outcome) -> list[str]:
    """The figures of the rank tests, one for each pair."""
    note = next((v.note for v in outcome.verdicts if v.requirement.id == "leak.timing"), None)
    return note.split("; ") if note else []


def _failures(outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    """What failed. Each has an equal part of the room that those before it have left."""
    failed = [one for one in outcome.verdicts if one.outcome == "failed"]
    left = FAILURES
    for place, verdict in enumerate(failed):
        room = Allowance(part := left // (len(failed) - place))
        yield _failure(outcome, verdict, room)
        left -= part - max(0, room.left)


def _failure(outcome: Outcome, verdict: Verdict, room: Allowance) -> Mapping[str, Any]:
    findings = verdict.findings[:FINDINGS_SHOWN]
    said = [(room.line(one.expected), room.line(one.observed)) for one in findings]
    return {
        "requirement": verdict.requirement,
        "note": room.line(verdict.note or ""),
        "findings": [
            _finding(outcome, one, *words, room) for one, words in zip(findings, said, strict=True)
        ],
        "more": len(verdict.findings) - len(findings),
        "again": again(outcome, verdict.requirement.id),
    }


def _finding(
    outcome: Outcome, finding: Finding, expected: str, observed: str, room: Allowance
) -> Mapping[str, Any]:
    expected_pieces, observed_pieces = marked.differences(expected, observed)
    last = finding.exchanges[-EXCHANGES_SHOWN:]
    command = room.line(curl(outcome, last[-1]), LONGEST_BODY) if last else ""
    shown = [_exchange(outcome, one, room) for one in reversed(last) if room.left > 0]
    return {
        "expected": expected_pieces,
        "observed": observed_pieces,
        "exchanges": shown[::-1],
        "hidden": len(finding.exchanges) - len(shown),
        "curl": command,
    }


def _exchange(outcome: Outcome, one: Exchange, room: Allowance) -> Mapping[str, Any]:
    response = one.response
    number, _, summary = exchange_line(outcome, one).partition("  ")
    asked, _, said = summary.partition("  -> ")
    answer, limit, rate = said.partition(" limit ")
    return {
        "number": number,
        "asked": room.line(asked),
        "answer": room.line(answer),
        "rate": room.line((limit + rate).strip()),
        "kind": f"s{(one.status or 0) // 100}",
        "took": f"{(one.ended - one.started) * 1e3:.1f} ms",
        "first_line": room.line(f"{one.request.method} {one.request.target}"),
        "request_fields": list(_fields(one.request.fields, room)),
        "request_body": _body(one.request.body, room),
        "status_line": f"{response.version} {response.status}" if response else "",
        "response_fields": list(_fields(response.fields, room)) if response else [],
        "response_body": _body(response.body, room) if response else "",
        "truncated": bool(response and response.truncated),
        "failure": room.line(one.failure or ""),
    }


def _fields(fields: Fields, room: Allowance) -> Iterator[tuple[str, str]]:
    shown = 0
    for name, value in fields[:FIELDS_SHOWN]:
        if room.left <= 0:
            break
        yield room.line(name, 100), room.line(value, 500)
        shown += 1
    if len(fields) > shown:
        yield f"and {len(fields) - shown} more", ""


def _body(body: bytes, room: Allowance) -> str:
    return room.block(body.decode("utf-8", "replace")) if body else ""


def _undecided(outcome: Outcome, room: Allowance) -> list[Undecided]:
    """What stayed undecided or is excused, by the reason."""
    return [one._replace(reason=room.line(one.reason)) for one in undecided(outcome)]


def _notes(outcome: Outcome, room: Allowance) -> list[tuple[str, list[str]]]:
    """What is to be done or known before the failures are read."""
    sorts = (
        ("Waivers that must go", outcome.complaints),
        ("Keys", spent_keys(outcome)),
        ("Notes", outcome.notes),
        ("Errors of the suite's own", outcome.errors),
    )
    return [(name, [room.block(one) for one in notes[:50]]) for name, notes in sorts if notes]


def _areas(outcome: Outcome, room: Allowance) -> list[Mapping[str, Any]]:
    return [
        {
            "name": area,
            "counts": Counter(one.outcome for one in mine),
            "rows": [_row(one, room) for one in mine],
        }
        for area in AREAS
        if (mine := [one for one in outcome.verdicts if one.requirement.area == area])
    ]


def _row(verdict: Verdict, room: Allowance) -> Mapping[str, Any]:
    return {
        "requirement": verdict.requirement,
        "outcome": verdict.outcome,
        "timing": verdict.requirement.id == "leak.timing",
        "judged": verdict.exchanges_judged,
        "reason": room.line(verdict.reason or ""),
        "note": room.line(verdict.note or ""),
    }


def _traffic(outcome: Outcome) -> list[Mapping[str, Any]]:
    """What was sent with whose credentials, and how it was answered."""
    windows = document.windows(outcome)
    answers: dict[str, Counter[str]] = {}
    for one in outcome.history.exchanges:
        answers.setdefault(one.tags.credential, Counter())[_class(one)] += 1
    most = max((sum(counts.values()) for counts in answers.values()), default=1)
    return [
        {
            "credential": credential,
            "requests": sum(counts.values()),
            "share": round(100 * sum(counts.values()) / most, 1),
            "windows": windows.get(credential, 0),
            "answers": counts,
        }
        for credential, counts in sorted(answers.items(), key=lambda entry: -sum(entry[1].values()))
    ]


def _class(one: Exchange) -> str:
    if one.status in (None, 401, 429):
        return str(one.status or "no answer")
    return {4: "other 4xx"}.get(sort := one.status // 100, f"{sort}xx")
