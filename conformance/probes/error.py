"""error: one format, and one status for each way to be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from conformance import sample
from conformance.bench import SLOW_ANSWER, Bench
from conformance.client import Call
from conformance.contract import Operation
from conformance.credential import ANONYMOUS
from conformance.exchange import Fields
from conformance.exhaust import pool_of
from conformance.pool import in_turn
from conformance.probe import Phase, probes
from conformance.probes.shapes import (
    first_list,
    lacking,
    lists,
    most_telling,
    nested,
    some,
    turn,
    with_body,
)
from conformance.sample import (
    invalid_bodies,
    invalid_queries,
    lenient_bodies,
    malformed_bodies,
    media_types,
    odd_bodies,
    typed,
)

NOTHING = ("json.empty", b"")
REST = 40  # requests, which leaves room in a window for what else needs a new key
LONG_ID = "a" * 300
LONG_TEXT = 40_000  # characters
LONG_QUERY = f"conformance={'a' * 1000}"
CONDITIONS: tuple[Fields, ...] = (
    (("Accept", "text/html"),),
    (
        ("If-None-Match", '"conformance"'),
        ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ),
    (("Cookie", "conformance=1; session=conformance"), ("Origin", "https://conformance.example")),
    (  # what nobody can make sense of, and what has to be ignored then
        ("Accept", "conformance"),
        ("Accept-Language", "*;q=conformance"),
        ("Range", "conformance=0-1"),
        ("If-Modified-Since", "conformance"),
        ("X-Request-Id", "conformance"),
        ("traceparent", "conformance"),
        ("X-Forwarded-For", "203.0.113.1, unknown, 2001:db8::1"),
    ),
)
PREFERRED = tuple(
    f"{media}, */*;q=0.1"
    for media in ("text/html", "text/plain", "application/problem+json", "application/xml")
)
UNKNOWN_CHARSET: Fields = (("Content-Type", "application/json; charset=conformance"),)


@probes(
    "error.malformed-json",
    spends={"own": 5},
    thrift={"spends": {"own": 2}},
    where=with_body,
)
def test_malformed_json(bench: Bench, operation: Operation) -> None:
    """Send bodies that are not JSON."""
    bodies = list(malformed_bodies())
    if bench.calls.may_write(operation):
        bodies = list(in_turn([bodies, list(lenient_bodies(operation, bench.calls.marker()))]))
    chosen = some(bench, operation, bodies, 4, 2)
    if not bench.thrifty:
        chosen += [one for one in bodies if one == NOTHING and one not in chosen]
    bench.together(
        bench.call(operation, operation.kind, body=body, defect=defect) for defect, body in chosen
    )


@probes("error.invalid-body", spends={"own": 6}, where=with_body)
def test_invalid_body(bench: Bench, operation: Operation) -> None:
    """Send bodies against the schema: the likeliest of each kind of fault."""
    offered = list(invalid_bodies(operation, bench.calls.marker()))
    bench.together(
        bench.call(operation, operation.kind, body=body, defect=defect)
        for defect, body in most_telling(offered, 6)
    )


@probes(
    "error.media-type",
    spends={"own": 3},
    thrift={"spends": {"own": 2}},
    where=with_body,
)
def test_media_type(bench: Bench, operation: Operation) -> None:
    """Send bodies of other media types; without leave to write, one that no JSON reader takes."""
    offered = list(media_types(operation, bench.calls.marker()))
    xml, others = offered[1], [offered[0], *offered[2:]]
    chosen = (
        [xml, *some(bench, operation, others, 2, 1)] if bench.calls.may_write(operation) else [xml]
    )
    bench.together(bench.call(operation, operation.kind, **typed(*entry)) for entry in chosen)


@probes("error.invalid-parameters", spends={"own": 2}, where=lists)
def test_invalid_query(bench: Bench, operation: Operation) -> None:
    """Send query parameters against the schema."""
    place = bench.contract.operations.index(operation)
    bench.together(
        bench.call(operation, operation.kind, query=query, defect=defect)
        for defect, query in turn(list(invalid_queries(operation)), place, 2)
    )


@probes(
    "error.invalid-parameters",
    spends={"own": 2},
    thrift={"spends": {"own": 1}},
    where=nested,
)
def test_malformed_nested_id(bench: Bench, operation: Operation) -> None:
    """Send an id that is none, below one's own project or team; also one that begins as one."""
    own = bench.target.parties[operation.kind].id
    path = operation.path.replace(f"{{{operation.owner}}}", own)
    known = bench.addresses.nested_id(operation.kind, operation)
    begun = [f"{known}x"] if known is not None and not bench.thrifty else []
    for id in ("not-a-uuid", *begun):
        below = path.replace(f"{{{operation.nested}}}", id)
        bench.send(operation, operation.kind, path=below, defect=f"path:{operation.nested}")


