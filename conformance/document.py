"""A JSON document, as somebody else wrote it: as deep, and as odd, as they like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def texts(document: Any) -> Iterator[str]:
    """Every text in a document, the names of members left out."""
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value
