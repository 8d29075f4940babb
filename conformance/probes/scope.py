"""scope: what a key reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from conformance.address import CROSS, OTHERS
from conformance.bench import Bench
from conformance.client import Call
from conformance.contract import Operation
from conformance.credential import ANONYMOUS, Credential, forged
from conformance.exchange import Exchange
from conformance.likeness import UUID
from conformance.probe import Lacking, Phase, probes
from conformance.probes.shapes import (
    first_list,
    flawed,
    in_full,
    lane,
    lists,
    most_telling,
    nested,
)
from conformance.sample import invalid_bodies, malformed_bodies, media_types, typed

BURSTS = 3  # of refused writes
KINDS = 5  # of invalid bodies in each of them
AT_ONCE = 5  # lists of each of two owners that are read at once
LISTED = 6  # items of a list that are read
WAYS = {name: {"resource": name} for name in ("cross", "absent")}


@probes(
    "scope.project-isolation",
    "scope.team-isolation",
    "scope.no-side-effect",
    "leak.same-answer",
    "leak.same-cost",
    "leak.transport",
    "rate.per-key",
    spends={"own": 2},
    needs=("other.id",),
)
def test_foreign_and_absent(bench: Bench, operation: Operation) -> None:
    """Address another's project or team, and one that never was, with the same key."""
    bench.pair(operation, operation.kind)


@probes(
    "scope.project-key-on-team",
    "scope.team-key-on-project",
    "leak.same-answer",
    "rate.per-key",
    spends={"cross": 8},
    thrift={"spends": {"cross": 2}},
    needs=("own.id",),
)
def test_key_of_the_other_kind(bench: Bench, operation: Operation) -> None:
    """Call every operation with a valid key of the other kind, on what exists and what does not."""
    key = CROSS[operation.kind]
    ways = [way for way in ("cross", "cross-foreign", "absent") if _reaches(bench, operation, way)]
    if len(ways) > 1 and ways[0] == "cross":
        bench.compare(
            lambda way: bench.call(operation, key, **way), (WAYS["cross"], WAYS["absent"])
        )
        ways = ways[1:-1]
    if not bench.thrifty:
        for way in ways:
            bench.send(operation, key, resource=way)
        if not operation.writes and bench.target.has_key(operation.kind):  # as after a cache
            bench.send(operation, operation.kind)
            bench.send(operation, key, resource="cross")
        for other in (*in_full(bench, operation), *flawed(bench, operation)):
            bench.send(operation, key, resource="cross", **other)
        bench.deliver(_under_its_own_id(bench, operation, key))


def _under_its_own_id(bench: Bench, operation: Operation, key: str) -> Call:
    """What is of the other kind, by the id of what the key belongs to."""
    call, parties = bench.call(operation, key, resource="cross"), bench.target.parties
    return replace(call, path=call.path.replace(parties[operation.kind].id, parties[key].id))


def _reaches(bench: Bench, operation: Operation, way: str) -> bool:
    return way == "absent" or bool(bench.addresses.owner(operation, CROSS[operation.kind], way))


@probes(
    "scope.project-isolation",
    "scope.team-isolation",
    "leak.same-answer",
    "rate.per-key",
    spends={"other": 2},
    needs=("other.key", "own.id"),
    where=lambda op: not op.lists and op.body is None,
)
def test_the_other_way(bench: Bench, operation: Operation) -> None:
    """Address one's own with the other's key: what no invalid request of the other asks for."""
    bench.pair(operation, OTHERS[operation.kind])


@probes(
    "scope.project-isolation",
    "scope.team-isolation",
    phase=Phase.LATER,
    spends={"other": 1},
    thorough=True,
    needs=("other.key", "own.id"),
    where=lambda op: op.lists or op.body is not None or op.nested is not None,
)
def test_all_the_other_way(bench: Bench, operation: Operation) -> None:
    """Address one's own with the other's key."""
    bench.send(operation, OTHERS[operation.kind], resource="foreign")


@probes(
    "scope.nested",
    phase=Phase.LATER,
    spends={"other": 1},
    thorough=True,
    needs=("other.key", "own.id"),
    where=nested,
)
def test_nested_the_other_way(bench: Bench, operation: Operation) -> None:
    """Address one's own resource below the other's, with the other's key."""
    bench.send(operation, OTHERS[operation.kind], nested="foreign")


@probes(
    "scope.project-key-on-team",
    "scope.team-key-on-project",
    phase=Phase.LATER,
    spends={"cross-other": 1},
    thorough=True,
    needs=("cross-other.key", "other.id"),
)
def test_other_key_of_the_other_kind(bench: Bench, operation: Operation) -> None:
    """Call the other's operations with its key of the other kind."""
    bench.send(operation, OTHERS[CROSS[operation.kind]], resource="cross-foreign")


