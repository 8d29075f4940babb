"""New keys."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from conformance.history import History
from tests.conformance.judges import asking, phases
from tests.conformance.judges.changes import answered, each, formed, grouped, some
from tests.conformance.judges.lawless.edit import breaks


@breaks("rotation.old-key-revoked", phases.replaced)
def a_replaced_key_works(history: History, chance: Random) -> History | None:
    old = [one for one in history.answered if grouped(one, "replaced")]
    first = [one for one in old if one.tags.operation == "listExecutions"][:1]
    return each(history, first, lambda one: answered(one, 200))


@breaks("rotation.permanent", phases.replaced)
def a_replaced_key_works_again(history: History, chance: Random) -> History | None:
    last = [one for one in history.answered if grouped(one, "replaced")]
    again = [one for one in last if one.tags.operation == "createExecution"][-1:]
    return each(history, again, lambda one: answered(one, 202))


@breaks("rotation.new-key-works", phases.replaced)
def a_new_key_is_refused(history: History, chance: Random) -> History | None:
    first = [one for one in history.answered if grouped(one, "new-key")][:1]
    return each(history, first, lambda one: answered(one, 401))


@breaks("rotation.in-flight", phases.in_flight)
def an_upload_is_served(history: History, chance: Random) -> History | None:
    held = [one for one in history.answered if one.tags.group == "in-flight"][-1:]
    return each(history, held, lambda one: answered(one, 202))


@breaks("rotation.under-load", phases.under_load)
def a_late_request_is_served(history: History, chance: Random) -> History | None:
    last = [one for one in history.answered if grouped(one, "under-load")][-1:]
    return each(history, last, lambda one: answered(one, 200))


@breaks("rotation.one-survivor", phases.rivals)
def both_rivals_survive(history: History, chance: Random) -> History | None:
    dead = [one for one in history.answered if grouped(one, "rivals") and one.status == 401]
    return each(history, dead, lambda one: answered(one, 200))


@breaks("rotation.only-own", phases.replaced)
def anothers_key_dies(history: History, chance: Random) -> History | None:
    others = [one for one in history.answered if grouped(one, "others")]
    return each(history, others[-1:], lambda one: answered(one, 401)) if len(others) > 1 else None


@breaks("rotation.key-form", phases.replaced)
def a_key_is_issued_twice(history: History, chance: Random) -> History | None:
    again = [
        replace(one, data={**one.data, "same_as": "project#1"}) if one.data["generated"] else one
        for one in history.events_of("issued")
    ]
    return History(history.exchanges, tuple(again), history.header, history.footer)


@breaks("rotation.shown-once", asking.settings)
def the_whole_key_is_shown(history: History, chance: Random) -> History | None:
    events = tuple(
        replace(one, data={**one.data, "whole": True}) if one.kind == "shown" else one
        for one in history.events
    )
    return History(history.exchanges, events, history.header, history.footer)


@breaks("rotation.shown-once", asking.settings)
def what_is_shown_works(history: History, chance: Random) -> History | None:
    return some(history, chance, lambda one: formed(one, "shown"), lambda one: answered(one, 200))


@breaks("rotation.entropy", phases.replaced)
def a_key_is_short(history: History, chance: Random) -> History | None:
    events = tuple(
        replace(one, data={**one.data, "secret_length": 12}) if one.kind == "issued" else one
        for one in history.events
    )
    return History(history.exchanges, events, history.header, history.footer)


@breaks("rotation.same-as-unknown", phases.replaced)
def a_replaced_key_is_recognised(history: History, chance: Random) -> History | None:
    told = {"error": {"code": "UNAUTHORIZED", "message": "This key was replaced"}}
    dead = [one for one in history.answered if grouped(one, "replaced") and one.status == 401]
    return each(history, dead, lambda one: answered(one, 401, told))
