"""Reports: views of an outcome. Each can be rebuilt from a history file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.report import document, junit, text

if TYPE_CHECKING:
    from conformance.outcome import Outcome


def write(outcome: Outcome) -> None:
    """Write every report into the target's report folder."""
    folder = outcome.target.report_dir
    folder.mkdir(parents=True, exist_ok=True)
    report = json.dumps(document.build(outcome), indent=2, ensure_ascii=True) + "\n"
    (folder / "report.json").write_text(report, encoding="utf-8")
    (folder / "junit.xml").write_text(junit.build(outcome), encoding="utf-8")


def summary(outcome: Outcome) -> list[str]:
    """The outcome as lines for a terminal."""
    return text.lines(outcome)
