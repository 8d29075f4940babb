"""The limit."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from random import Random

from conformance.exchange import Exchange
from conformance.history import History
from tests.conformance.judges import phases
from tests.conformance.judges.builder import MARKER, success
from tests.conformance.judges.changes import (
    answered,
    chosen,
    each,
    fielded,
    grouped,
    of_key,
    remaining,
    reset,
    some,
    with_changed,
)
from tests.conformance.judges.lawless.edit import breaks
from tests.conformance.judges.simulator import LIMIT


def steadily(history: History, one: Exchange) -> tuple[Exchange, Exchange] | None:
    """What the key asked for just before and after, if all three fell into one window in turn."""
    plain = of_key(history, one)
    place = plain.index(one)
    if not 0 < place < len(plain) - 1:
        return None
    before, after = plain[place - 1], plain[place + 1]
    alone = before.precedes(one) and one.precedes(after)
    alike = all(x.admitted and x.plain_key and x.tags.group is None for x in (before, one, after))
    return (before, after) if alone and alike and reset(before) == reset(after) else None


@breaks("rate.remaining-counts", phases.drain)
def one_more_remains(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: one.tags.key and steadily(history, one),
        lambda one: fielded(one, remaining=str(remaining(one) + 1)),
    )


@breaks("rate.remaining-counts", phases.drain)
def one_less_remains(history: History, chance: Random) -> History | None:
    one = chosen(
        history, chance, lambda one: one.tags.key and steadily(history, one) and remaining(one) > 1
    )
    return with_changed(history, fielded(one, remaining=str(remaining(one) - 1))) if one else None


def first_refusal(one: Exchange) -> bool:
    return one.status == 429 and one.tags.group is None and one.tags.operation is not None


@breaks("rate.enforced", phases.drain)
def one_more_is_admitted(history: History, chance: Random) -> History | None:
    refused = next((one for one in history.answered if first_refusal(one)), None)
    return with_changed(history, answered(refused, 200)) if refused else None


@breaks("rate.concurrent", phases.fresh_burst)
def a_burst_is_admitted(history: History, chance: Random) -> History | None:
    refused = [one for one in history.answered if one.status == 429 and grouped(one, "burst")]
    return each(history, refused, lambda one: answered(one, 200))


@breaks("rate.reset-stable", phases.slowly)
def the_reset_moves(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: grouped(one, "late"),
        lambda one: fielded(one, reset=str(reset(one) + 5)),
    )


@breaks("rate.reset-timestamp", phases.mixed)
def the_reset_is_in_milliseconds(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: one.plain_key and one.admitted,
        lambda one: fielded(one, reset=str(reset(one) * 1000)),
    )


@breaks("rate.refusal-headers", phases.drain)
def a_refusal_says_three_are_left(history: History, chance: Random) -> History | None:
    return some(
        history, chance, lambda one: one.status == 429, lambda one: fielded(one, remaining="3")
    )


@breaks("rate.headers-present", phases.pairs)
def a_404_lacks_a_field(history: History, chance: Random) -> History | None:
    return some(
        history, chance, lambda one: one.status == 404, lambda one: fielded(one, remaining=None)
    )


@breaks("rate.headers-form", phases.mixed)
def a_number_has_a_fraction(history: History, chance: Random) -> History | None:
    return some(
        history, chance, lambda _: True, lambda one: fielded(one, remaining=f"{remaining(one)}.0")
    )


@breaks("rate.limit-value", phases.mixed)
def a_limit_is_another(history: History, chance: Random) -> History | None:
    return some(history, chance, lambda _: True, lambda one: fielded(one, limit="100"))


@breaks("rate.recovers", phases.recovery)
def it_does_not_recover(history: History, chance: Random) -> History | None:
    late = [one for one in history.answered if grouped(one, "after-reset")][-1:]
    alike = of_key(history, late[0]) if late else ()
    watched = [one for one in alike if grouped(one, "watch") and one.status == 429][-1:]
    if not watched:
        return None
    refused = fielded(answered(moved(late[0], 5), 429), remaining="0", reset=str(reset(watched[0])))
    kept = [one for one in history.exchanges if one.started <= watched[0].started]
    events = tuple(one for one in history.events if one.ended < watched[0].started)
    return History((*kept, refused), events, history.header, history.footer)


def moved(one: Exchange, seconds: float) -> Exchange:
    """The same some time later."""
    assert one.response is not None
    date = (one.response.date or 0) + seconds
    later = replace(one, started=one.started + seconds, ended=one.ended + seconds)
    return fielded(later, Date=formatdate(date, usegmt=True))


@breaks("rate.refusals-free", phases.recovery)
def a_refusal_pushes_the_reset(history: History, chance: Random) -> History | None:
    refused = [one for one in history.answered if grouped(one, "watch") and one.status == 429]
    pushed = each(history, refused, lambda one: fielded(one, reset=str(reset(one) + 5)))
    if pushed is None:
        return None
    until = [one for one in pushed.exchanges if not grouped(one, "after-reset")]
    return replace(pushed, exchanges=tuple(until))


@breaks("rate.no-bypass", phases.exhausted)
def a_disguise_helps(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: over_the_limit(one) and one.tags.twist,
        lambda one: fielded(answered(one, 200), remaining="5"),
    )


def over_the_limit(one: Exchange) -> bool:
    return grouped(one, "exhausted") and one.tags.group == "exhausted" and one.status == 429


@breaks("rate.before-work", phases.exhausted)
def a_body_is_looked_into_first(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: over_the_limit(one) and one.tags.defect,
        lambda one: answered(one, 400),
    )


@breaks("rate.before-work", phases.exhausted, phases.mixed)
def a_refused_write_is_carried_out(history: History, chance: Random) -> History | None:
    marker = f"{MARKER}-1000".encode()
    write = chosen(history, chance, lambda one: over_the_limit(one) and marker in one.request.body)
    listed = success("createExecution", "project") | {"taskSlug": marker.decode()}
    late = chosen(
        history,
        chance,
        lambda one: write and write.precedes(one) and one.succeeded,
    )
    return with_changed(history, answered(late, 200, {"data": [listed]})) if late else None


@breaks("rate.all-endpoints", phases.exhausted)
def an_endpoint_stays_open(history: History, chance: Random) -> History | None:
    plain = [one for one in history.answered if over_the_limit(one) and one.tags.resource == "own"]
    open_one = [one for one in plain if one.tags.operation == "listTestRuns"]
    return each(history, open_one, lambda one: answered(one, 200))


@breaks("rate.new-key-window", phases.replaced)
def a_new_key_is_half_used(history: History, chance: Random) -> History | None:
    first = [one for one in history.answered if grouped(one, "new-key") and one.admitted][:1]
    return each(history, first, lambda one: fielded(one, remaining=str(LIMIT // 2)))


@breaks("rate.revoked-is-401", phases.revoked_while_exhausted)
def a_revoked_key_is_limited(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: grouped(one, "exhausted-revoked"))
    before = [x for x in history.answered if one and x.tags.key == one.tags.key and x.status == 429]
    if one is None or not before:
        return None
    refused = fielded(answered(one, 429), remaining="0", reset=str(reset(before[-1])))
    return with_changed(history, refused)


@breaks("rate.retry-after", phases.drain)
def a_retry_is_too_late(history: History, chance: Random) -> History | None:
    return some(
        history, chance, lambda one: one.status == 429, lambda one: fielded(one, Retry_After="600")
    )


@breaks("rate.remaining-honest", phases.drain)
def it_refuses_before_none_is_left(history: History, chance: Random) -> History | None:
    refused = next((one for one in history.answered if first_refusal(one)), None)
    if refused is None:
        return None
    admitted = [
        one
        for one in of_key(history, refused)
        if one.admitted and one.precedes(refused) and reset(one) == reset(refused)
    ]
    return each(history, admitted[-2:], lambda one: fielded(answered(one, 429), remaining="0"))
