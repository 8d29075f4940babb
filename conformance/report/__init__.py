"""Reports: views of an outcome. Each can be rebuilt from a history file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance import history as histories
from conformance.outcome import INTERNAL
from conformance.report import badge, document, github, har, junit, markdown, page, text
from conformance.source import TargetError

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.outcome import Outcome

PART = re.compile(r"\.[0-9a-f]{6}(\.pace|-[0-9]+\.ndjson)")  # of a run's workers, while it lasts


def make(folder: Path) -> None:
    """Make a report folder; raise TargetError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"--report-dir {folder}: cannot be made: {error.strerror}") from None


def write(outcome: Outcome) -> None:
    """Write every report into the target's report folder."""
    folder = outcome.target.report_dir
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in BUILT.items():
        (folder / name).write_text(build(outcome), encoding="utf-8")


def kept(outcome: Outcome) -> Outcome:
    """Write the history and every report; a disk that takes no more is an error of the run's."""
    folder = outcome.target.report_dir
    try:
        histories.write(outcome.history, folder / "history.ndjson")
        write(outcome)
    except OSError as error:
        said = f"--report-dir {folder}: cannot be written: {error.strerror}"
        return replace(outcome, errors=(*outcome.errors, said), status=INTERNAL)
    return outcome


def clear(folder: Path) -> None:
    """Remove the reports of an earlier run, lest they be taken for those of a killed one.

    And what a killed one left.
    """
    for path in folder.iterdir():
        if path.name in BUILT or PART.fullmatch(path.name):
            path.unlink(missing_ok=True)


def summary(outcome: Outcome) -> list[str]:
    """The outcome as lines for a terminal, and for the log of a CI job that reads them."""
    return [*text.lines(outcome), *github.commands(outcome)]


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


BUILT: Mapping[str, Callable[[Outcome], str]] = {
    "report.json": lambda outcome: _json(document.build(outcome)),
    "report.html": page.build,
    "report.md": markdown.build,
    "junit.xml": junit.build,
    "badge.json": lambda outcome: _json(badge.build(outcome)),
    "history.har": lambda outcome: json.dumps(har.build(outcome.history), ensure_ascii=True),
}
