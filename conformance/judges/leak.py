"""leak: 404 hides what exists. How long it takes to answer is judged in timing.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import words
from conformance.judges.costs import tells_of_another
from conformance.judges.counting import explain, pairs
from conformance.judges.derived import derived
from conformance.judges.select import (
    absent,
    addressed,
    crashed,
    grouped,
    lives_of,
    passing,
    straight,
    unrecognised,
)
from conformance.judges.stranger import window_tells
from conformance.judges.windows import Spot
from conformance.likeness import (
    LAYOUT,
    ORDER,
    PRESENT,
    answer,
    erratic,
    worded,
)

KEYLESS = ("none", "bearer", "malformed:scheme")  # forms of requests that hold no key
ALWAYS = 3  # pairs that all cost two things: that is no chance


Group = tuple[list[Exchange], list[Exchange]]  # answers on another's, and on an absent one


def paired(contract: Contract, history: History) -> Iterator[Group]:
    """Groups that address another's resource and an absent one, alike in all else.

    Of what is timed, with the same two ids again and again, the first of each is left out: a cache
    answers the others.
    """
    lives, lacking = lives_of(history), absent(contract, history)
    keys = unrecognised(contract, history)
    groups: dict[str, list[Exchange]] = {}
    for one in _asked_in_pairs(history):
        if passing(history, one):
            continue
        if one.tags.operation in lacking or one.tags.key in keys or one.status == 429:
            continue
        if lives.live(one) and straight(one):
            groups.setdefault(_group(one), []).append(one)
    for ones in groups.values():
        most = max(map(_of_others, ones))
        foreign = [one for one in ones if _of_others(one) == most]
        missing = [one for one in ones if _of_others(one) < most]
        known = not all(_unknown(contract, one) for one in ones)
        if missing and known and not any(one.succeeded for one in foreign):
            yield foreign, missing


def _asked_in_pairs(history: History) -> Iterator[Exchange]:
    timed: set[tuple[str, str]] = set()
    for one in history.judged:
        asked = _group(one), one.request.target
        if asked in timed or (one.tags.group or "").startswith("pair:"):
            yield one
        elif one.tags.group == "timing" and one.plain_key:
            timed.add(asked)


def _group(one: Exchange) -> str:
    """What joins those that are alike but for what exists."""
    group = one.tags.group or ""
    return f"{one.tags.key} {one.tags.operation}" if group == "timing" else group


def _unknown(contract: Contract, one: Exchange) -> bool:
    """Whether the key was not taken for one; of the wrong kind, that is an answer like another."""
    operation = contract.operation(one.tags.operation)
    wrong_kind = operation is not None and operation.kind not in one.tags.credential
    return one.status == 401 and not wrong_kind


def _of_others(one: Exchange) -> int:
    """How much of what was addressed exists and is another's."""
    resource, nested = one.tags.resource, one.tags.nested
    return (resource.startswith("cross") or resource == "foreign") + (nested == "foreign")


def _is_nested(one: Exchange) -> bool:
    """Whether ids of two owners meet in the path, or a route below another's resource is asked."""
    tags = one.tags
    mixed = (tags.resource == "own") != (tags.nested == "own")
    return tags.nested is not None and (mixed or tags.resource == "none")


def _has_method(one: Exchange) -> bool:
    return (one.tags.defect or "").startswith("method:")


def _is_plain(contract: Contract, history: History, one: Exchange) -> bool:
    """Whether nothing but the id is wrong; without leave to write, a write's body always is."""
    if one.tags.defect is None:
        return True
    operation = contract.operation(one.tags.operation)
    forced = not history.header.get("allow_writes") and operation is not None and operation.writes
    return forced and one.tags.defect.startswith("body.missing")


def _compared(
    contract: Contract, history: History, wanted: Callable[[Exchange], bool]
) -> Iterator[Opinion]:
    for foreign, missing in paired(contract, history):
        if not wanted(foreign[0]):
            continue
        yield Evidence((*foreign, *missing))
        for part, (seen, other) in _told_apart(contract, history, foreign, missing).items():
            yield Finding(
                expected=f"{part} {worded(other)}, as for an id that does not exist",
                observed=f"{part} {worded(seen)} for another's, from {called(foreign[0])}",
                exchanges=(missing[0], foreign[0]),
            )
            break


