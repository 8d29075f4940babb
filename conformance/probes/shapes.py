"""Which operations probes choose, by their shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.contract import Contract, Operation
from conformance.pool import in_turn
from conformance.probe import Lacking
from conformance.sample import full_bodies, invalid_bodies, invalid_queries, malformed_bodies

if TYPE_CHECKING:
    from conformance.bench import Bench

T = TypeVar("T")
LANES = 12  # pools for requests that are sent at once
METHODS = ("PATCH", "PUT", "POST", "DELETE", "GET")  # DELETE only with leave to write
OVERLOOKED = (
    "body.missing",
    "body.extra-member",
    "body.type-integer",
    "body.items",
    "body.items.pattern",
    "body.too-long",
    "body.too-many",
    "body.pattern",
    "body.format",
    "body.type-array",
    "body.empty",
    "body.array",
)


def first_list(contract: Contract, kind: str) -> Operation:
    """The list that probes use where any operation will do; another one, if there is no list."""
    return contract.usual(kind)


def first_write(contract: Contract, kind: str) -> Operation:
    """The first operation that takes a body; without leave to write, it is sent an invalid one.

    Raises Lacking if there is none.
    """
    for operation in contract.of_kind(kind):
        if operation.body is not None:
            return operation
    raise Lacking(f"an operation of a {kind} that takes a body")


def with_body(operation: Operation) -> bool:
    """Whether the operation takes a body."""
    return operation.body is not None


def replaces(operation: Operation) -> bool:
    """Whether the operation puts something in the place of what is there."""
    return operation.method == "PUT"


def refers(operation: Operation) -> bool:
    """Whether a body may name something by its id."""
    return bool(operation.references)


def lists(operation: Operation) -> bool:
    """Whether the operation answers with a list."""
    return operation.lists


def nested(operation: Operation) -> bool:
    """Whether the operation addresses a resource below a project or team."""
    return operation.nested is not None


def in_full(bench: Bench, operation: Operation) -> list[dict[str, Any]]:
    """How to call an operation validly with all that it takes; not at all, if that may not be."""
    if "limit" in operation.query:
        return [{"query": "limit=5"}]
    if operation.body is None or not bench.calls.may_write(operation):
        return []
    project = bench.target.parties["project"].id
    return [{"body": next(full_bodies(operation, bench.calls.marker(), project))}]


def turn(options: Sequence[T], place: int, count: int) -> list[T]:
    """Some of the options, others for each place."""
    start = place * (1 if count == len(options) else count)
    return [options[(start + step) % len(options)] for step in range(min(count, len(options)))]


def respelled(path: str) -> list[tuple[str, str]]:
    """Other spellings of a path, each with what it is called; its ids stay as they are.

    An escaped letter does not even change the path (RFC 3986, 6.2.2.2).
    """
    parts = [part if re.search(r"\d", part) else part.upper() for part in path.split("/")]
    escaped, doubled = path.replace("s/", "%73/", 1), path.replace("s/", "s//", 1)
    return [("case", "/".join(parts)), ("escape", escaped), ("slashes", doubled)]


def shows(bench: Bench, operation: Operation) -> bool:
    """Whether all forms are tried on an operation: on each kind's first list, if there is time."""
    first = operation == first_list(bench.contract, operation.kind)
    return first and (operation.kind == "project" or not bench.thrifty)


def some(
    bench: Bench, operation: Operation, options: Sequence[T], count: int, thrifty: int
) -> list[T]:
    """Some of the options, others for each operation, fewer where time is short."""
    place = bench.contract.operations.index(operation)
    return turn(options, place, thrifty if bench.thrifty else count)


def lacking(bench: Bench, operation: Operation) -> list[str]:
    """The methods that the operation's path lacks, as far as they may be sent, in turn per path."""
    present = bench.contract.methods(operation.path)
    allowed = [one for one in METHODS if one != "DELETE" or bench.target.allow_writes]
    found = [method for method in allowed if method not in present]
    place = bench.contract.paths.index(operation.path)
    if nested(operation) and "DELETE" in found:
        place = found.index("DELETE")  # what is addressed there can be removed
    return turn(found, place, len(found))


def lane(number: int) -> str:
    """The name of one of a few pools, for requests that are sent at once.

    httpx looks at every connection of a pool before each request, and a burst opens many.
    """
    return f"burst-{number % LANES}"


def flawed(bench: Bench, operation: Operation, count: int = 1) -> list[dict[str, Any]]:
    """Ways to call an operation with one thing wrong, others for each; none where nothing can be.

    Its body against the schema and no JSON at all, or a query parameter.
    """
    place, marker = bench.contract.operations.index(operation), bench.calls.marker()
    if operation.body is None:
        ways = [{"query": text, "defect": defect} for defect, text in invalid_queries(operation)]
        return turn(ways, place, count) if ways else []
    offered = most_telling(list(invalid_bodies(operation, marker)), len(OVERLOOKED))
    bodies = list(in_turn([offered, list(malformed_bodies())]))
    return [{"body": body, "defect": defect} for defect, body in turn(bodies, place, count)]


def _kind(defect: str) -> str:
    """The kind of a defect; the wrong form of something in a list is one of its own."""
    if defect.startswith("body.items.pattern"):
        return "body.items.pattern"
    return ".".join(defect.partition(":")[0].split(".")[:2])


def most_telling(defects: list[tuple[str, bytes]], count: int) -> list[tuple[str, bytes]]:
    """One of each kind of defect first, those before that servers overlook most, then the rest."""
    kinds: dict[str, list[tuple[str, bytes]]] = {}
    for defect in defects:
        kinds.setdefault(_kind(defect[0]), []).append(defect)
    order = sorted(kinds, key=lambda kind: OVERLOOKED.index(kind) if kind in OVERLOOKED else 99)
    firsts = [kinds[kind][0] for kind in order]
    rest = [defect for kind in order for defect in kinds[kind][1:]]
    return (firsts + rest)[:count]
