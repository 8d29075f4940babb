"""Choosing exchanges of a history, and what they are when something of them is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from conformance.exchange import Exchange, Fields
from conformance.history import History

from .builder import success
from .simulator import LIMITED

RATE = LIMITED.rate_limit


def with_changed(history: History, *changed: Exchange) -> History:
    """The same with some exchanges replaced, by their numbers."""
    new = {one.number: one for one in changed}
    exchanges = tuple(new.get(one.number, one) for one in history.exchanges)
    return History(exchanges, history.events, history.header, history.footer)


def chosen(history: History, chance: Random, wanted: Callable[[Exchange], Any]) -> Exchange | None:
    """One of the answered exchanges that are wanted."""
    found = [one for one in history.answered if wanted(one)]
    return chance.choice(found) if found else None


def some(
    history: History,
    chance: Random,
    wanted: Callable[[Exchange], Any],
    change: Callable[[Exchange], Exchange],
) -> History | None:
    """Change one of the answered exchanges that are wanted; None if there are none."""
    one = chosen(history, chance, wanted)
    return with_changed(history, change(one)) if one else None


def fielded(one: Exchange, **values: str | None) -> Exchange:
    """With other values of Limit, Remaining, Reset or any field; None: without it."""
    assert one.response is not None
    names = dict(zip(("limit", "remaining", "reset"), RATE.fields, strict=True))
    named = {names.get(name, name.replace("_", "-")): value for name, value in values.items()}
    kept = [both for both in one.response.fields if both[0] not in named]
    added = [(name, value) for name, value in named.items() if value is not None]
    return with_fields(one, (*kept, *added))


def with_fields(one: Exchange, fields: Fields) -> Exchange:
    """With other fields altogether."""
    assert one.response is not None
    return replace(one, response=replace(one.response, fields=fields))


def answered(one: Exchange, status: int, body: Any = None) -> Exchange:
    """With another status, and the body that goes with it."""
    assert one.response is not None
    if body is None and status < 400:
        body = {"data": success(one.tags.operation or "", "project")}
    if body is None:
        body = {"error": {"code": LIMITED.codes.get(status, "ERROR"), "message": "no"}}
    new = replace(one.response, status=status, body=json.dumps(body).encode())
    return replace(one, response=new)


def number(one: Exchange, name: str) -> int:
    """A field that is a number."""
    assert one.response is not None
    value = one.response.number(name)
    assert value is not None
    return value


def remaining(one: Exchange) -> int:
    """What an answer says is left."""
    return number(one, RATE.remaining_field)


def reset(one: Exchange) -> int:
    """When an answer says that its window ends."""
    return number(one, RATE.reset_field)


def grouped(one: Exchange, *groups: str) -> bool:
    """Whether a probe put an exchange into one of these groups."""
    return (one.tags.group or "").startswith(groups)


def formed(one: Exchange, *forms: str) -> bool:
    """Whether its credential had one of these forms."""
    return (one.tags.form or "").startswith(forms)


def flawed(one: Exchange, *defects: str) -> bool:
    """Whether the right key sent it with one of these defects."""
    own = one.tags.credential == "project" and one.tags.resource == "own"
    return own and (one.tags.defect or "").startswith(defects)


def in_a_pair(one: Exchange, resource: str) -> bool:
    """Whether it is this half of a pair of another's and an absent one, and refused."""
    return grouped(one, "pair:") and one.tags.resource == resource and one.status == 404


def of_key(history: History, one: Exchange) -> Sequence[Exchange]:
    """The answers to the same key."""
    return [other for other in history.answered if other.tags.key == one.tags.key]


def each(
    history: History, ones: Iterable[Exchange], change: Callable[[Exchange], Exchange]
) -> History | None:
    """Change several exchanges alike; None if there are none."""
    changed = [change(one) for one in ones]
    return with_changed(history, *changed) if changed else None
