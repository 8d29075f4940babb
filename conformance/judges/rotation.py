"""rotation: a new key revokes the old."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conformance.contract import Contract
from conformance.exchange import GATEWAY, Exchange
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import Event, History
from conformance.judges.select import (
    INFINITY,
    Lives,
    absent,
    accepted,
    addressed,
    answers,
    control,
    crashed,
    lives_of,
    own,
    refers,
    said,
    straight,
)
from conformance.judges.select import (
    place as place_of,
)
from conformance.judges.stranger import window_tells
from conformance.judges.windows import used_up
from conformance.likeness import differences, erratic, volatile, worded

UNSERVED = GATEWAY | {408, 417, 429}  # too slow, unexpected, too many, not the application
SEPARATE = ("under-load", "in-flight", "exhausted-revoked", "rivals")  # groups of other judges


def _refused(one: Exchange) -> bool:
    return one.status == 401


def _rotated_since(lives: Lives, issued: Event, one: Exchange) -> bool:
    """Whether another key was generated in between, which may be why this one is refused."""
    return any(issued.ended <= event.started < one.ended for event in lives.generated)


def _undecided(history: History, one: Exchange) -> bool:
    """Whether the answer says nothing of the key: a limit, a crash, what strangers get as well."""
    lacking = one.status == 404 and _lacks_method(one) and _methods_come_first(history)
    return one.status == 429 or crashed(one) or lacking


@lru_cache(maxsize=8)
def _methods_come_first(history: History) -> bool:
    """Whether strangers get 404 for a method that a path lacks; or nobody knows what they get."""
    strangers = [one for one in history.judged if one.tags.key is None and _lacks_method(one)]
    return not strangers or any(one.status == 404 for one in strangers)


def _lacks_method(one: Exchange) -> bool:
    return (one.tags.defect or "").startswith("method:")


@judges("rotation.new-key-works")
def new_key_refused(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield new keys that were refused after they had been shown.

    What a key reached once and no longer does, or does not when it has used its window up, is not
    refused because the key is new.
    """
    lives, spent = lives_of(history), used_up(contract, history)
    new = {e.data["key"]: e for e in history.events_of("issued") if e.data.get("generated")}
    told: set[str | None] = set()
    reached: set[tuple[str | None, str | None]] = set()
    for one in history.judged:
        label = one.tags.key
        if label not in new or label in told or not _plain(one) or not lives.live(one):
            continue
        if accepted(contract, one):
            reached.add((label, one.tags.operation))
            yield Evidence((one,))
            continue
        excused = one.number in spent or (label, one.tags.operation) in reached
        if excused and one.status != 401:
            continue
        if _shut_out(contract, history, one) and not _rotated_since(lives, new[label], one):
            told.add(label)
            yield Finding(
                expected=f"the new key {label} accepted, as it has been shown",
                observed=said(one),
                exchanges=(one,),
            )


def _plain(one: Exchange) -> bool:
    return own(one) and straight(one) and addressed(one)


def _shut_out(contract: Contract, history: History, one: Exchange) -> bool:
    """Whether a key is refused, or does not reach what another one reached before it.

    What lies below a project or team, or is named in a body, may have gone.
    """
    reached = control(contract, history).get(one.tags.operation or "")
    lasting = one.tags.nested is None and not refers(contract, one)
    missed = one.status in (403, 404) and lasting
    return _refused(one) or (missed and reached is not None and reached.precedes(one))


def _dead(contract: Contract, history: History) -> Iterator[tuple[Exchange, bool]]:
    """Requests with a replaced key, and whether the same place had refused it before."""
    lives, missing = lives_of(history), absent(contract, history)
    refused: dict[tuple[str | None, ...], float] = {}
    for one in history.judged:
        sent = one.plain_key or one.tags.form.startswith("scheme-case:")
        if not sent or not lives.dead(one):
            continue
        if _undecided(history, one) or one.tags.operation in missing:
            continue
        tags, (_, asks, _) = one.tags, one.request.target.partition("?")
        where = (tags.key, tags.form, tags.route, one.request.method, tags.resource, tags.nested)
        place = (*where, tags.defect, asks)
        if one.tags.group not in SEPARATE:
            yield one, refused.get(place, INFINITY) < one.started
        if _refused(one):
            refused.setdefault(place, one.ended)


def _was_accepted(contract: Contract, history: History) -> frozenset[str]:
    """The keys that some request was accepted with: without that, a refusal says nothing."""
    lives = lives_of(history)
    return frozenset(
        one.tags.key
        for one in history.judged
        if one.tags.key and one.plain_key and accepted(contract, one) and not lives.dead(one)
    )


