"""leak: 404 hides what exists."""

from __future__ import annotations

from dataclasses import replace

from conformance import sample
from conformance.address import OTHERS
from conformance.bench import Bench, Who
from conformance.client import Call
from conformance.contract import Operation
from conformance.credential import ANONYMOUS, STRANGE
from conformance.probe import Phase, probes
from conformance.probes.shapes import (
    first_list,
    first_write,
    flawed,
    in_full,
    lacking,
    lists,
    nested,
    refers,
)
from conformance.sample import malformed_bodies, media_types, typed

FLAWS = 20  # more than there are kinds of
PAIRS_TIMED = 10
MORE_TIMED = 14  # where a new key makes room
Ways = tuple[dict[str, str], dict[str, str]]
PAIR: Ways = ({"resource": "foreign"}, {"resource": "absent"})


@probes(
    "leak.before-validation",
    spends={"spare": 2},
    needs=("other.id",),
    where=lambda op: op.lists or op.body is not None,
)
def test_invalid(bench: Bench, operation: Operation) -> None:
    """Address another's and an absent one with an invalid body or parameter."""
    for way in flawed(bench, operation):
        bench.pair(operation, bench.roomiest(operation.kind), **way)


@probes(
    "leak.before-validation",
    spends={"spare": 2},
    needs=("other.id",),
    where=lambda op: op.body is not None,
)
def test_malformed(bench: Bench, operation: Operation) -> None:
    """The same with a body that is not JSON."""
    defect, body = next(malformed_bodies())
    bench.pair(operation, bench.roomiest(operation.kind), body=body, defect=defect)


@probes(
    "leak.before-validation",
    phase=Phase.EXTRA,
    spends={"own": 18},
    needs=("other.id",),
    where=lambda op: op.lists or op.body is not None,
)
def test_invalid_otherwise(bench: Bench, operation: Operation) -> None:
    """The same with each other thing that may be wrong: also with a body of another media type.

    Where another's is answered 404 there is nothing to compare.
    """
    ways = flawed(bench, operation, FLAWS)[1:]
    if operation.body is not None:
        ways.append(typed(*next(media_types(operation, bench.calls.marker()))))
    for way in ways:
        if bench.send(operation, operation.kind, resource="foreign", **way).status != 404:
            bench.pair(operation, operation.kind, **way)


@probes(
    "leak.same-answer",
    "scope.project-isolation",
    "scope.team-isolation",
    phase=Phase.EXTRA,
    spends={"own": 3},
    needs=("other.id",),
    where=lambda op: op.lists or op.body is not None,
)
def test_in_full(bench: Bench, operation: Operation) -> None:
    """The same with all that a valid request may have, and with a slash at the end of the path."""
    for way in in_full(bench, operation):
        bench.pair(operation, operation.kind, **way)
    if operation.lists:
        call = bench.call(operation, operation.kind, resource="foreign", twist="slash")
        bench.deliver(replace(call, path=f"{call.path}/"))


@probes(
    "leak.before-validation",
    phase=Phase.EXTRA,
    spends={"own": 2},
    needs=("other.id",),
    where=nested,
)
def test_malformed_below(bench: Bench, operation: Operation) -> None:
    """Address what has no id below another's and an absent one."""
    lost = {"defect": f"path:{operation.nested}"}
    template = operation.path.replace(f"{{{operation.nested}}}", "not-a-uuid")

    def below(way: dict[str, str]) -> Call:
        call = bench.call(operation, operation.kind, **way, **lost)
        id = call.path.split("/")[2]
        return replace(call, path=template.replace(f"{{{operation.owner}}}", id))

    bench.compare(below, PAIR)


@probes(
    "leak.unsupported-method",
    "scope.project-isolation",
    "scope.team-isolation",
    spends={"spare": 2},
    needs=("other.id",),
    where=lambda op: op.leads,
)
def test_unsupported_method(bench: Bench, operation: Operation) -> None:
    """Use a method that the path lacks on another's and an absent one."""
    method = lacking(bench, operation)[0]
    bench.compare(
        lambda way: bench.off_method(method, operation, bench.roomiest(operation.kind), **way), PAIR
    )


@probes(
    "leak.unsupported-method",
    "error.unknown-method",
    "scope.project-isolation",
    "scope.team-isolation",
    phase=Phase.EXTRA,
    spends={"own": 12},
    needs=("other.id",),
    where=lambda op: op.leads,
)
def test_every_unsupported_method(bench: Bench, operation: Operation) -> None:
    """Use every method that the path lacks on one's own, another's and an absent one."""
    for method in lacking(bench, operation):
        who = operation.kind
        bench.deliver(bench.off_method(method, operation, who, resource="own"))
        bench.compare(lambda way: bench.off_method(method, operation, who, **way), PAIR)  # noqa: B023


@probes(
    "leak.nested",
    spends={"own": 2},
    needs=("other.key",),
    where=nested,
)
def test_further_down(bench: Bench, operation: Operation) -> None:
    """Address something below another's resource, under one's own id."""
    credential = bench.credential(operation.kind)
    ways = ({"nested": "foreign"}, {"nested": "absent"})
    bench.compare(lambda way: bench.calls.below(operation, credential, **way), ways)


