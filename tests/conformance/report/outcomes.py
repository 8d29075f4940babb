"""Outcomes to report on: hand-written histories, judged as a run's own are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.exchange import Exchange
from conformance.history import Event
from conformance.outcome import Outcome, judged
from conformance.target import Party, Target
from tests.conformance.judges.builder import CONTRACT, anonymous, exchange, history, identifier

ID = identifier("project")
KEY = "bzy_proj_Zr7wQk2LmP9xTb4VnC8yHd3FsJ6gKe1R"
OTHER_KEY = "bzy_proj_Yq8vRj1NkM2wSc5UmD7zGe4HtL3fJa6Q"
TEAM_KEY = "bzy_team_Xp9uSi3OlN4vRd6TlE8aFf5IuM2hKb7P"
PAT = "bzy_pat_Wo1tTh2PmO3uQe7SkF9bEg6JvN4iLc8O"
MARKUP = (
    "</pre><script>alert(1)</script>\x1b[2J\u202eevil\n::error::forged\n##[group]`a` | b & \ud800"
)
HOSTILE: dict[str, Any] = {
    "body": {"error": {"code": MARKUP, "message": MARKUP * 100}},
    "fields": {"X-RateLimit-Remaining": MARKUP, "Content-Type": f"text/html; {MARKUP}"},
}


def target(**settings: Any) -> Target:
    """A target that nothing is sent to."""
    parties = {"project": Party("project", "project", ID, KEY)}
    base_url = "https://staging.example.com"
    given = {"base_url": base_url}
    return Target(base_url=base_url, parties=parties, seed=7, given=given, **settings)


def outcome(*happenings: Exchange | Event, **settings: Any) -> Outcome:
    """What a run would have come to that saw this."""
    header = {
        "suite": "bugzy-conformance",
        "version": "1.2.3",
        "seed": 7,
        "base_url": "https://staging.example.com",
        "started_at": "2026-01-02T03:04:05+00:00",
        "unix_offset": 1_700_000_000.0,
        "parties": {"project": ID},
    }
    seen = history(*happenings, header=header, footer={"duration": 1.5, "reason": None})
    return judged(CONTRACT, seen, target(**settings))


def sound(**settings: Any) -> Outcome:
    """Little was seen, and nothing of it was wrong."""
    return outcome(exchange(200), anonymous(401), exchange(200, credential="team"), **settings)


def failing(**settings: Any) -> Outcome:
    """A stranger was let in, and a request in between got no answer."""
    return outcome(exchange(200), anonymous(200), exchange(None), exchange(404), **settings)


def hostile(bodies: int = 5, **settings: Any) -> Outcome:
    """Everything that a target can write into an answer."""
    operations = [one.id for one in CONTRACT.operations]
    answers = [
        exchange(status, operation=operations[number % len(operations)], **HOSTILE)
        for number in range(bodies)
        for status in (200, 400, 418, 500)
    ]
    return outcome(exchange(200), *answers, anonymous(200, **HOSTILE), **settings)


def into(folder: Path, found: Outcome) -> Outcome:
    """The same outcome with its reports in a folder."""
    return replace(found, target=replace(found.target, report_dir=folder))
