"""What tells what exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from conformance.exchange import Exchange
from conformance.history import History
from tests.conformance.judges import asking, phases
from tests.conformance.judges.changes import answered, each, fielded, formed, grouped, in_a_pair
from tests.conformance.judges.lawless.edit import breaks

TOLD = {"error": {"code": "NOT_FOUND", "message": "This is another's"}}


@breaks("leak.same-answer", phases.plain_pairs)
def another_message_for_anothers(history: History, chance: Random) -> History | None:
    told = {"error": {"code": "NOT_FOUND", "message": "This is not yours"}}
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: answered(one, 404, told))


@breaks("leak.same-answer", phases.plain_pairs)
def anothers_has_a_tag(history: History, chance: Random) -> History | None:
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: fielded(one, etag=f'"{chance.random()}"'))


@breaks("leak.before-validation", asking.flawed_pairs)
def an_invalid_body_tells(history: History, chance: Random) -> History | None:
    return told_of(history, lambda one: one.tags.operation and one.tags.defect)


@breaks("leak.unsupported-method", asking.flawed_pairs)
def an_unsupported_method_tells(history: History, chance: Random) -> History | None:
    return told_of(history, lambda one: one.tags.operation is None and one.tags.defect)


@breaks("leak.nested", asking.deeper)
def what_is_below_tells(history: History, chance: Random) -> History | None:
    below = [one for one in history.answered if in_a_pair(one, "own")]
    foreign = [one for one in below if one.tags.nested == "foreign"]
    return each(history, foreign, lambda one: answered(one, 404, TOLD))


def told_of(history: History, wanted: Callable[[Exchange], Any]) -> History | None:
    """Of another's that is asked for in this way, it is said that it is another's."""
    foreign = [one for one in history.answered if in_a_pair(one, "foreign") and wanted(one)]
    return each(history, foreign, lambda one: answered(one, 404, TOLD))


@breaks("leak.unauthenticated", asking.keyless)
def who_has_no_key_is_told(history: History, chance: Random) -> History | None:
    absent = [one for one in history.answered if formed(one, "none") and is_absent(one)]
    return each(history, absent, lambda one: answered(one, 401, TOLD))


def is_absent(one: Exchange) -> bool:
    """Whether what was asked for is not there."""
    return "absent" in (one.tags.resource, one.tags.nested)


@breaks("leak.transport", phases.plain_pairs)
def the_connection_tells(history: History, chance: Random) -> History | None:
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: fielded(one, Connection="close"))


@breaks("leak.timing", asking.timed)
def the_time_tells(history: History, chance: Random) -> History | None:
    def lasting(one: Exchange) -> Exchange:
        seconds = 0.5 if one.tags.resource == "foreign" else 0.1
        return replace(one, ended=one.started + seconds)

    timed = [one for one in history.answered if grouped(one, "timing")]
    return each(history, timed, lasting)