@probes(
    "scope.project-isolation",
    "scope.team-isolation",
    spends={"own": 4},
    thrift={"spends": {"own": 1}},
    needs=("other.id",),
)
def test_in_capitals(bench: Bench, party: str) -> None:
    """Address another's project or team with its id in capital letters, which is the same id.

    And with an escaped letter, which is the same path (RFC 3986, 6.2.2.2). And as some readers of
    ids take it too, where others find none: without dashes, as a URN.
    """
    operation = first_list(bench.contract, party)
    call = bench.call(operation, party, resource="foreign")
    id = bench.target.parties[OTHERS[party]].id
    bench.deliver(replace(call, path=call.path.replace(id, id.upper())))
    if not bench.thrifty:
        escaped = f"{id[:-1]}%{ord(id[-1]):02X}"
        bench.deliver(replace(call, path=call.path.replace(id, escaped)))
    for spelled in [] if bench.thrifty else (id.replace("-", ""), f"urn:uuid:{id}"):
        tags = replace(call.tags, defect=f"path:{operation.owner}")
        bench.deliver(replace(call, path=call.path.replace(id, spelled), tags=tags))


@probes(
    "scope.project-isolation",
    "scope.team-isolation",
    "scope.own-only",
    "leak.same-answer",
    phase=Phase.EXTRA,
    spends={"own": 3},
    needs=("other.id",),
)
def test_two_ids(bench: Bench, party: str) -> None:
    """Name one project or team in the path and another in the query: the path is what counts.

    A server may call a parameter invalid that it does not know.
    """
    operation, ids = first_list(bench.contract, party), bench.target.parties

    def naming(named: str) -> list[tuple[str, str]]:
        return [(name, ids[named].id) for name in (operation.owner, f"{party}_id")]

    bench.pair(operation, party, query=naming(party), defect="query.unknown")
    bench.send(operation, party, query=naming(OTHERS[party]))


@probes(
    "scope.nested",
    phase=Phase.EXTRA,
    spends={"own": 1},
    needs=("other.key",),
    where=nested,
)
def test_nested_in_capitals(bench: Bench, operation: Operation) -> None:
    """Address another's resource under one's own id by its id in capitals."""
    id = bench.addresses.nested_id(OTHERS[operation.kind], operation)
    if id is not None:
        call = bench.call(operation, operation.kind, nested="foreign")
        bench.deliver(replace(call, path=call.path.replace(id, id.upper())))


@probes(
    "scope.nested",
    "leak.nested",
    spends={"own": 4},
    needs=("other.key",),
    where=nested,
)
def test_nested(bench: Bench, operation: Operation) -> None:
    """Address another's resource under one's own id, and one's own under another's."""
    who = operation.kind
    for ways in (
        ({"nested": "foreign"}, {"nested": "absent"}),
        ({"resource": "foreign", "nested": "own"}, {"resource": "absent", "nested": "own"}),
    ):
        bench.compare(lambda way: bench.call(operation, who, **way), ways)


@probes(
    "scope.own-only",
    spends={"own": 2, "other": 3},
    thrift={"spends": {"own": 1, "other": 2}},
    where=lists,
)
def test_lists(bench: Bench, operation: Operation) -> None:
    """Read the lists of two projects or teams, each with its own key."""
    other = OTHERS[operation.kind]
    calls = [bench.call(operation, other)]
    for limit in (100,) if bench.thrifty else (100, 1):
        for who in (operation.kind, other):
            whole = {"query": f"limit={limit}", "generated": "positive"}
            calls.append(bench.call(operation, who, **whole))
    bench.together(calls)


@probes(
    "scope.own-only",
    phase=Phase.EXTRA,
    spends={"own": AT_ONCE, "other": AT_ONCE},
    needs=("other.key", "pace"),
)
def test_lists_at_once(bench: Bench, party: str) -> None:
    """Read the lists of two projects or teams at once: what a server remembers may be mixed up."""
    operation, both = first_list(bench.contract, party), (party, OTHERS[party])
    bench.client.send_at_once(
        [
            bench.call(operation, both[number % 2], connection=lane(number))
            for number in range(2 * AT_ONCE)
        ]
    )


@probes(
    "scope.own-only",
    "auth.project-key-accepted",
    "auth.team-key-accepted",
    phase=Phase.EXTRA,
    spends={"own": 2},
    needs=("other.id",),
    where=lists,
)
def test_after_another(bench: Bench, operation: Operation) -> None:
    """Read one's own list where another's was just refused: nothing of that may be left."""
    bench.send(operation, operation.kind, resource="foreign")
    bench.send(operation, operation.kind)


