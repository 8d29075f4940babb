import json
from collections.abc import Iterator

import pytest

from conformance import sample
from conformance.contract import Operation
from tests.conformance.judges.builder import CONTRACT, MARKER, identifier

WITH_BODY = [op for op in CONTRACT.operations if op.body is not None]
LISTS = [op for op in CONTRACT.operations if op.lists]

each = pytest.mark.parametrize("operation", WITH_BODY, ids=lambda op: op.id)


def valid(operation: Operation, body: bytes) -> bool:
    assert operation.body_validator is not None
    return bool(operation.body_validator.is_valid(json.loads(body)))


@each
def test_the_smallest_body_is_valid(operation: Operation) -> None:
    assert valid(operation, sample.dump(sample.body(operation, MARKER)))


@each
def test_every_full_body_is_valid(operation: Operation) -> None:
    bodies = list(sample.full_bodies(operation, MARKER, identifier("project")))
    assert len(bodies) == 2
    assert all(valid(operation, body) for body in bodies)


@each
def test_the_shortest_body_is_valid(operation: Operation) -> None:
    shortest = sample.shortest_body(operation, MARKER)
    assert valid(operation, shortest)
    assert len(json.loads(shortest).get("name", "x")) == 1


def test_the_shortest_names_of_two_runs_differ() -> None:
    one, other = (sample.shortest_body(CONTRACT.by_id["createEnvironment"], m) for m in ("a", "b"))
    assert one != other


@each
def test_every_invalid_body_is_invalid(operation: Operation) -> None:
    bodies = list(sample.invalid_bodies(operation, MARKER))
    assert [defect for defect, body in bodies if valid(operation, body)] == []
    assert len({defect for defect, _ in bodies}) > 5


def not_json() -> Iterator[tuple[str, bytes]]:
    yield from sample.malformed_bodies()
    for operation in WITH_BODY:
        yield from sample.lenient_bodies(operation, MARKER)


@pytest.mark.parametrize(("defect", "body"), [*not_json()])
def test_what_is_no_json_is_none(defect: str, body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - bad UTF-8 or bad JSON
        json.loads(body.decode("utf-8", "replace"), parse_constant=int)  # as many readers do
    assert defect.startswith("json.")


@each
def test_other_media_types_are_others(operation: Operation) -> None:
    sent = list(sample.media_types(operation, MARKER))
    assert len({defect for defect, _, _ in sent}) == len({one[1:] for one in sent}) == len(sent)
    assert sample.JSON not in {media for _, media, _ in sent}


@pytest.mark.parametrize("operation", LISTS, ids=lambda op: op.id)
def test_every_invalid_query_is_invalid(operation: Operation) -> None:
    queries = [query for _, query in sample.invalid_queries(operation)]
    assert len(queries) == 7
    for query in queries:
        name, _, value = query.partition("=")
        schema = operation.query[name]
        whole = value.isdigit()
        assert not (whole and schema["minimum"] <= int(value) <= schema["maximum"])


def test_a_body_gets_more_members() -> None:
    assert json.loads(sample.extended(b'{"a": 1}', (("b", "2"),))) == {"a": 1, "b": "2"}
    assert sample.extended(b"{", ()) == b"{"


@each
def test_no_body_is_longer_than_proxies_take(operation: Operation) -> None:
    project = "4f1c8a52-0d8e-4ac5-9c0e-000000000000"
    bodies = [
        *sample.full_bodies(operation, "m-1", project),
        *(body for _, body in sample.odd_bodies(operation, "m-1")),
        *(body for _, body in sample.invalid_bodies(operation, "m-1")),
    ]
    assert max(map(len, bodies)) < 64 * 1024


TEXTS = ("null", "surrogate", "bytes")
OBJECTS = ("null-inside", "deep", "number", "integer")


def test_odd_bodies_are_valid() -> None:
    found = {op.id: dict(sample.odd_bodies(op, "m-1")) for op in CONTRACT.operations if op.body}
    assert set(found["createExecution"]) == {*OBJECTS, "twice"}
    assert set(found["sendProjectEvent"]) == {*TEXTS, *OBJECTS, "twice"}
    assert set(found["createEnvironment"]) == {*TEXTS, "twice"}
    validator = CONTRACT.by_id["sendProjectEvent"].body_validator
    assert validator is not None
    assert validator.is_valid(json.loads(found["sendProjectEvent"]["null"]))
    assert b"\\ud800" in found["sendProjectEvent"]["surrogate"]


def test_what_is_in_an_array_is_wrong_in_its_turn() -> None:
    variables = CONTRACT.by_id["putVariables"]
    names = [name for name, _ in sample.invalid_bodies(variables, "m-1")]
    assert {
        "body.items.missing-value:variables",
        "body.items.pattern-digit-name:variables",
        "body.items.extra-member:variables",
    } <= set(names)