@probes(
    "leak.same-answer",
    phase=Phase.EXTRA,
    spends={"own": 2},
    needs=("other.id",),
)
def test_unknown_route_below(bench: Bench, party: str) -> None:
    """Call a route that does not exist below another's and an absent one."""
    operation, marker = first_list(bench.contract, party), bench.calls.marker()

    def below(way: dict[str, str]) -> Call:
        place = bench.call(operation, party, **way).path.rpartition("/")[0]
        tags = {"route": f"/{party}s/{{{operation.owner}}}/{marker}", **way}
        return bench.off_route("GET", f"{place}/{marker}", party, **tags)

    bench.compare(below, PAIR)


@probes(
    "leak.nested",
    "leak.unsupported-method",
    phase=Phase.EXTRA,
    spends={"own": 14},
    needs=("other.key",),
    where=nested,
)
def test_below_anothers(bench: Bench, operation: Operation) -> None:
    """Tell what another has from what nobody has: below the other's id, and by lacking methods."""
    who = operation.kind
    below = (
        {"resource": "foreign", "nested": "foreign"},
        {"resource": "foreign", "nested": "absent"},
    )
    bench.compare(lambda way: bench.call(operation, who, **way), below)
    mixed = ({"resource": "own", "nested": "foreign"}, {"resource": "own", "nested": "absent"})
    for flaw in flawed(bench, operation, 2):
        bench.compare(lambda way: bench.call(operation, who, **flaw, **way), mixed)  # noqa: B023
    for method in lacking(bench, operation) if operation.leads else ():
        bench.compare(lambda way: bench.off_method(method, operation, who, **way), mixed)  # noqa: B023


@probes(
    "leak.nested",
    "scope.nested",
    spends={"own": 2},
    needs=("writes", "other_project.id"),
    where=refers,
)
def test_referred(bench: Bench, operation: Operation) -> None:
    """Name another's project and an absent one in a body that is sent to one's own."""
    named = {
        "foreign": bench.target.parties["other_project"].id,
        "absent": bench.addresses.absent(),
    }
    marker = bench.calls.marker()

    def naming(way: dict[str, str]) -> Call:
        body = sample.referring(operation, marker, named[way["nested"]])
        call = bench.call(operation, operation.kind, body=body)
        return replace(call, tags=replace(call.tags, nested=way["nested"]))

    bench.compare(naming, ({"nested": "foreign"}, {"nested": "absent"}))


@probes(
    "leak.unauthenticated",
    phase=Phase.FREE,
    free=3,
    thrift={"free": 2},
    where=lambda op: op.leads,
)
def test_unauthenticated_method(bench: Bench, operation: Operation) -> None:
    """Without a key, use a method that the path lacks on what exists and what does not."""
    method = lacking(bench, operation)[0]
    bench.sometime(
        bench.off_method(method, operation, ANONYMOUS, resource=resource)
        for resource in (("own", "absent") if bench.thrifty else ("own", "foreign", "absent"))
    )


@probes("leak.unauthenticated", phase=Phase.FREE, free=2, thorough=True, where=lists)
def test_unauthenticated_scheme(bench: Bench, operation: Operation) -> None:
    """Under a scheme that is not taken, ask for what exists and what does not."""
    bench.sometime(
        bench.call(operation, STRANGE, resource=resource) for resource in ("own", "absent")
    )


@probes("leak.same-answer", spends={"spare": 4}, needs=("other.id",))
def test_identical(bench: Bench, party: str) -> None:
    """Send identical requests, to learn what varies between their answers."""
    operation = first_list(bench.contract, party)
    who = bench.roomiest(party)
    for resource in ("absent", "foreign"):
        call = bench.call(operation, who, resource=resource, group="identical")
        for connection in ("main", "second"):
            bench.deliver(replace(call, connection=connection))


@probes(
    "leak.timing",
    "leak.same-answer",
    spends={"other": 2 * PAIRS_TIMED},
    needs=("other.key", "own.id"),
    thrift={"kinds": ("project",)},
)
def test_timing(bench: Bench, party: str) -> None:
    """Time another's and an absent one in turn."""
    alternate(bench, first_list(bench.contract, party), OTHERS[party], PAIR, PAIRS_TIMED)


@probes(
    "leak.timing",
    phase=Phase.EXTRA,
    spends={"own": 2 * MORE_TIMED},
    needs=("other.key",),
    where=lambda op: op.nested is not None and not op.writes,
)
def test_timing_below(bench: Bench, operation: Operation) -> None:
    """Time what another has and what nobody has, under one's own id."""
    ways = ({"nested": "foreign"}, {"nested": "absent"})
    alternate(bench, operation, operation.kind, ways)


@probes(
    "leak.timing",
    phase=Phase.EXTRA,
    spends={"own": 2 * MORE_TIMED},
    needs=("other.id",),
)
def test_timing_of_writes(bench: Bench, party: str) -> None:
    """Time writes to another's and to an absent one, which are looked into by other code."""
    alternate(bench, first_write(bench.contract, party), party, PAIR)


@probes(
    "leak.timing",
    phase=Phase.EXTRA,
    free=2 * MORE_TIMED,
    needs=("own.id",),
    kinds=("project",),
)
def test_timing_without_a_key(bench: Bench, party: str) -> None:
    """Time what exists and what does not, as a stranger."""
    ways = ({"resource": "own"}, {"resource": "absent"})
    alternate(bench, first_list(bench.contract, party), ANONYMOUS, ways)


def alternate(
    bench: Bench, operation: Operation, who: Who, ways: Ways, count: int = MORE_TIMED
) -> None:
    """Send both so many times, in an order that favours neither, and always the same two ids."""
    calls = [bench.call(operation, who, **way, group="timing") for way in ways]
    for number in range(count):
        for call in calls if number % 2 else calls[::-1]:
            bench.deliver(call)
