"""Derived: fields that follow from the id that was asked for, whatever is there: hashes, shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from conformance.contract import RateLimit
from conformance.exchange import Exchange
from conformance.history import History
from conformance.judges.features import owner
from conformance.judges.select import grouped
from conformance.likeness import answer

Told = Mapping[str, frozenset[object]]  # what answers said in each field that all of them have


@lru_cache(maxsize=8)
def derived(history: History, rate_limit: RateLimit) -> frozenset[str]:
    """The fields that differ between ids that never were, and between those of others as well.

    The ETag of a body that repeats the path does, and what names the server that an id leads to.
    """
    asked = [one for one in history.judged if one.status in (400, 401, 404)]
    absent = [one for one in asked if one.tags.resource == "absent"]
    differing = {
        field
        for alike in grouped(absent, _but_for_its_id).values()
        for field, values in _told(alike, rate_limit).items()
        if len(values) > 1
    }
    foreign = [one for one in asked if one.tags.resource == "foreign"]
    if len({owner(one) for one in foreign}) > 1:
        told = _told(foreign, rate_limit)
        differing -= {field for field, values in told.items() if len(values) == 1}
    return frozenset(differing)


def _but_for_its_id(one: Exchange) -> tuple[object, ...]:
    tags = one.tags
    return one.request.method, tags.route, tags.key, tags.form, tags.defect, one.status


def _told(answers: Sequence[Exchange], rate_limit: RateLimit) -> Told:
    parts = [answer(one, rate_limit) for one in answers]
    everywhere = set.intersection(*(set(one) for one in parts)) if parts else set()
    fields = {part for part in everywhere if part.startswith("field ")}
    return {field: frozenset(one[field] for one in parts) for field in fields}
