"""Likeness: whether two answers are the same after what must differ is masked (reading 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import RateLimit
from conformance.exchange import Exchange

# Fields that say when or how an answer was sent, not what it says. Content-Length goes with the body.
SENDING = frozenset(
    {
        "date",
        "age",
        "content-length",
        "retry-after",
        "connection",
        "keep-alive",
        "transfer-encoding",
    }
)
MASK = "{id}"


def answer(exchange: Exchange, rate_limit: RateLimit) -> Mapping[str, Any]:
    """The answer by its parts: status, fields, and each member of the body, with sent ids masked."""
    response = exchange.response
    if response is None:
        return {}
    hide = _masker(exchange)
    left_out = SENDING | {name.lower() for name in rate_limit.fields}
    parts: dict[str, Any] = {"status": response.status}
    for name, value in response.fields:
        if name.lower() not in left_out and not name.lower().startswith("ratelimit"):
            key = f"field {name.lower()}"
            parts[key] = (*parts.get(key, ()), hide(value))
    document = response.json
    if document is None:
        parts["body"] = hide(response.body.decode("utf-8", "replace"))
    else:
        parts.update((f"body {path}", hide(value)) for path, value in _leaves(document, ""))
    return parts


def differences(
    one: Exchange, other: Exchange, rate_limit: RateLimit
) -> Mapping[str, tuple[Any, Any]]:
    """The parts in which two answers differ, with both values; None where a part is missing."""
    first, second = answer(one, rate_limit), answer(other, rate_limit)
    keys = [*first, *(key for key in second if key not in first)]
    return {
        key: (first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)
    }


def same_request(one: Exchange, other: Exchange) -> bool:
    """Whether two requests are identical but for the connection."""
    return one.request == other.request and one.tags.key == other.tags.key


def _masker(exchange: Exchange) -> Any:
    """Replaces every path segment and query value that was sent, as far as it could be an id."""
    path = exchange.request.target.partition("?")[0]
    ids = sorted({part for part in path.split("/") if re.search(r"\d", part)}, key=len)[::-1]
    ids = [id for id in ids if len(id) > 3]
    if not ids:
        return lambda value: value
    pattern = re.compile("|".join(map(re.escape, ids)), re.IGNORECASE)
    return lambda value: pattern.sub(MASK, value) if isinstance(value, str) else value


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from _leaves(value, f"{path}/{name}")
    elif isinstance(node, list) and node:
        for place, value in enumerate(node):
            yield from _leaves(value, f"{path}/{place}")
    else:
        yield path or "/", node