@probes("error.invalid-parameters", "error.no-server-error", spends={"own": 3})
def test_malformed_id(bench: Bench, party: str) -> None:
    """Send ids that are none in place of the project's or team's."""
    from conformance.draw import identifiers

    operation = first_list(bench.contract, party)
    owner = f"{{{operation.owner}}}"
    bench.together(
        bench.call(
            operation,
            party,
            path=operation.path.replace(owner, id),
            defect=f"path:{operation.owner}",
        )
        for id in ("isn't-a-uuid", LONG_ID, *identifiers(bench.target.seed, 1))
    )


@probes("error.unknown-route", spends={"own": 5}, free=1, thrift={"spends": {"own": 4}})
def test_unknown_route(bench: Bench, party: str) -> None:
    """Call routes that no deployment has, with names made up for this run; one without a key."""
    marker = bench.calls.marker()
    operation = first_list(bench.contract, party)
    own = operation.path.replace(f"{{{operation.owner}}}", bench.target.parties[party].id)
    below, deeper = f"{own.rpartition('/')[0]}/{marker}", f"{own}/{marker}/{marker}"
    routes = [("GET", f"/{marker}"), ("POST", below), ("GET", deeper), ("PUT", deeper)]
    if not bench.thrifty:
        routes.append(("GET", below))
    bench.together(bench.off_route(method, path, party) for method, path in routes)
    bench.deliver(bench.off_route("GET", f"/{marker}", ANONYMOUS))


@probes("error.unknown-route", spends={"own": 1}, where=lambda op: nested(op) and not op.writes)
def test_unknown_route_below(bench: Bench, operation: Operation) -> None:
    """Call a route that no deployment has below what exists."""
    bench.deliver(bench.calls.below(operation, bench.credential(operation.kind), "own"))


@probes(
    "error.unknown-route",
    phase=Phase.EXTRA,
    spends={"own": 1},
    where=lambda op: op.nested is None,
)
def test_unknown_route_under(bench: Bench, operation: Operation) -> None:
    """Call a route under each that there is, by its method: an application may be mounted there."""
    path = bench.call(operation, operation.kind).path
    marker = bench.calls.marker()
    call = bench.off_route(operation.method, f"{path}/{marker}/{marker}", operation.kind)
    if operation.body is not None and bench.calls.may_write(operation):
        call = replace(call, body=sample.dump(sample.body(operation, marker)))
    bench.deliver(call)


@probes("error.unknown-method", spends={"own": 1}, where=lambda op: op.leads)
def test_unknown_method(bench: Bench, operation: Operation) -> None:
    """Use a method that the path lacks on one's own: not first of all one that may remove it."""
    method = lacking(bench, operation)[-1]
    bench.deliver(bench.off_method(method, operation, operation.kind, resource="own"))


@probes("error.no-server-error", "error.invalid-body", spends={"own": 2}, where=with_body)
def test_drawn_body(bench: Bench, operation: Operation) -> None:
    """Send JSON that Hypothesis drew: deep, odd, and no object."""
    from conformance.draw import documents

    place = bench.contract.operations.index(operation)
    bench.together(
        bench.call(operation, operation.kind, body=body, defect="body.drawn")
        for body in turn(documents(bench.target.seed, 10), place, 2)
    )


