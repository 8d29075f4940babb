"""The catalogue for readers: a table, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from conformance.catalogue import Requirement, requirements


def catalogue(form: str, rows: Sequence[Requirement] | None = None) -> str:
    """The whole catalogue, or some rows of it, in one of the formats table, json and markdown."""
    rows = requirements() if rows is None else rows
    if form == "json":
        return json.dumps([asdict(one) for one in rows], indent=2)
    if form == "markdown":
        head = ["| id | level | requirement |", "|---|---|---|"]
        return "\n".join([*head, *(f"| {r.id} | {r.level} | {r.title} |" for r in rows)])
    width = max(len(one.id) for one in rows)
    return "\n".join(f"{one.id:<{width}}  {one.level:<9}  {one.title}" for one in rows)
