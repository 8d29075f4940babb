"""Judges of area scope: what a key reaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from conformance.contract import Contract, Operation, parameters
from conformance.exchange import Exchange
from conformance.finding import SHOWN, Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select, words
from conformance.judges.listing import identifiers, items, path, received
from conformance.likeness import UUID

ASTRAY = frozenset(  # relations of owner and nested resource in which the one is not the other's
    {
        ("own", "foreign"),
        ("foreign", "own"),
        ("absent", "own"),
    }
)

Chosen = Callable[[Exchange], bool]


@judges("scope.project-isolation")
def other_projects(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what project keys get on other projects."""
    yield from _isolation(contract, history, "project")


@judges("scope.team-isolation")
def other_teams(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what team keys get on other teams."""
    yield from _isolation(contract, history, "team")


@judges("scope.project-key-on-team")
def teams_of_project_keys(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what project keys get on teams."""
    yield from _crossing(contract, history, "project", "team")


@judges("scope.team-key-on-project")
def projects_of_team_keys(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what team keys get on projects."""
    yield from _crossing(contract, history, "team", "project")


@judges("scope.nested")
def nested(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what keys get for resources under another project or team than their owner.

    Whose a resource is that two owners' lists show, is not known. What another project or team
    answers whatever is asked of it is not about the resource: isolation judges that.
    """
    shown = {
        f"{path(one)}/{item[name]}"
        for operation, one in select.settled(contract, history)
        if operation.lists and one.succeeded and select.own(one)
        for item in items(one)
        for name in identifiers(operation)
        if name in item
    }

    usual = {
        (select.place(one), one.status)
        for one in history.judged
        if one.plain_key and one.tags.resource == "foreign" and one.tags.nested != "own"
        if one.status != 404
    }

    def chosen(one: Exchange) -> bool:
        below = contract.by_id[select.place(one)].nested is not None  # else a body only names it
        astray = (one.tags.resource, one.tags.nested) in ASTRAY and path(one) not in shown
        elsewhere = one.tags.resource == "foreign" and (select.place(one), one.status) in usual
        return below and astray and not elsewhere

    yield from _refused(contract, history, chosen, (404,), coded=False)


@judges("scope.own-only")
def own_only(contract: Contract, history: History) -> Iterator[Opinion]:
    """Compare the lists of different owners, and their items with the owner in the path."""
    lists = [
        one
        for operation, one in select.settled(contract, history)
        if operation.lists and one.succeeded and select.own(one)
    ]
    for id, ones in select.grouped(lists, select.place).items():
        yield from _shared(contract.by_id[id], ones)
        yield from _misplaced(contract.by_id[id], ones)
    yield from _lost(contract, history, lists)


def _isolation(contract: Contract, history: History, kind: str) -> Iterator[Opinion]:
    def chosen(one: Exchange) -> bool:
        tags = one.tags
        reaches = _kind_of_key(one) == kind == _kind_of_route(contract, one)
        return reaches and tags.resource == "foreign"

    yield from _refused(contract, history, chosen, (404,))
    yield from _methods(contract, history, chosen, (404,))


def _crossing(contract: Contract, history: History, key: str, route: str) -> Iterator[Opinion]:
    def chosen(one: Exchange) -> bool:
        crosses = _kind_of_key(one) == key and _kind_of_route(contract, one) == route
        return crosses and one.tags.resource in ("cross", "cross-foreign")

    yield from _refused(contract, history, chosen, (401, 404), excused=False)
    yield from _methods(contract, history, chosen, (401, 404))


def _kind_of_key(one: Exchange) -> str:
    return one.tags.credential.removeprefix("other_")


def _kind_of_route(contract: Contract, one: Exchange) -> str | None:
    """The kind of key that a route is for, by the parameter that names its owner."""
    names = parameters(one.tags.route or "")
    return next((kind.name for kind in contract.kinds.values() if kind.parameter in names), None)


def _refused(
    contract: Contract,
    history: History,
    chosen: Chosen,
    statuses: tuple[int, ...],
    *,
    coded: bool = True,
    excused: bool = True,
) -> Iterator[Opinion]:
    """Judge whether chosen requests of live keys got one of these errors, by operation.

    *coded*: the requirement names the error's code too. *excused*: validation may answer an
    invalid request first, as another requirement judges that.
    """
    control = select.control(contract, history)
    lives, unrecognised = select.lives_of(history), select.unrecognised(contract, history)
    keyed = [
        one
        for _, one in select.settled(contract, history)
        if one.plain_key
        and lives.known(one)
        and one.tags.key not in unrecognised
        and not select.fails(contract, history, one)
    ]
    unknown = frozenset(_request(one) for one in keyed if one.status == 404)
    for (id, *_), ones in select.grouped(filter(chosen, keyed), _relation).items():
        refused = [
            one
            for one in ones
            if (select.answers(contract, one, *statuses) if coded else one.status in statuses)
        ]
        invalid = [one for one in ones if excused and one.tags.defect and one.status == 400]
        reaching = [one for one in invalid if not refused and _absent_twin(one) in unknown]
        others = [one for one in ones if one not in refused and one not in invalid]
        yield from _reached([*others, *reaching], control.get(id), statuses)
        if refused and _exists(ones[0]):
            yield from _evidence(id, control, refused)
        elif invalid and not reaching and _exists(ones[0]):
            yield Doubt(f"{id}: only invalid requests were sent, and validation answered first")


def _relation(one: Exchange) -> tuple[str, str, str | None]:
    return select.place(one), one.tags.resource, one.tags.nested


def _exists(one: Exchange) -> bool:
    """Whether what was addressed exists, so that its refusal says something of the key's reach."""
    return one.tags.resource.startswith("cross") or "foreign" in _relation(one)


def _request(one: Exchange) -> tuple[str | None, ...]:
    """What identical requests have in common."""
    return one.tags.credential, one.tags.defect, *_relation(one)


def _absent_twin(one: Exchange) -> tuple[str | None, ...]:
    """The request that differs in that what it addresses was never there."""
    return tuple("absent" if part == "foreign" else part for part in _request(one))


def _evidence(
    id: str, control: Mapping[str, Exchange], refused: Iterable[Exchange]
) -> Iterator[Opinion]:
    """A refusal beside its positive control; without one, it is no evidence."""
    if id in control:
        yield Evidence((control[id], *refused))
    elif not control:
        yield Doubt(f"{id}: no valid key was accepted there, so a refusal proves nothing")


def _reached(
    others: Iterable[Exchange], control: Exchange | None, statuses: tuple[int, ...]
) -> Iterator[Finding]:
    for ones in select.grouped(others, select.said).values():
        yield Finding(
            expected=f"{' or '.join(map(str, statuses))} to {_asking(ones[0])}",
            observed=select.said(ones[0]),
            exchanges=(*((control,) if control else ()), *ones[:SHOWN]),
        )


def _asking(one: Exchange) -> str:
    """What was asked for with which key: getExecution of another project, with a project key."""
    defect = f" and {words.defect(one)}" if one.tags.defect else ""
    asked = f"{select.place(one)} of {words.addressed(one)}"
    return f"{asked}, with a {_kind_of_key(one)} key{defect}"


def _methods(
    contract: Contract, history: History, chosen: Chosen, statuses: tuple[int, ...]
) -> Iterator[Finding]:
    """Look for what a method that a path lacks reaches, or a path in another spelling.

    Which error such a method gets, area error judges, where it is the one that one's own gets.
    """
    lives, unrecognised = select.lives_of(history), select.unrecognised(contract, history)
    keyed = [
        one
        for one in select.judgeable(contract, history)
        if one.plain_key and lives.known(one) and one.tags.key not in unrecognised
    ]
    usual = {_method(one): one.status for one in keyed if _lacking(one) and select.own(one)}
    for one in filter(chosen, keyed):
        if one.succeeded and (_lacking(one) or not select.straight(one)):
            wanted = "an error"
        elif _lacking(one) and _differs(one, usual, statuses):
            wanted = " or ".join(map(str, statuses))
        else:
            continue
        yield Finding(
            expected=f"{wanted} to {_asking(one)}",
            observed=select.said(one),
            exchanges=(one,),
        )


def _lacking(one: Exchange) -> bool:
    """Whether its method is one that its path lacks."""
    return one.tags.operation is None and one.tags.route is not None


def _method(one: Exchange) -> tuple[str, str | None]:
    return one.request.method, one.tags.route


def _differs(
    one: Exchange, usual: Mapping[tuple[str, str | None], int | None], statuses: tuple[int, ...]
) -> bool:
    """Whether it got an error that is none of these, nor what the method gets on one's own."""
    own = usual.get(_method(one), 429)
    limited = 429 in (own, one.status)
    return not limited and not select.crashed(one) and one.status not in (*statuses, own)


def _shared(operation: Operation, lists: Iterable[Exchange]) -> Iterator[Opinion]:
    """Compare each two owners' lists by the ids that the schema gives their items."""
    names = identifiers(operation)
    by_owner: dict[str, dict[str, Exchange]] = {}
    for one in lists:
        ids = {item[name] for item in items(one) for name in names if _text(item.get(name))}
        by_owner.setdefault(_owner(operation, one), {}).update(dict.fromkeys(ids, one))
    filled = [ids for ids in by_owner.values() if ids]
    for mine, others in combinations(filled, 2):
        both = [id for id in mine if id in others]
        if not both:
            yield Evidence((*mine.values(), *others.values()))
        else:
            yield Finding(
                expected=f"{operation.id} of one {operation.kind} without the items of another",
                observed=f"{len(both)} of {len(mine)} items are in both",
                exchanges=(mine[both[0]], others[both[0]]),
            )


def _misplaced(operation: Operation, lists: Iterable[Exchange]) -> Iterator[Opinion]:
    """Compare the owner that items name, if they do, with the one in the path.

    What is no uuid is no id of this API, but another name for the owner (reading 14).
    """
    names = (operation.owner, re.sub("Id$", "_id", operation.owner))
    for one in lists:
        told = [item[name] for item in items(one) for name in names if _is_id(item.get(name))]
        others = [id for id in told if id.lower() != _owner(operation, one).lower()]
        if others:
            yield Finding(
                expected=f"{operation.id} with items of the {operation.kind} in the path",
                observed=f"{len(others)} of its items name another",
                exchanges=(one,),
            )
        elif told:
            yield Evidence((one,))


def _lost(contract: Contract, history: History, lists: list[Exchange]) -> Iterator[Opinion]:
    """Look for items that a list holds, before and after their owner was told they are not there.

    So they are another's. A list may also be late to show what has gone.
    """
    asked = [
        one
        for _, one in select.settled(contract, history)
        if one.tags.group == "listed" and select.own(one)
    ]
    for one in asked:
        above, _, id = path(one).rpartition("/")
        showing = [seen for seen in lists if path(seen) == above and f'"{id}"' in received(seen)]
        before = [seen for seen in showing if seen.precedes(one)]
        after = [seen for seen in showing if one.precedes(seen)]
        if one.succeeded and before:
            yield Evidence((before[-1], one))
        elif one.status == 404 and before and after:
            yield Finding(
                expected=f"{select.place(before[-1])} with what {select.place(one)} finds there",
                observed=f"{select.said(one)} to the key that {select.place(after[0])} shows it to",
                exchanges=(before[-1], one, after[0]),
            )


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_id(value: Any) -> bool:
    return _text(value) and UUID.fullmatch(value) is not None


def _owner(operation: Operation, one: Exchange) -> str:
    found = re.search(operation.pattern, path(one))
    return found[operation.owner] if found else ""
