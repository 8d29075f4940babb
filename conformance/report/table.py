"""The catalogue for readers: a table, Markdown, JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from conformance.catalogue import requirements


def catalogue(form: str) -> str:
    """The whole catalogue in one of the formats table, json and markdown."""
    if form == "json":
        return json.dumps([asdict(one) for one in requirements()], indent=2)
    if form == "markdown":
        head = ["| id | level | requirement |", "|---|---|---|"]
        return "\n".join([*head, *(f"| {r.id} | {r.level} | {r.title} |" for r in requirements())])
    width = max(len(one.id) for one in requirements())
    return "\n".join(f"{one.id:<{width}}  {one.level:<9}  {one.title}" for one in requirements())
