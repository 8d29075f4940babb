"""rate: what comes of a new key: a full window for it, and none for the one that it replaces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import Event, History
from conformance.judges.counting import explain
from conformance.judges.select import controls, grouped, lives_of, own, said
from conformance.judges.windows import Offset, Spot, left_of, offset, spot, spots

DENIED = (403, 404)  # what a key is answered that is known, and may not reach something


@judges("rate.new-key-window")
def new_key_half_used(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield new keys whose first answer does not leave the whole limit but one."""
    whole = contract.rate_limit.limit - 1
    explanation = explain(contract, history)
    dear = {step.fell for step in explanation.odd}  # what some requests cost, whatever their key
    if explanation.requirement == "rate.per-key":
        yield Doubt("keys share a counter, so a new key's window shows nothing of its own")
        return
    miscounted = explanation.uneven or explanation.requirement == "rate.remaining-counts"
    for event in history.events_of("issued"):
        first = _first_alone(contract, history, event) if event.data.get("generated") else None
        if first is None or explanation.counter(first.exchange) is None:
            continue
        if not first.refused and _is_a_miscount(first, whole, dear if miscounted else ()):
            continue
        if not first.refused and first.remaining in (whole, None):
            if first.remaining == whole:
                yield Evidence((first.exchange,))
            continue
        yield Finding(
            expected=f"{contract.rate_limit.remaining_field} {whole} on a new key's first answer",
            observed=f"{first.exchange.status} {left_of(first.remaining)}",
            exchanges=(first.exchange,),
        )


def _is_a_miscount(first: Spot, whole: int, dear: Collection[int]) -> bool:
    """Whether a first answer is off because of how requests are counted, not of a window."""
    cost = whole + 1 - (first.remaining if first.remaining is not None else whole)
    return cost == 0 or bool(dear and cost in (2, *dear))


def _first_alone(contract: Contract, history: History, issued: Event) -> Spot | None:
    """The first answer of a key, unless something else of that key may have been counted before."""
    of_key = spots(contract, history).get(issued.data["key"], ())
    first = next(iter(of_key), None)
    if first is None or first.at_once or first.place > 1:
        return None
    return first if first.exchange.started > issued.ended else None


@judges("rate.revoked-is-401")
def revoked_still_limited(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield requests of a key that was exhausted, then replaced, and is not told 401.

    Most often it is still answered 429.
    """
    lives, clock = lives_of(history), offset(contract, history)
    reached = controls(contract, history)
    exhausted: dict[str, Spot] = {}
    admitted: set[str] = set()  # what never was is not exhausted: it is refused as a stranger's
    limited = [one for one in history.judged if one.status == 429 and one.tags.key is None]
    strange = {spot(one, contract.rate_limit).reset for one in limited}
    asked: set[str] = set()  # since they were replaced
    found: list[Opinion] = []
    for one in history.judged:
        label = one.tags.key or ""
        if one.plain_key and one.admitted:
            admitted.add(label)
        known = lives.dead(one) and label in exhausted
        if known and own(one) and one.status in DENIED and one.tags.operation in reached:
            found += _denied(contract, clock, exhausted[label], one)
        if not one.plain_key or one.status not in (401, 429):
            continue
        if known:
            alone = label not in asked and not strange and _stranger_after(history, one)
            found += _revoked(contract, clock, exhausted[label], one, strange, alone)
            asked.add(label)
        elif one.status == 429 and label in admitted and not lives.fading(one):
            exhausted[label] = spot(one, contract.rate_limit)
    proved = any(isinstance(one, Evidence) for one in found)
    yield from (one for one in found if not (proved and isinstance(one, Doubt)))
    if not strange:
        yield from _amid(contract, history, exhausted)


def _amid(contract: Contract, history: History, exhausted: Mapping[str, Spot]) -> Iterator[Finding]:
    """Refusals of one key amid its 401s, with what limit ever: strangers met none."""
    lives = lives_of(history)
    dead = [one for one in history.judged if one.plain_key and lives.dead(one)]
    for label, ones in grouped(dead, lambda one: one.tags.key or "").items():
        unknown = [one for one in ones if one.status == 401]
        for one in ones if label in exhausted else ():
            before = any(other.precedes(one) for other in unknown)
            after = next((other for other in unknown if one.precedes(other)), None)
            if one.status == 429 and before and after is not None:
                yield _limited(contract, exhausted[label].exchange, one)


def _stranger_after(history: History, one: Exchange) -> bool:
    """Whether somebody without a valid key was told so afterwards."""
    strangers = (other for other in history.judged if other.tags.key is None)
    return any(other.status == 401 and one.precedes(other) for other in strangers)


def _limited(contract: Contract, refused: Exchange, one: Exchange) -> Finding:
    return Finding(
        expected=f"401 {contract.codes.get(401)} for a replaced key",
        observed="429, as before it was replaced",
        exchanges=(refused, one),
    )


def _denied(
    contract: Contract, clock: Offset | None, refused: Spot, one: Exchange
) -> Iterator[Finding]:
    """Judge another refusal while the window of the replaced key is under way."""
    if clock is not None and refused.reset and clock.likely_within(one, refused.reset):
        yield Finding(
            expected=f"401 {contract.codes.get(401)} for a replaced key that was exhausted",
            observed=f"{said(one)} on {one.tags.operation}",
            exchanges=(refused.exchange, one),
        )


def _revoked(
    contract: Contract,
    clock: Offset | None,
    refused: Spot,
    one: Exchange,
    strange: set[int | None],
    alone: bool,
) -> Iterator[Opinion]:
    """Judge what a replaced key is answered; *alone*: at once, and no stranger is, ever."""
    told = spot(one, contract.rate_limit).reset
    if one.status == 401:
        if clock is not None and refused.reset and clock.likely_within(one, refused.reset):
            yield Evidence((refused.exchange, one))
    elif alone or (told == refused.reset and (told is None or told not in strange)):
        yield _limited(contract, refused.exchange, one)
    else:
        yield Doubt("another limit than the replaced key's own refused it")
