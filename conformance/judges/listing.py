"""Lists as answers show them: their items, what identifies these, and whether some are left out."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from conformance.contract import Contract, Operation
from conformance.exchange import Exchange


def path(one: Exchange) -> str:
    """The path that was asked for, without its query."""
    return one.request.path


def received(one: Exchange) -> str:
    """The body as text; JSON however its characters are written (RFC 8259, 7)."""
    if one.response is None:
        return ""
    document = one.response.json
    if document is not None:
        return json.dumps(document, ensure_ascii=False)
    return one.response.body.decode(errors="replace")


def items(listed: Exchange) -> list[Mapping[str, Any]]:
    """The items of a list."""
    document = listed.response.json if listed.response else None
    data = document.get("data") if isinstance(document, dict) else None
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def identifiers(operation: Operation) -> list[str]:
    """The members that identify an item of a list. Others, such as a person's id, may be shared."""
    data = operation.success.get("properties", {}).get("data", {})
    schema = data.get("items", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    schemas = operation.success["components"].get("schemas", {})
    members = schemas.get(name, schema).get("properties", {})
    return [name for name in members if name.endswith("Id") and name != operation.owner]


def cut_off(contract: Contract, listed: Exchange) -> bool:
    """Whether a list is as long as it may be, so that items may be left out."""
    limit = _limit(contract, listed)
    assert listed.response is not None
    reached = limit.isdecimal() and len(items(listed)) >= int(limit)
    return reached or listed.response.truncated


def at_its_longest(contract: Contract, listed: Exchange) -> bool:
    """Whether as many items were asked for as a list may show."""
    return _limit(contract, listed) == _maximum(contract, listed)


def _limit(contract: Contract, listed: Exchange) -> str:
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(listed.request.target).query)
    return asked.get("limit", [_maximum(contract, listed)])[0]


def _maximum(contract: Contract, listed: Exchange) -> str:
    operation = contract.by_id[listed.tags.operation or ""]
    return str(operation.query["limit"].get("maximum", ""))
