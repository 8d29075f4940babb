"""Reports: views of an outcome. Each can be rebuilt from a history file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.report import badge, document, github, har, junit, markdown, page, text

if TYPE_CHECKING:
    from conformance.outcome import Outcome


def write(outcome: Outcome) -> None:
    """Write every report into the target's report folder."""
    folder = outcome.target.report_dir
    folder.mkdir(parents=True, exist_ok=True)
    reports = {
        "report.json": _json(document.build(outcome)),
        "report.html": page.build(outcome),
        "report.md": markdown.build(outcome),
        "junit.xml": junit.build(outcome),
        "badge.json": _json(badge.build(outcome)),
        "history.har": json.dumps(har.build(outcome.history), ensure_ascii=True),
    }
    for name, content in reports.items():
        (folder / name).write_text(content, encoding="utf-8")


def summary(outcome: Outcome) -> list[str]:
    """The outcome as lines for a terminal, and for the log of a CI job that reads them."""
    return [*text.lines(outcome), *github.commands(outcome)]


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"
