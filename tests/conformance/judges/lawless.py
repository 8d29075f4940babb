"""One lawless thing each: what changes a lawful history so that one requirement is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from random import Random

from conformance.exchange import Exchange
from conformance.history import History

from . import phases
from .builder import MARKER, success
from .changes import (
    answered,
    chosen,
    each,
    fielded,
    grouped,
    of_key,
    remaining,
    reset,
    with_changed,
)
from .simulator import LIMIT, LIMITED, Phase

RATE = LIMITED.rate_limit
Edit = Callable[[History, Random], History | None]  # None: there is nothing to change


@dataclass(frozen=True)
class Lawless:
    """An edit, what it breaks, and what has to happen so that there is something to edit."""

    edit: Edit
    breaks: str
    needs: tuple[Phase, ...]


LAWLESS: list[Lawless] = []


def breaks(id: str, *needs: Phase) -> Callable[[Edit], Edit]:
    """Register an edit under the requirement that it breaks."""

    def register(edit: Edit) -> Edit:
        LAWLESS.append(Lawless(edit, id, needs))
        return edit

    return register


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
    one = chosen(history, chance, lambda one: one.tags.key and steadily(history, one))
    return with_changed(history, fielded(one, remaining=str(remaining(one) + 1))) if one else None


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
    one = chosen(history, chance, lambda one: grouped(one, "late"))
    return with_changed(history, fielded(one, reset=str(reset(one) + 5))) if one else None


@breaks("rate.reset-timestamp", phases.mixed)
def the_reset_is_in_milliseconds(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.plain_key and one.admitted)
    return with_changed(history, fielded(one, reset=str(reset(one) * 1000))) if one else None


@breaks("rate.refusal-headers", phases.drain)
def a_refusal_says_three_are_left(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 429)
    return with_changed(history, fielded(one, remaining="3")) if one else None


@breaks("rate.headers-present", phases.pairs)
def a_404_lacks_a_field(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 404)
    return with_changed(history, fielded(one, remaining=None)) if one else None


@breaks("rate.headers-form", phases.mixed)
def a_number_has_a_fraction(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda _: True)
    return with_changed(history, fielded(one, remaining=f"{remaining(one)}.0")) if one else None


@breaks("rate.limit-value", phases.mixed)
def a_limit_is_another(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda _: True)
    return with_changed(history, fielded(one, limit="100")) if one else None


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
    refused = [one for one in history.answered if grouped(one, "watch") and one.status == 429][:1]
    return each(history, refused, lambda one: fielded(one, reset=str(reset(one) + 5)))


@breaks("rate.no-bypass", phases.exhausted)
def a_disguise_helps(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: over_the_limit(one) and one.tags.twist)
    return with_changed(history, fielded(answered(one, 200), remaining="5")) if one else None


def over_the_limit(one: Exchange) -> bool:
    return grouped(one, "exhausted") and one.tags.group == "exhausted" and one.status == 429


@breaks("rate.before-work", phases.exhausted)
def a_body_is_looked_into_first(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: over_the_limit(one) and one.tags.defect)
    return with_changed(history, answered(one, 400)) if one else None


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
    one = chosen(history, chance, lambda one: one.status == 429)
    return with_changed(history, fielded(one, Retry_After="600")) if one else None


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


@breaks("error.code-matches", phases.pairs)
def a_code_is_another(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 404)
    told = {"error": {"code": "MISSING", "message": "no"}}
    return with_changed(history, answered(one, 404, told)) if one else None


@breaks("error.envelope", phases.pairs)
def an_envelope_is_missing(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: (one.status or 0) >= 400)
    return with_changed(history, answered(one, one.status or 0, {"message": "no"})) if one else None


@breaks("error.documented-status", phases.pairs)
def a_403_for_a_404(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 404 and one.tags.resource == "foreign")
    return with_changed(history, answered(one, 403)) if one else None


@breaks("error.no-server-error", phases.mixed)
def a_request_crashes(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.succeeded)
    return with_changed(history, answered(one, 500)) if one else None


@breaks("error.not-in-success", phases.mixed)
def a_success_is_an_error(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.succeeded)
    told = {"error": {"code": "NOT_FOUND", "message": "no"}}
    return with_changed(history, answered(one, 200, told)) if one else None


@breaks("leak.same-answer", phases.plain_pairs)
def another_message_for_anothers(history: History, chance: Random) -> History | None:
    told = {"error": {"code": "NOT_FOUND", "message": "This is not yours"}}
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: answered(one, 404, told))


@breaks("leak.same-answer", phases.plain_pairs)
def anothers_has_a_tag(history: History, chance: Random) -> History | None:
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: fielded(one, etag=f'"{chance.random()}"'))


def in_a_pair(one: Exchange, resource: str) -> bool:
    return grouped(one, "pair:") and one.tags.resource == resource and one.status == 404


@breaks("scope.project-isolation", phases.plain_pairs)
def anothers_is_served(history: History, chance: Random) -> History | None:
    foreign = [one for one in history.answered if in_a_pair(one, "foreign")]
    return each(history, foreign, lambda one: answered(one, 200))


@breaks("scope.own-only", phases.mixed)
def anothers_item_is_listed(history: History, chance: Random) -> History | None:
    def lists(one: Exchange, party: str) -> bool:
        return (
            one.succeeded
            and one.tags.operation == "listExecutions"
            and one.tags.credential == party
        )

    one = chosen(history, chance, lambda one: lists(one, "other_project"))
    if not any(lists(other, "project") for other in history.answered):
        return None
    shared = {"data": success("listExecutions", "project")}
    return with_changed(history, answered(one, 200, shared)) if one else None


@breaks("auth.required", phases.strangers)
def a_stranger_is_served(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.tags.credential == "anonymous")
    plain = one and one.tags.resource == "own"
    return with_changed(history, answered(one, 200)) if one and plain else None


@breaks("auth.required", phases.strangers)
def a_stranger_is_served_by_another_path(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.tags.credential == "anonymous")
    if one is None or one.tags.resource != "own":
        return None
    tags = replace(one.tags, twist="slash")
    return with_changed(history, replace(answered(one, 200), tags=tags))


@breaks("auth.unknown-key", phases.strangers)
def a_forged_key_is_accepted(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.tags.credential == "forged")
    return with_changed(history, answered(one, 200)) if one else None


@breaks("schema.success-status", phases.mixed)
def a_success_has_another_status(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 200)
    told = one and {"data": success(one.tags.operation or "", "project")}
    return with_changed(history, answered(one, 206, told)) if one else None