def called(one: Exchange) -> str:
    what = one.tags.operation or f"{one.request.method} {one.tags.route}"
    return f"{what} with {words.defect(one)}" if one.tags.defect else what


def _told_apart(
    contract: Contract, history: History, foreign: list[Exchange], missing: list[Exchange]
) -> Mapping[str, tuple[Any, Any]]:
    """The parts whose values on another's resource never occur on an absent one.

    Of a part that varies between identical requests, or with the id, it is whether it is there.
    """
    varying = erratic(history, contract.rate_limit, missing[0].status)
    going = {part for part, missed in varying.items() if missed}
    changing = varying.keys() | derived(history, contract.rate_limit)

    def compared(one: Exchange) -> Mapping[str, Any]:
        parts = answer(one, contract.rate_limit)
        return {part: PRESENT if part in changing else parts[part] for part in parts}

    ours, theirs = list(map(compared, foreign)), list(map(compared, missing))
    whole = varying.keys() & {ORDER, LAYOUT}
    parts = {part for one in (*ours, *theirs) for part in one} - going - whole
    found = {}
    for part in sorted(parts, key=lambda part: (part != "status", part)):
        seen, others = [one.get(part) for one in ours], [one.get(part) for one in theirs]
        if not any(value in others for value in seen):
            found[part] = (seen[0], others[0])
    return found


