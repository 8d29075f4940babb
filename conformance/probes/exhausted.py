"""What a key is asked that is over its limit: all that must not matter, and costs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from conformance import credential as credentials
from conformance import sample
from conformance.address import CROSS
from conformance.bench import Bench
from conformance.client import Call
from conformance.contract import Operation
from conformance.exchange import Fields
from conformance.exhaust import exhaust
from conformance.probes.shapes import first_list, first_write, lacking, respelled
from conformance.sample import invalid_bodies, invalid_queries, malformed_bodies, media_types, typed

LOOPBACK = ("X-Forwarded-For", "127.0.0.1")
INSIDE: Fields = (  # what goes with it: a server may believe any of them
    ("X-Real-IP", "127.0.0.1"),
    ("Forwarded", "for=127.0.0.1"),
    ("True-Client-IP", "127.0.0.1"),
    ("CF-Connecting-IP", "127.0.0.1"),
)
FASTLY = ("Fastly-Client-IP", "203.0.113.{n}")
NETWORKS: Fields = (  # likewise, of networks and proxies that are in front of fewer servers
    ("Fly-Client-IP", "203.0.113.1"),
    ("X-Azure-ClientIP", "203.0.113.1"),
    ("X-Envoy-External-Address", "203.0.113.1"),
    ("X-Appengine-User-IP", "203.0.113.1"),
    ("X-Remote-IP", "203.0.113.1"),
    ("X-Remote-Addr", "203.0.113.1"),
)
TOGETHER = {LOOPBACK: INSIDE, FASTLY: NETWORKS}
FORWARDING = (
    ("X-Forwarded-For", "203.0.113.{n}"),
    LOOPBACK,
    ("X-Real-IP", "203.0.113.{n}"),
    ("Forwarded", "for=203.0.113.{n}"),
    ("X-Client-IP", "203.0.113.{n}"),
    ("True-Client-IP", "203.0.113.{n}"),
    ("CF-Connecting-IP", "203.0.113.{n}"),
    ("X-Originating-IP", "203.0.113.{n}"),
    ("X-Forwarded-Host", "other{n}.example"),
    ("X-Forwarded-Proto", "https"),
    ("X-Cluster-Client-IP", "203.0.113.{n}"),
    FASTLY,
    ("User-Agent", "bugzy-conformance (other {n})"),
    ("Cookie", "session=conformance{n}"),
    ("Accept-Language", "eo"),
    ("Origin", "https://other{n}.example"),
)


def over_the_limit(bench: Bench, party: str, calls: list[Call]) -> None:
    """Send calls with an exhausted key; if its window ended meanwhile, once more in the next."""
    label = bench.key(party).label
    for batch in bench.batches(calls):
        if not bench.budget.exhausted(label, bench.clock.now()):
            exhaust(bench, party)
        if label in bench.unlimited:
            return
        tagged = [replace(call, tags=replace(call.tags, group="exhausted")) for call in batch]
        bench.client.send_all(tagged)


def ways(bench: Bench, operation: Operation) -> Iterator[Call]:
    """An operation on what exists and what does not, validly and not, and in disguise."""
    party = operation.kind
    for resource in ("own", "foreign") if bench.thrifty else ("own", "foreign", "absent"):
        yield bench.call(operation, party, resource=resource)
    if operation.body is not None:
        for defect, body in (
            next(invalid_bodies(operation, bench.calls.marker())),
            next(malformed_bodies()),
        ):
            yield bench.call(operation, party, body=body, defect=defect)
    for defect, query in islice(invalid_queries(operation), 1):
        yield bench.call(operation, party, query=query, defect=defect)
    if not bench.thrifty:
        yield from _more_ways(bench, operation)


def _more_ways(bench: Bench, operation: Operation) -> Iterator[Call]:
    party, marker = operation.kind, bench.calls.marker()
    every = operation.body is not None and operation == first_write(bench.contract, party)
    yield from disguised(bench, operation, FORWARDING if every else FORWARDING[:1])
    if operation.body is not None:
        yield bench.call(operation, party, **typed(*next(media_types(operation, marker))))
        yield bench.call(operation, party, body=b"", defect="json.empty")
    if operation.references and bench.calls.may_write(operation):
        named = sample.referring(operation, marker, bench.addresses.absent())
        yield bench.call(operation, party, body=named)


def elsewhere(bench: Bench, party: str) -> Iterator[Call]:
    """What the key cannot call, what is not there, what is no id, and what is no route at all."""
    operation = first_list(bench.contract, party)
    yield _with_no_id(bench, operation, operation.owner)
    yield bench.off_method(lacking(bench, operation)[0], operation, party, resource="own")
    yield bench.off_route("GET", f"/{bench.calls.marker()}", party)
    below = (op for op in bench.contract.of_kind(party) if op.nested is not None)
    for one in islice(below, 1):
        yield bench.call(one, party, nested="absent")
        if not bench.thrifty and one.nested is not None:
            yield _with_no_id(bench, one, one.nested)
    if CROSS[party] in bench.target.parties:
        yield bench.call(first_list(bench.contract, CROSS[party]), party, resource="cross")


def _with_no_id(bench: Bench, operation: Operation, name: str) -> Call:
    """A call in whose path a parameter is no id."""
    call = bench.call(operation, operation.kind)
    place = operation.path.split("/").index(f"{{{name}}}")
    parts = call.path.split("/")
    parts[place] = "not-a-uuid"
    tags = replace(call.tags, defect=f"path:{name}")
    return replace(call, path="/".join(parts), tags=tags)


def twisted(bench: Bench, party: str) -> list[Call]:
    """One request in every disguise."""
    operation = first_list(bench.contract, party)
    calls = disguised(bench, operation, FORWARDING)
    path = bench.call(operation, party).path
    calls.append(bench.call(operation, party, query="limit=7", twist="query"))
    calls += [bench.call(operation, party, path=to, twist=twist) for twist, to in respelled(path)]
    for scheme in ("bearer", "BEARER"):
        form = credentials.scheme_case(bench.key(party), scheme)
        calls.append(bench.call(operation, form, twist="case"))
    return calls + [
        bench.call(operation, party, connection=connection, twist="connection")
        for connection in ("second", "fresh")
    ]


def disguised(
    bench: Bench, operation: Operation, forwarding: Sequence[tuple[str, str]]
) -> list[Call]:
    """A request as it may come through proxies, with a query, and with another path's spelling."""
    party = operation.kind
    calls = [
        bench.call(
            operation,
            party,
            fields=((name, value.format(n=number)), *TOGETHER.get((name, value), ())),
            twist=f"forwarded:{name}" + ("" if "{n}" in value else f": {value}"),
        )
        for number, (name, value) in enumerate(forwarding, 1)
    ]
    path = bench.call(operation, party).path
    calls.append(bench.call(operation, party, query="conformance=1", twist="query"))
    calls.append(bench.call(operation, party, path=path + "/", twist="slash"))
    return calls
