"""What is tried with a key that was replaced, and with those that were not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance import credential as credentials
from conformance.bench import Bench, Who
from conformance.client import Call
from conformance.contract import Operation
from conformance.credential import Credential
from conformance.exchange import Fields
from conformance.keyring import Key
from conformance.probes.shapes import first_list, first_write, flawed, in_full, lacking
from conformance.target import Party

CLOSING: Fields = (("Connection", "close"),)  # RFC 9112, 9.6
RETRIED = 3  # of the replaced keys, after each new one


def use_old(bench: Bench, old: Key) -> None:
    """Use a replaced key on every operation, method and connection."""
    operations = bench.contract.of_kind("project")
    for connection in ("main", "second", "fresh"):
        few = bench.thrifty and connection != "main"
        bench.together(
            bench.call(operation, old, group="replaced", **over(connection, place))
            for place, operation in enumerate(operations[:3] if few else operations)
        )
    bench.together(
        bench.off_method(method, operation, old, resource="own")
        for operation in bench.contract.of_kind("project")
        if operation.leads
        for method in lacking(bench, operation)[: 1 if bench.thrifty else None]
    )
    bench.together(_elsewhere(bench, old))
    if not bench.thrifty:
        bench.together(_otherwise(bench, old))
    bench.together(_ill_formed(bench, old))
    unknown = never_issued(bench, "unknown")
    bench.together(bench.call(operation, unknown, group="unknown") for operation in operations)
    bench.together(_other_methods(bench, operations[0], unknown))
    if not bench.thrifty:
        bench.together(_ill_formed(bench, unknown))


def over(connection: str, place: int) -> dict[str, Any]:
    """How to send over a connection: every second one of its own is said to end with the answer."""
    ends = connection == "fresh" and place % 2 == 0
    return {"connection": connection, "fields": CLOSING if ends else ()}


def _other_methods(bench: Bench, operation: Operation, unknown: Credential) -> Iterator[Call]:
    """What a key that never was gets for methods that a path lacks: that may come before keys."""
    for method in lacking(bench, operation)[: 1 if bench.thrifty else None]:
        call = bench.off_method(method, operation, unknown, resource="own")
        yield replace(call, tags=replace(call.tags, group="unknown"))


def never_issued(bench: Bench, name: str) -> Credential:
    """A key like the project's own that never was; another one for each name."""
    like = bench.key("project").secret(bench.contract)
    return credentials.forged(bench.contract, "project", bench.rng(name), like)


def _elsewhere(bench: Bench, old: Key) -> Iterator[Call]:
    """A replaced key for what is another's, or a team's, or does not exist: nobody is to look."""
    operations = bench.contract.of_kind("project")
    for resource in ("foreign",) if bench.thrifty else ("foreign", "absent"):
        yield bench.call(operations[0], old, resource=resource, group="replaced")
    if "team" in bench.target.parties:
        yield bench.call(
            first_list(bench.contract, "team"), old, resource="cross", group="replaced"
        )
    for operation in operations:
        if operation.nested is not None:
            yield bench.call(operation, old, nested="absent", group="replaced")


def _otherwise(bench: Bench, old: Key) -> Iterator[Call]:
    """A replaced key in requests that take other ways: with all that they may have, to a team."""
    for operation in bench.contract.of_kind("project"):
        for full in in_full(bench, operation):
            yield bench.call(operation, old, group="replaced", **full)
    lower = credentials.scheme_case(old, "bearer")
    yield bench.call(first_list(bench.contract, "project"), lower, group="replaced")
    if "team" in bench.target.parties:
        for operation in bench.contract.of_kind("team"):
            yield bench.call(operation, old, resource="cross", group="replaced")


def _ill_formed(bench: Bench, who: Who) -> Iterator[Call]:
    """A replaced key, or one that never was, in requests that are wrong too: nobody is to look."""
    operations = [first_write(bench.contract, "project"), first_list(bench.contract, "project")]
    group = "replaced" if isinstance(who, Key) else "unknown"
    for operation in operations[: 1 if bench.thrifty else None]:
        for way in flawed(bench, operation, 2):
            yield bench.call(operation, who, group=group, **way)


def use_earlier(bench: Bench) -> None:
    """Use the last keys that were replaced where they were refused, after one more new key."""
    operation = first_list(bench.contract, "project")
    replaced = bench.keyring.earlier("project")
    for key in replaced[-2:-1] if bench.thrifty else replaced[-RETRIED:]:
        bench.send(operation, key, group="replaced")


def use_others(bench: Bench) -> None:
    """Use the keys of other parties, which one project's new key does not concern."""
    for party in others_with_room(bench):
        bench.send(first_list(bench.contract, party.kind), party.name, group="others")
        if not bench.thrifty:
            bench.send(first_write(bench.contract, party.kind), party.name, group="others")


def others_with_room(bench: Bench) -> list[Party]:
    """The other parties whose keys are not used up, as those would be refused for that."""
    keyed = [one for one in bench.target.parties.values() if bench.target.has_key(one.name)]
    return [one for one in keyed if one.name != "project" and has_room(bench, one.name)]


def has_room(bench: Bench, party: str) -> bool:
    """Whether a party's key is not used up, as it would be refused for that."""
    return bench.budget.remaining(bench.key(party).label, bench.clock.now()) > 0
