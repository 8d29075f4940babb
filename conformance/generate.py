"""Generated cases: what schemathesis makes of openapi.yaml, rendered to requests, one at a time."""

from __future__ import annotations

import json
import random
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.contract import Contract, Operation

ENTROPY = 512  # bytes that Hypothesis draws a case from
MOST_MISSES = 60  # draws in a row without a case: the operation has none
LONGEST_BODY = 32 * 1024  # bytes; larger ones are a proxy's business (reading 11)
LENIENT_INTEGER = re.compile(r"\s*[+-]?\d+(\.0*)?(e\d+)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A generated request to one operation; path parameters are for the sender to fill in."""

    operation: Operation
    positive: bool
    query: str
    body: bytes | None
    media: str | None
    defect: str | None  # what a negative case breaks: query or body


def cases(contract: Contract, kind: str, seed: int, project: str | None) -> Iterator[Case]:
    """An endless, seeded stream of cases for the operations that a kind of key may call.

    Positive and negative cases alternate over the operations. *project* is the id that stands in
    bodies where one is asked for.
    """
    import schemathesis
    from schemathesis import Config, GenerationMode

    config = Config.from_dict(
        {
            "base-url": "http://generated.invalid",
            "generation": {
                "with-security-parameters": False,
                "allow-extra-parameters": False,
                "allow-x00": False,
                "database": "none",
            },
        }
    )
    schema = schemathesis.openapi.from_path(contract.source, config=config)
    live = [
        _checked(_drawn(schema, operation, mode, seed), operation, mode, project)
        for operation in contract.of_kind(kind)
        if operation.query or operation.body
        for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE)
    ]
    while live:
        for stream in list(live):
            case = next(stream, None)
            if case is None:
                live.remove(stream)
            else:
                yield case


def _drawn(schema: Any, operation: Operation, mode: Any, seed: int) -> Iterator[Any]:
    """Cases of one operation and mode. Hypothesis sends nothing, so nothing is replayed."""
    from hypothesis import HealthCheck, given, settings

    api_operation = schema.find_operation_by_id(operation.id)
    pinned = dict.fromkeys(_parameters(operation), "00000000-0000-4000-8000-000000000000")
    box: list[Any] = []

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=api_operation.as_strategy(generation_mode=mode, path_parameters=pinned))
    def draw(case: Any) -> None:
        box.append(case)

    chance = random.Random(f"{seed}/{operation.id}/{mode.value}")
    misses = 0
    while misses < MOST_MISSES:
        box.clear()
        draw.hypothesis.fuzz_one_input(chance.randbytes(ENTROPY))  # type: ignore[attr-defined]
        misses = 0 if box else misses + 1
        yield from box


def _parameters(operation: Operation) -> list[str]:
    return [name for name in (operation.owner, operation.nested) if name]


def _checked(
    drawn: Iterator[Any], operation: Operation, mode: Any, project: str | None
) -> Iterator[Case]:
    """The cases that are surely what their mode says, each rendered once."""
    seen: set[tuple[str, bytes | None]] = set()
    repeats = 0
    for one in drawn:
        case = _rendered(one, operation, mode.value == "positive", project)
        fresh = case is not None and (case.query, case.body) not in seen
        repeats = 0 if fresh else repeats + 1
        if case is not None and fresh:
            seen.add((case.query, case.body))
            yield case
        if repeats > MOST_MISSES:
            return


def _rendered(case: Any, operation: Operation, positive: bool, project: str | None) -> Case | None:
    import requests

    prepared = requests.Request(**case.as_transport_kwargs()).prepare()
    query = urllib.parse.urlsplit(prepared.url or "").query
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    media = prepared.headers.get("Content-Type")
    if operation.body is not None:
        body = _with_project(body, operation, project)
        defect = _body_defect(body, media, operation)
    else:
        body, media, defect = None, None, None
    defect = _query_defect(query, operation) or defect
    if defect == "unsure" or positive != (defect is None) or len(body or b"") > LONGEST_BODY:
        return None
    return Case(
        operation=operation, positive=positive, query=query, body=body, media=media, defect=defect
    )


def _query_defect(query: str, operation: Operation) -> str | None:
    """What is wrong with a query; unsure where servers may read it either way."""
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    if not pairs:
        return None
    (name, value), *rest = pairs
    schema = operation.query.get(name)
    if rest or schema is None or "%00" in query or not value:
        return "unsure"
    if value.isascii() and value.isdigit() and str(int(value)) == value:
        low, high = schema.get("minimum", 0), schema.get("maximum", 10**9)
        return None if low <= int(value) <= high else "generated: query"
    return "unsure" if LENIENT_INTEGER.fullmatch(value) else "generated: query"


def _body_defect(body: bytes | None, media: str | None, operation: Operation) -> str | None:
    """What is wrong with a body; unsure where servers may read it either way."""
    if body is None or media != "application/json":
        return "unsure"
    try:
        document = json.loads(body, parse_constant=_refuse)
        text = json.dumps(document, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        return "unsure"
    if "\x00" in text or "\\u0000" in text:
        return "unsure"
    assert operation.body_validator is not None
    return None if operation.body_validator.is_valid(document) else "generated: body"


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _with_project(body: bytes | None, operation: Operation, project: str | None) -> bytes | None:
    """The body with a known project where a valid one is asked for, so that it can be found."""
    if not operation.references or body is None:
        return body
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if not isinstance(document, dict):
        return body
    for name in operation.references:
        if project is not None and name in document and document[name] != "":
            document[name] = project
        else:
            document.pop(name, None)
    return json.dumps(document).encode()