@probes(
    "scope.own-only",
    phase=Phase.EXTRA,
    spends={"own": 1 + LISTED},
    where=lambda op: nested(op) and not op.writes,
)
def test_listed(bench: Bench, operation: Operation) -> None:
    """Read what a list holds one by one, the oldest: if it is one's own, it is found there."""
    above = operation.path.rpartition("/")[0]
    listing = _list_at(bench, {above})
    seen = bench.send(listing, operation.kind, query="limit=100", generated="positive")
    place = bench.call(listing, operation.kind).path
    for id in _ids(seen, operation)[-LISTED:]:
        bench.send(operation, operation.kind, path=f"{place}/{id}", group="listed")


def _list_at(bench: Bench, paths: set[str]) -> Operation:
    """The list on one of the paths; raises Lacking if there is none."""
    for operation in bench.contract.operations:
        if operation.lists and operation.path in paths:
            return operation
    raise Lacking(f"a list at {' or '.join(sorted(paths)) or 'what can be made'}")


def _ids(listed: Exchange, operation: Operation) -> list[str]:
    """What a list's items have for the operation's path."""
    document = listed.response.json if listed.response else None
    items = document.get("data") if isinstance(document, dict) else None
    named = [item.get(operation.nested) for item in items or () if isinstance(item, dict)]
    return [id for id in named if isinstance(id, str) and UUID.fullmatch(id)]


@probes(
    "scope.no-side-effect",
    phase=Phase.EXTRA,
    spends={"own": 14 + BURSTS * 17, "other": 14},
    free=BURSTS * 6,
    needs=("other.id",),
)
def test_bursts(bench: Bench, party: str) -> None:
    """Look at what is there before and after bursts of writes that are refused.

    And once more after each: where something changed, after as long a time without such writes, as
    others may be at work too.
    """
    before = look_around(bench, party)
    for number in range(BURSTS):
        began = bench.clock.now()
        for operation in bench.contract.of_kind(party):
            if operation.body is not None:
                for stranger in (ANONYMOUS, _unknown(bench, operation, number)):
                    bench.send(operation, stranger, group="burst")
                for way in _refused(bench, operation, number):
                    bench.send(operation, party, **way, group="burst")
        after, ended = look_around(bench, party), bench.clock.now()
        if after != before:
            bench.wait_until(2 * ended - began, f"{party}: what changes by itself?")
        before = look_around(bench, party)


def _unknown(bench: Bench, operation: Operation, number: int) -> Credential:
    """A key that was never issued, another one for each burst."""
    return forged(bench.contract, operation.kind, bench.rng(f"burst/{operation.id}/{number}"))


def _refused(bench: Bench, operation: Operation, number: int) -> Iterator[dict[str, Any]]:
    """Ways to send a write that is refused: most where it would make what is looked at.

    Elsewhere one of each kind; what is wrong differs by *number*.
    """
    yield {"resource": "foreign"}
    offered = most_telling(list(invalid_bodies(operation, bench.calls.marker())), KINDS)
    broken = list(islice(malformed_bodies(), 2))
    if operation.path != _what_is_made(bench, operation.kind).path:
        offered, broken = [offered[number % len(offered)]], broken[:1]
    for defect, body in (*offered, *broken):
        yield {"body": body, "defect": defect}
    yield _of_another_type(bench, operation)


def _of_another_type(bench: Bench, operation: Operation) -> dict[str, Any]:
    """How to send what is no JSON; a valid body, where writing is allowed."""
    text, xml, *_ = media_types(operation, bench.calls.marker())
    return typed(*(text if bench.calls.may_write(operation) else xml))


def look_around(bench: Bench, party: str) -> list[bytes]:
    """Read the list of what can be made, and what is there once, one's own and the other's."""
    made = _what_is_made(bench, party)
    once = [op for op in bench.contract.of_kind(party) if _is_there_once(op)]
    looks = [
        bench.send(operation, who, query="limit=100" if operation.lists else "", group="look")
        for operation in (made, *once)
        for who in (party, OTHERS[party])
    ]
    return [one.response.body for one in looks if one.response is not None]


def _is_there_once(operation: Operation) -> bool:
    """Whether it reads what each project or team has one of."""
    return not (operation.writes or operation.lists or nested(operation))


def _what_is_made(bench: Bench, kind: str) -> Operation:
    """The list of what can be made."""
    return _list_at(
        bench, {one.path for one in bench.contract.of_kind(kind) if one.method == "POST"}
    )


@probes(
    "scope.no-side-effect",
    phase=Phase.FINAL,
    spends={"own": 1},
    where=lists,
)
def test_what_is_there_now(bench: Bench, operation: Operation) -> None:
    """Read every list again, after all the writes that were refused."""
    bench.send(operation, operation.kind, query="limit=100", generated="positive")


@probes("scope.no-side-effect", phase=Phase.FINAL, spends={"other": 1}, where=lists)
def test_what_is_there_for_others(bench: Bench, operation: Operation) -> None:
    """Read the other's lists too: refused writes were addressed to it."""
    bench.send(operation, OTHERS[operation.kind], query="limit=100", generated="positive")