@probes(
    "error.invalid-body",
    "error.malformed-json",
    "error.media-type",
    spends={"own": REST},
    thrift={"spends": {"own": REST // 2}},
    needs=("team.generate",),
    kinds=("team",),
)
def test_rest(bench: Bench, party: str) -> None:
    """Send defects for which the others had no room, where a new key makes some.

    A team's operations take more bodies than one window does. Where answers are slow, there is no
    time for it.
    """
    if not (bench.thrifty and bench.client.latency > SLOW_ANSWER):
        count = REST // 2 if bench.thrifty else REST
        bench.together(pool_of(bench, party).calls(party, count))


@probes(
    "error.invalid-body",
    "error.malformed-json",
    "error.media-type",
    spends={"own": REST},
    thorough=True,
    needs=("project.generate",),
    kinds=("project",),
)
def test_rest_of_projects(bench: Bench, party: str) -> None:
    """Likewise where time is not short; else a project's keys are replaced often enough."""
    bench.together(pool_of(bench, party).calls(party, REST))


@probes(
    "error.invalid-body",
    "auth.before-all",
    "rate.headers-present",
    phase=Phase.EXTRA,
    spends={"own": 1},
    free=1,
    where=with_body,
)
def test_long_body(bench: Bench, operation: Operation) -> None:
    """Send an invalid body that is long, but not so long that a proxy refuses it (reading 11).

    Also without a key.
    """
    valid = sample.body(operation, bench.calls.marker())
    long = sample.dump(valid | {"conformanceUnknown": "a" * LONG_TEXT})
    for who in (operation.kind, ANONYMOUS):
        bench.send(operation, who, body=long, defect="body.extra-member")


@probes(
    "error.malformed-json",
    "error.media-type",
    phase=Phase.EXTRA,
    spends={"own": 38},
    needs=("writes",),
    where=with_body,
)
def test_every_body_that_is_none(bench: Bench, operation: Operation) -> None:
    """Send every body that is not JSON, and every other media type: each may be read elsewhere."""
    if not bench.calls.may_write(operation):
        return  # whoever takes one would put it in the place of what is there
    marker = bench.calls.marker()
    bodies = [*malformed_bodies(), *lenient_bodies(operation, marker)]
    ways = [{"body": body, "defect": defect} for defect, body in bodies]
    ways += [typed(*entry) for entry in media_types(operation, marker)]
    bench.together(bench.call(operation, operation.kind, **way) for way in ways)


@probes(
    "error.content-type",
    "schema.responses",
    phase=Phase.EXTRA,
    spends={"own": len(PREFERRED) + 1},
)
def test_preferred(bench: Bench, party: str) -> None:
    """Prefer another media type than the documented one, where an error is to be answered.

    And once as a browser does, where a success is.
    """
    page: Fields = (("Accept", PREFERRED[0]),)
    bench.send(first_list(bench.contract, party), party, fields=page)
    bench.together(
        bench.call(
            first_list(bench.contract, party),
            party,
            resource="absent",
            fields=(("Accept", media),),
            defect="unusual:Accept",
        )
        for media in PREFERRED
    )


@probes("error.no-server-error", spends={"own": 8}, thrift={"spends": {"own": 4}})
def test_unusual(bench: Bench, party: str) -> None:
    """Send what is unusual but not wrong: conditions, and queries."""
    operation = first_list(bench.contract, party)
    calls = [
        bench.call(operation, party, fields=fields, defect=f"unusual:{fields[0][0]}")
        for fields in CONDITIONS
    ]
    calls += [
        bench.call(operation, party, query=query, defect="unusual:query")
        for query in (*_given_twice(operation), LONG_QUERY)
    ]
    bench.together(calls[party == "team" :: 2] if bench.thrifty else calls)


@probes(
    "error.no-server-error",
    spends={"own": 12},
    thrift={"spends": {"own": 7}},
    needs=("writes",),
)
def test_odd_bodies(bench: Bench, party: str) -> None:
    """Send texts of odd characters, a character set that nobody knows, and no media type."""
    calls = list(_oddly_written(bench, party))
    bench.together(calls[party == "team" :: 2] if bench.thrifty else calls)


def _given_twice(operation: Operation) -> Iterator[str]:
    """A parameter more than once, which some readers take for a list, and for an object."""
    for name in islice(operation.query, 1):
        yield f"{name}=1&{name}=2"
        yield f"{name}%5Bconformance%5D=1"
        yield f"{name}%5B%5D=1"


def _oddly_written(bench: Bench, party: str) -> Iterator[Call]:
    """Odd bodies, an unknown character set and no media type, where writing is allowed."""
    marker = bench.calls.marker()
    writable = [op for op in bench.contract.of_kind(party) if op.body and bench.calls.may_write(op)]
    offered = [(op, list(odd_bodies(op, marker))) for op in writable]
    offered.sort(key=lambda one: -len(one[1]))
    for operation, _ in offered[:1]:
        plain = sample.dump(sample.body(operation, marker))
        fields, defect = UNKNOWN_CHARSET, "unusual:charset"
        yield bench.call(operation, party, body=plain, fields=fields, defect=defect)
        untyped = bench.call(operation, party, body=plain, defect="unusual:no-media-type")
        yield replace(untyped, fields=())
    others = [] if bench.thrifty else [(operation, odd[:1]) for operation, odd in offered[1:]]
    for operation, odd in (*offered[:1], *others):
        for what, body in odd:
            yield bench.call(operation, party, body=body, defect=f"unusual:{what}")
