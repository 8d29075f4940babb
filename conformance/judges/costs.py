"""Costs: what a request's share of its window may follow from, and what that breaks.

Where the cost follows from what the requests are, nobody else is at work on the key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from itertools import combinations

from conformance.exchange import Exchange
from conformance.judges.features import is_error, method, operation, path, query

Aspect = Callable[[Exchange], Hashable]


def _nothing(_: Exchange) -> Hashable:
    return None


def _status(one: Exchange) -> Hashable:
    return one.status


def _defect(one: Exchange) -> Hashable:
    return (one.tags.defect or "").partition(":")[0]


def _is_of_kind(one: Exchange) -> Hashable:
    """Whether the key is of the kind that the path is for."""
    of_team = (one.tags.route or "").startswith("/teams")
    return of_team == ("team" in one.tags.credential)


def tells_of_another(one: Exchange) -> bool:
    """Whether something was addressed that exists and is not the key's own."""
    return _is_owned(one) or one.tags.nested == "foreign"


def _is_owned(one: Exchange) -> bool:
    """Whether a project or team was addressed that exists and is not the key's own."""
    return one.tags.resource in ("foreign", "cross", "cross-foreign")


def _relation(one: Exchange) -> Hashable:
    return one.tags.resource, one.tags.nested, _is_of_kind(one)


def _request(one: Exchange) -> Hashable:
    return one.request.method, one.request.target, one.request.body, _is_of_kind(one)


def _request_for_anothers(one: Exchange) -> Hashable:
    return _request(one) if tells_of_another(one) else None


OWN: tuple[Aspect, ...] = (  # that tell nothing of an owner
    method,
    operation,
    is_error,
    _status,
    _defect,
    query,
    _is_of_kind,
)
OWNERS = (_is_owned, tells_of_another, _relation)


def aspects() -> Iterator[tuple[str, Aspect]]:
    """What a cost may follow from, from the simplest on, each with the requirement it breaks."""
    for aspect in (_nothing, *OWN):
        yield "rate.remaining-counts", aspect
    for aspect in OWNERS:
        yield "leak.same-cost", aspect
    for one, other in combinations(OWN, 2):
        yield "rate.remaining-counts", _both(one, other)
    for one in OWNERS:
        for other in (*OWN, _both(operation, _status)):
            yield "leak.same-cost", _both(one, other)
    yield "rate.remaining-counts", path  # which holds an owner's id
    yield "leak.same-cost", _request_for_anothers
    yield "rate.remaining-counts", _request


def _both(one: Aspect, other: Aspect) -> Aspect:
    return lambda exchange: (one(exchange), other(exchange))