@judges("rotation.old-key-revoked")
def old_key_works(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations that a replaced key still reaches, one of each."""
    used = _was_accepted(contract, history)
    told: set[tuple[str | None, str]] = set()
    for one, again in _dead(contract, history):
        place = (one.tags.route, one.request.method)
        if answers(contract, one, 401):
            if one.tags.key in used:
                yield Evidence((one,))
        elif place not in told and not (again and not _refused(one)):
            told.add(place)
            yield Finding(
                expected=f"401 {contract.codes.get(401)} for the replaced key {one.tags.key}",
                observed=f"{said(one)} on {one.request.method} {one.tags.route}",
                exchanges=(one,),
            )


@judges("rotation.permanent")
def old_key_returns(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield replaced keys that were refused, and accepted again later."""
    used, told = _was_accepted(contract, history), set[str | None]()
    for one, again in _dead(contract, history):
        if not again:
            continue
        if _refused(one):
            if one.tags.key in used:
                yield Evidence((one,))
        elif one.tags.key not in told:
            told.add(one.tags.key)
            yield Finding(
                expected=f"401 for ever for {one.tags.key}, which had been refused before",
                observed=f"{said(one)} on {one.request.method} {one.tags.route}",
                exchanges=(one,),
            )


@judges("rotation.in-flight")
def in_flight_served(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield uploads that were served although their key was replaced on the way."""
    lives = lives_of(history)
    undisturbed = [one for one in history.exchanges if one.tags.group == "in-flight-control"]
    uploads = [one for one in history.exchanges if one.tags.group == "in-flight"]
    carried = {one.tags.operation for one in uploads if _carried_out(one)}
    for one in uploads:
        replaced = lives.end(one.tags.key or "")
        if replaced is None or (not _carried_out(one) and one.tags.operation in carried):
            continue
        if not _carried_out(one):
            what = one.failure if one.response is None else said(one)
            yield Doubt(f"an upload across the rotation was not carried out: {what}")
        elif one.ended < replaced.ended or one.started > replaced.started:
            yield Doubt("an upload was answered before its body had arrived")
        elif _refused(one):
            yield from _beside_control(contract, one, undisturbed)
        elif not one.succeeded and said(one) in map(said, _same(one, undisturbed)):
            yield Doubt(f"an undisturbed slow upload to {one.tags.operation} gets {said(one)} too")
        else:
            yield Finding(
                expected=f"401 {contract.codes.get(401)}: the key was replaced before the body had "
                "arrived in full",
                observed=f"{said(one)} on {one.tags.operation}",
                exchanges=(one,),
            )


def _carried_out(one: Exchange) -> bool:
    return one.response is not None and one.status not in UNSERVED


def _same(one: Exchange, undisturbed: list[Exchange]) -> list[Exchange]:
    return [other for other in undisturbed if other.tags.operation == one.tags.operation]


def _beside_control(
    contract: Contract, one: Exchange, undisturbed: list[Exchange]
) -> Iterator[Opinion]:
    """Evidence, if an upload as slow was accepted when nothing disturbed it."""
    same = _same(one, undisturbed)
    if any(accepted(contract, other) for other in same):
        yield Evidence((*same, one))
    else:
        yield Doubt(f"an undisturbed slow upload to {one.tags.operation} is not accepted either")


@judges("rotation.under-load")
def load_served(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a request under load that began after the new key was shown and was served."""
    lives, missing = lives_of(history), absent(contract, history)
    load = [
        one
        for one in history.judged
        if one.tags.group == "under-load" and one.tags.operation not in missing
    ]
    before = [one for one in load if accepted(contract, one) and not lives.dead(one)]
    for one in load:
        if not lives.dead(one) or _undecided(history, one) or one.status == 403:
            continue
        if _refused(one) and before:
            yield Evidence((before[0], one))
        elif not _refused(one):
            replaced = lives.end(one.tags.key or "")
            late = one.started - replaced.ended if replaced else 0.0
            yield Finding(
                expected=f"401 for {one.tags.key}, whose successor had been shown",
                observed=f"{one.status} to a request that began {late * 1000:.0f} ms later",
                exchanges=(before[-1], one) if before else (one,),
            )
            return


@judges("rotation.only-own")
def other_key_died(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield keys that are refused since somebody else's key was generated."""
    lives = lives_of(history)
    worked: dict[tuple[str, str], Exchange] = {}
    told: set[str] = set()
    for one in history.judged:
        label = one.tags.key or ""
        if not _plain(one) or not lives.live(one) or label in told:
            continue
        place = (label, place_of(one))
        between = _rotation_between(lives, worked.get(place), one)
        if accepted(contract, one):
            if between is not None:
                yield Evidence((worked[place], one))
            worked.setdefault(place, one)
        elif _refused(one) and between is not None:
            told.add(label)
            yield Finding(
                expected=f"{label} to work as before: the new key is not for the same",
                observed=f"401 since {between.data['key']} was generated",
                exchanges=(worked[place], one),
            )


def _rotation_between(lives: Lives, before: Exchange | None, after: Exchange) -> Event | None:
    """Another party's new key between two exchanges of a key."""
    if before is None:
        return None
    party = (after.tags.key or "").partition("#")[0]
    return next(
        (
            event
            for event in lives.generated
            if event.data["party"] != party
            and before.ended < event.started
            and event.ended < after.started
        ),
        None,
    )


@judges("rotation.one-survivor")
def survivors_miscounted(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield pairs of keys generated at once of which not exactly one is valid."""
    lives = lives_of(history)
    seen: set[str] = set()
    for event in lives.rotations:
        rivals = (event, *lives.rivals(event))
        labels = [one.data["key"] for one in rivals]
        if len(rivals) < 2 or seen & set(labels):
            continue
        seen |= set(labels)
        yield from _survivors(lives, history, labels, max(one.ended for one in rivals))
    for event in _unrivalled(lives, history):
        yield from _survivors(lives, history, [event.data["key"]], event.ended)


def _unrivalled(lives: Lives, history: History) -> Iterator[Event]:
    """New keys beside which another one was asked for and declined: they are to be valid."""
    for declined in history.events_of("declined"):
        for event in lives.rotations:
            if event.started < declined.ended and declined.started < event.ended:
                yield event


def _survivors(
    lives: Lives, history: History, labels: list[str], since: float
) -> Iterator[Opinion]:
    tries = {label: list(_tries(lives, history, label, since)) for label in labels}
    exchanges = tuple(one for label in labels for one in tries[label])
    if not all(tries.values()):
        return
    alive = [label for label in labels if any(one.admitted for one in tries[label])]
    torn = [label for label in alive if any(_refused(one) for one in tries[label])]
    if len(alive) == 1 and not torn:
        yield Evidence(exchanges)
        return
    also = f", {torn[0]} only sometimes" if torn else ""
    yield Finding(
        expected="exactly one of two keys generated at once valid afterwards",
        observed=f"{len(alive)} of {len(labels)} accepted{also}",
        exchanges=exchanges[:4],
    )


def _tries(lives: Lives, history: History, label: str, since: float) -> Iterator[Exchange]:
    """What shows whether a key was valid after both had been shown, and before a later one."""
    for one in history.judged:
        known = one.tags.key == label and _plain(one) and not _undecided(history, one)
        if known and one.started > since and not lives.fading(one):
            yield one


@judges("rotation.same-as-unknown")
def revoked_recognised(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations on which a replaced key's answer differs from an unknown key's."""
    unknown = {
        _asked_for(one): one
        for one in history.judged
        if one.tags.group == "unknown" and _refused(one)
    }
    told: set[str | None] = set()
    for one, _ in _dead(contract, history):
        other = unknown.get(_asked_for(one))
        if other is None or not _refused(one) or one.tags.operation in told:
            continue
        yield Evidence((one, other))
        limit = contract.rate_limit
        changing = volatile(history, limit) | set(erratic(history, limit, one.status))
        differing = {
            part: both
            for part, both in differences(one, other, contract.rate_limit).items()
            if part not in changing
        }
        for part, (revoked, never) in list(differing.items())[:1]:
            told.add(one.tags.operation)
            yield Finding(
                expected=f"{part} {worded(never)}, as for a key that was never issued",
                observed=f"{part} {worded(revoked)}",
                exchanges=(other, one),
            )


def _asked_for(one: Exchange) -> tuple[str | None, ...]:
    return one.request.method, one.request.target, one.tags.defect


@judges("rotation.same-as-unknown")
def window_tells_revoked(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a field of the window that tells replaced keys from keys that never were."""
    revoked = [one for one, _ in _dead(contract, history) if one.status == 401]
    unknown = [one for one in history.judged if _never_issued(one) and one.status == 401]
    if len({one.tags.key for one in revoked}) < 2:
        return
    for field, seen, other in window_tells(contract.rate_limit, revoked, unknown):
        yield Finding(
            expected=f"{field} {other}, as for a key that was never issued",
            observed=f"{field} {seen} for each key that was replaced",
            exchanges=(unknown[0], revoked[0]),
        )


def _never_issued(one: Exchange) -> bool:
    return one.tags.group == "unknown" or one.tags.form.startswith("forged:")
