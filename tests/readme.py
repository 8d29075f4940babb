"""Writes the README's generated tables: `python -m tests.readme [faults.json]`."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

from conformance.catalogue import AREAS, requirements
from conformance.report.table import catalogue

README = Path(__file__).parent.parent / "README.md"


def filled(text: str, name: str, table: str) -> str:
    """The text with a table between its marks."""
    pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda found: found[1] + table + "\n" + found[2], text, flags=re.DOTALL)


def matrix(document: dict[str, list[dict[str, object]]]) -> str:
    """The summary of a `faults --format json`: per area, faults caught and strays."""
    lines = ["| area | requirements | faults | caught | wrongly accused |", "|---|---|---|---|---|"]
    trials = document["trials"]
    for area in AREAS:
        mine = [one for one in trials if str(one["breaks"] or "").startswith(f"{area}.")]
        broken = len({one["breaks"] for one in mine})
        counts = Counter(bool(one["caught"]) for one in mine)
        strays = sum(bool(one["stray"]) for one in mine)
        of_area = sum(one.area == area for one in requirements())
        lines.append(
            f"| {area} | {broken} of {of_area} | {len(mine)} | {counts[True]} | {strays} |"
        )
    odd = [one for one in trials if one["kind"] == "variant"]
    passed = sum(bool(one["caught"]) for one in odd)
    lines.append(f"\n{passed} of {len(odd)} lawful variants pass.")
    return "\n".join(lines)


def main() -> None:
    """Write the tables."""
    text = filled(README.read_text(encoding="utf-8"), "requirements", catalogue("markdown"))
    if len(sys.argv) > 1:
        document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        text = filled(text, "faults", matrix(document))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
