"""junit.xml: one test case per requirement."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # only built here, never parsed
from typing import TYPE_CHECKING

from conformance.report import visible
from conformance.report.text import LONGEST, failure

if TYPE_CHECKING:
    from conformance.outcome import Outcome
    from conformance.verdict import Verdict

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def build(outcome: Outcome) -> str:
    """The document. Undecided requirements are skipped test cases that say why."""
    suite = ET.Element("testsuite", name="bugzy-conformance")
    counts = {"failures": 0, "skipped": 0}
    for verdict in outcome.verdicts:
        _case(suite, outcome, verdict, counts)
    suite.set("tests", str(len(outcome.verdicts)))
    suite.set("failures", str(counts["failures"]))
    suite.set("errors", "0")
    suite.set("skipped", str(counts["skipped"]))
    suite.set("time", str(outcome.history.footer.get("duration") or 0))
    suite.set("timestamp", str(outcome.history.header.get("started_at") or ""))
    root = ET.Element("testsuites", dict(suite.attrib))
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, outcome: Outcome, verdict: Verdict, counts: dict[str, int]) -> None:
    requirement = verdict.requirement
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"{requirement.area}.{requirement.level}",
        name=requirement.id,
        time="0",
    )
    if verdict.outcome == "failed":
        counts["failures"] += 1
        message = verdict.findings[0].message if verdict.findings else ""
        element = ET.SubElement(case, "failure", message=clean(message), type=requirement.level)
        element.text = "\n".join(clean(line) for line in failure(outcome, verdict))
    elif verdict.outcome != "passed":
        counts["skipped"] += 1
        why = f"{verdict.outcome}: {verdict.reason}"
        ET.SubElement(case, "skipped", message=clean(why))


def clean(text: str) -> str:
    """The text in one line, without what XML 1.0 does not allow."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", visible.line(text, LONGEST))
