"""schema: openapi.yaml holds."""

from __future__ import annotations

from dataclasses import replace

from conformance import sample
from conformance.bench import Bench
from conformance.contract import Operation
from conformance.exhaust import pool_of
from conformance.probe import Phase, probes
from conformance.probes.shapes import lists, replaces, with_body


@probes("schema.valid-accepted", "schema.responses", spends={"own": 2}, where=lists)
def test_bounds(bench: Bench, operation: Operation) -> None:
    """Send a list's integer parameters at their bounds."""
    bench.together(
        bench.call(operation, operation.kind, query=f"{name}={schema[bound]}", generated="positive")
        for name, schema in operation.query.items()
        for bound in ("minimum", "maximum")
        if bound in schema
    )


@probes(
    "schema.valid-accepted",
    "schema.success-status",
    "schema.responses",
    "error.no-server-error",
    spends={"own": 3},
    thrift={"spends": {"own": 2}},
    needs=("writes",),
    where=with_body,
)
def test_full_bodies(bench: Bench, operation: Operation) -> None:
    """Send bodies with every member, with texts at their longest and at their shortest.

    A replacement also by little.
    """
    if not bench.calls.may_write(operation):
        return
    project, marker = bench.target.parties["project"].id, bench.calls.marker()
    bodies = list(sample.full_bodies(operation, marker, project))
    if replaces(operation):
        bodies.append(sample.dump(sample.body(operation, marker)))
    elif not bench.thrifty:
        bodies.append(sample.shortest_body(operation, marker))
    bench.together(
        bench.call(operation, operation.kind, body=body, generated="positive") for body in bodies
    )


@probes(
    "schema.valid-accepted",
    phase=Phase.EXTRA,
    spends={"own": 1},
    needs=("writes",),
    where=with_body,
)
def test_in_chunks(bench: Bench, operation: Operation) -> None:
    """Send a valid body in two chunks, without its length (RFC 9112, 7.1)."""
    call = bench.call(operation, operation.kind, generated="positive")
    body = call.body or b""
    bench.deliver(replace(call, chunks=[body[:1], body[1:]]))


@probes(
    "schema.valid-accepted",
    "error.no-server-error",
    spends={"own": 2},
    needs=("writes",),
    where=lambda op: op.method == "POST",
)
def test_twice(bench: Bench, operation: Operation) -> None:
    """Create or tell the same twice: the second may be refused as invalid, but not in its own way.

    The first says in which characters its JSON is, as many clients do.
    """
    body = sample.dump(sample.body(operation, bench.calls.marker()))
    charset = (("Content-Type", f"{sample.JSON}; charset=utf-8"),)
    bench.send(operation, operation.kind, body=body, fields=charset, generated="positive")
    bench.send(operation, operation.kind, body=body, defect="twice")


@probes(
    "error.no-server-error",
    spends={"own": 1},
    needs=("writes",),
    where=replaces,
)
def test_repeated(bench: Bench, operation: Operation) -> None:
    """Set the same twice in one request, which may be refused as well."""
    if bench.calls.may_write(operation):
        body = sample.repeating(operation, bench.calls.marker())
        bench.send(operation, operation.kind, body=body, defect="repeated")


@probes(
    "schema.valid-accepted",
    "schema.responses",
    "error.invalid-body",
    "error.invalid-parameters",
    "error.no-server-error",
    phase=Phase.EXTRA,
    spends={"own": 50},
)
def test_generated(bench: Bench, party: str) -> None:
    """Spend further windows on generated cases."""
    for _ in range(bench.target.windows):
        room = bench.budget.remaining(bench.key(party).label, bench.clock.now())
        for call in pool_of(bench, party).calls(party, min(room, 50)):
            bench.deliver(call)
        if bench.target.windows > 1:
            bench.ensure(party, 50, refill=True)