@judges("leak.same-answer")
def answers_differ(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations whose answer tells another's project or team from one that never was."""

    def plain(one: Exchange) -> bool:
        routed = one.tags.route is not None and not _has_method(one)
        return routed and not _is_nested(one) and _is_plain(contract, history, one)

    return _compared(contract, history, plain)


@judges("leak.before-validation")
def validation_tells(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations whose answer to an invalid request tells the two apart.

    Where another's resource is reached by a valid one too, area scope judges that.
    """
    reached = {
        one.tags.operation
        for one in history.judged
        if one.plain_key and one.succeeded and one.tags.resource == "foreign"
    }

    def wanted(one: Exchange) -> bool:
        invalid = one.tags.defect is not None and not _has_method(one) and not _is_nested(one)
        return invalid and one.tags.operation not in reached

    return _compared(contract, history, wanted)


@judges("leak.nested")
def nested_tells(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations whose answer tells another's nested resource from an absent one.

    Under another's project or team, where what lies directly in it does not tell either.
    """
    direct = any(
        foreign[0].tags.nested is None and _told_apart(contract, history, foreign, missing)
        for foreign, missing in paired(contract, history)
    )

    def wanted(one: Exchange) -> bool:
        plain = one.tags.defect is None and one.tags.nested is not None
        return _is_nested(one) or (plain and not direct)

    return _compared(contract, history, wanted)


@judges("leak.unsupported-method")
def method_tells(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield methods that a path lacks whose answer tells the two apart."""
    return _compared(contract, history, _has_method)


@judges("leak.unauthenticated")
def keyless_tells(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield requests without a valid key whose answer depends on what exists."""
    asked = list(_keyless(contract, history))
    for alike in grouped(asked, _asked_for).values():
        existing = [one for one in alike if _exists(one)]
        for lacks in (_exists_not, _exists_in_part):
            missing = [one for one in alike if lacks(one)]
            if existing and missing:
                yield Evidence((*existing, *missing))
                yield from _told_without_a_key(contract, history, existing, missing)


def _told_without_a_key(
    contract: Contract, history: History, existing: list[Exchange], missing: list[Exchange]
) -> Iterator[Finding]:
    apart = _told_apart(contract, history, existing, missing)
    for part, (seen, other) in list(apart.items())[:1]:
        yield Finding(
            expected=f"{part} {worded(other)}, as for an id that does not exist",
            observed=f"{part} {worded(seen)} for one that exists, without a key, "
            f"from {called(existing[0])}",
            exchanges=(missing[0], existing[0]),
        )


@judges("leak.unauthenticated")
def window_tells_without_a_key(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a field of the window that tells a stranger what exists."""
    asked = list(_keyless(contract, history))
    existing = [one for one in asked if _exists(one)]
    missing = [one for one in asked if _exists_not(one)]
    for field, seen, other in window_tells(contract.rate_limit, existing, missing):
        yield Finding(
            expected=f"{field} {other}, as for an id that does not exist",
            observed=f"{field} {seen} for each that exists, without a key",
            exchanges=(missing[0], existing[0]),
        )


def _keyless(contract: Contract, history: History) -> Iterator[Exchange]:
    """Requests without a key, or with one that never was, for what exists and what does not."""
    lacking = absent(contract, history)
    for one in history.judged:
        tags = one.tags
        known = tags.form in KEYLESS or tags.form.startswith("forged:")
        if tags.key is not None or not known or tags.twist is not None:
            continue
        if tags.route is None or tags.operation in lacking or not addressed(one):
            continue
        if one.status != 429 and not one.succeeded and not crashed(one):
            yield one


def _asked_for(one: Exchange) -> tuple[str, ...]:
    tags = one.tags
    query = one.request.target.partition("?")[2]
    return one.request.method, tags.route or "", query, tags.defect or "", tags.form


def _exists(one: Exchange) -> bool:
    return one.tags.resource in ("own", "foreign") and one.tags.nested != "absent"


def _exists_in_part(one: Exchange) -> bool:
    """Whether nothing is addressed in what exists."""
    return one.tags.resource in ("own", "foreign") and one.tags.nested == "absent"


def _exists_not(one: Exchange) -> bool:
    return one.tags.resource == "absent"


@judges("leak.same-cost")
def costs_differ(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield what another's resource costs of the window, if an absent one costs something else."""
    explanation = explain(contract, history)
    if explanation.requirement == "leak.same-cost":
        odd = explanation.odd
        step = next((one for one in odd if tells_of_another(one.after.exchange)), odd[0])
        yield Finding(
            expected="another's resource and an absent one to cost the same of the window",
            observed=f"Remaining fell by {step.fell}: {explanation.text or _cost(step.after)}",
            exchanges=(step.before.exchange, step.after.exchange),
        )
    else:
        yield from _dearer_pairs(contract, history)
    for before, after in pairs(contract, history):
        pair = (before.exchange, after.exchange)
        if any((one.tags.group or "").startswith("pair:") for one in pair):
            yield Evidence(pair)


def _cost(spot: Spot) -> str:
    whose = "another's" if tells_of_another(spot.exchange) else f"an {spot.exchange.tags.resource}"
    return f"that is what {whose} resource costs, as {called(spot.exchange)} shows"


def _dearer_pairs(contract: Contract, history: History) -> Iterator[Finding]:
    """Yield a pair of a kind of which every pair costs the same two things: nobody does that else.

    Which of the two is asked first changes from pair to pair, so their order is not what tells.
    """
    costs = {
        after.exchange.number: (before.remaining or 0) - (after.remaining or 0)
        for before, after in pairs(contract, history)
        if after.remaining
    }
    kinds: dict[tuple[str, bool, str], list[tuple[Exchange, Exchange]]] = {}
    for foreign, missing in paired(contract, history):
        one, other = foreign[0], missing[0]
        if one.number in costs and other.number in costs:
            whose = one.tags.credential.removeprefix("other_")
            kind = (whose, _is_nested(one), (one.tags.defect or "").partition(".")[0])
            kinds.setdefault(kind, []).append((one, other))
    for alike in kinds.values():
        paid = {(costs[one.number], costs[other.number]) for one, other in alike}
        anothers, nobodys = min(paid)
        if len(paid) == 1 and anothers != nobodys and len(alike) >= ALWAYS:
            one, other = alike[0]
            yield Finding(
                expected=f"another's resource to cost {nobodys}, as an absent one does",
                observed=f"it costs {anothers} of the window, as {called(one)} shows",
                exchanges=(other, one),
            )
            return
