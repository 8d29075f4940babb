"""Judge of what is only ever sent: it does not come back (OpenAPI, writeOnly; area schema)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import Contract, resolved
from conformance.document import texts
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select

TELLING = 8  # characters: a shorter text may come back by chance


@judges("schema.responses")
def unreturned(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge whether a success repeats a text that was sent as a write-only member."""
    for operation, one in select.settled(contract, history):
        if operation.body is None or not one.succeeded or one.response is None:
            continue
        secret = set(_write_only(operation.body, operation.body, one.request.json))
        if secret & set(texts(one.response.json)):
            yield Finding(
                expected=f"a success of {operation.id} without the values that were sent",
                observed="a value that openapi.yaml has as write-only came back",
                exchanges=(one,),
            )
        elif secret:
            yield Evidence((one,))


def _write_only(schema: Mapping[str, Any], root: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The texts that stand where the schema has something that is only written."""
    schema = resolved(root, schema)
    if schema.get("writeOnly"):
        yield from (text for text in texts(value) if len(text) >= TELLING)
    elif isinstance(value, dict):
        for name, entry in schema.get("properties", {}).items():
            yield from _write_only(entry, root, value.get(name))
    elif isinstance(value, list):
        for each in value:
            yield from _write_only(schema.get("items", {}), root, each)
