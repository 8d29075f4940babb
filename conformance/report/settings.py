"""With what a run was made, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.outcome import Outcome

UNITS = {"timeout": "s"}


def moment(text: str) -> str:
    """A time as people write it; what is none as it is."""
    try:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%-d %B %Y, %H:%M:%S} UTC"
    except ValueError:
        return text


def settings(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Each setting by its name, as far as there is something to say of it."""
    header, limit = outcome.history.header, outcome.contract.rate_limit
    shown = {
        "suite": f"{header.get('suite')} {header.get('version')}",
        "seed": header.get("seed"),
        "contract (SHA-256)": outcome.contract.digest,
        "base URL": header.get("base_url"),
        "rate limit": f"{limit.limit} requests in {limit.window:g} s",
        "writes allowed": header.get("allow_writes"),
        "files": ", ".join(map(str, outcome.files)) or None,
        **{f"{name} id": id for name, id in (header.get("parties") or {}).items()},
        **(header.get("settings") or {}),
    }
    shown["workers"] = shown.get("workers") or 1
    return ((name, _said(name, value)) for name, value in shown.items() if _told(value))


def _told(value: Any) -> bool:
    return value is not None and value != []


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        value = f"{value:g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{text} {UNITS[name]}" if name in UNITS else text
