"""rate: how a window ends: at its Reset, not before, not later, whatever was refused in it."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges.counting import explain, resets_move
from conformance.judges.hypotheses import Counter
from conformance.judges.late import is_pushed, stretches
from conformance.judges.rate import responses
from conformance.judges.remaining import someone_else
from conformance.judges.select import lives_of, own, sound
from conformance.judges.steps import steps
from conformance.judges.windows import ROUNDING, Offset, Spot, offset, sensible, spots

RETRY_TOLERANCE = 2.0  # seconds: Retry-After and Reset are whole, one may be rounded up, one down


@judges("rate.refusals-free")
def refusal_pushes(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refusals that push back the Reset of the window in which they fell."""
    if is_pushed(contract, history):
        for stretch in stretches(contract, history):
            yield _pushed(contract, stretch.admitted, stretch.late[0])
    for of_key in spots(contract, history).values():
        yield from _standing(of_key)


def _standing(of_key: tuple[Spot, ...]) -> Iterator[Evidence]:
    """Second and later refusals that tell the Reset of the window that was used up."""
    admitted: Spot | None = None
    refusals = 0
    for one in of_key:
        if one.admitted:
            admitted, refusals = (one if one.reset is not None else admitted), 0
            continue
        refusals += 1
        if admitted is not None and refusals > 1 and one.reset == admitted.reset:
            yield Evidence((admitted.exchange, one.exchange))


def _pushed(contract: Contract, admitted: Spot, refused: Spot) -> Finding:
    field = contract.rate_limit.reset_field
    return Finding(
        expected=f"{field} {admitted.reset}, however many requests are refused",
        observed=f"{field} {refused.reset} on a refused request",
        exchanges=(admitted.exchange, refused.exchange),
    )


@judges("rate.recovers")
def recovery_fails(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield keys that are admitted before their Reset, not after it, or without a full window."""
    clock = offset(contract, history)
    if clock is None:
        return
    lives, explanation = lives_of(history), explain(contract, history)
    miscounts = explanation.requirement == "rate.remaining-counts"
    counts = not miscounts or _counts_at_first(contract, history, clock)
    for of_key in spots(contract, history).values():
        for reset, refused, later in _awaited(of_key, explanation.counter, clock):
            if not lives.live(later.exchange):
                continue
            innocent = explanation.requirement == "rate.per-key" or not _same(refused, later)
            for opinion in _recovery(contract, clock, reset, refused, later, counts):
                accuses = isinstance(opinion, Finding)
                if accuses and explanation.others:
                    yield someone_else(explanation)
                elif not (accuses and innocent):
                    yield opinion


def _counts_at_first(contract: Contract, history: History, clock: Offset) -> bool:
    """Whether Remaining fell by one in the first window of every key, which nothing precedes.

    Until about its Reset: then a part of it may be over already.
    """
    first: dict[str | None, int | None] = {}
    for step in steps(contract, history):
        reset = first.setdefault(step.before.exchange.tags.key, step.before.reset)
        told = step.in_one_window and step.before.reset == reset
        if told and step.is_odd and not clock.about(step.after.exchange, reset):
            return False
    return True


def _awaited(
    of_key: tuple[Spot, ...], counter: Counter, clock: Offset
) -> Iterator[tuple[int, Spot, Spot]]:
    """The Reset of a window that was used up, a refusal in it, and each request that follows.

    What is admitted afterwards begins another window; so may, after Reset, what is not known.
    """
    reset: int | None = None
    refused: list[Spot] = []
    for before, one in zip((None, *of_key), of_key, strict=False):
        known = before is None or one.place <= before.place + one.admitted
        like = next((other for other in refused[::-1] if _alike(other, one, counter)), None)
        if reset is not None and like is not None and known:
            yield reset, like, one
        if one.admitted or not (known or (reset and clock.likely_within(one.exchange, reset))):
            reset, refused = one.reset if one.admitted else None, []
        elif not one.at_once:
            refused.append(one)


def _alike(refused: Spot, later: Spot, counter: Counter) -> bool:
    """Whether the same counter decides on both."""
    if later.at_once or counter(refused.exchange) != counter(later.exchange):
        return False
    return later.refused or (_watching(refused) and _watching(later))


def _same(refused: Spot, later: Spot) -> bool:
    """Whether what was admitted asks for the same as what was refused; else it accuses nobody."""
    return later.refused or refused.exchange.tags.operation == later.exchange.tags.operation


def _watching(one: Spot) -> bool:
    plain = sound(one.exchange) and own(one.exchange) and not one.at_once
    return plain and one.exchange.tags.group in ("watch", "after-reset", None)


def _recovery(
    contract: Contract, clock: Offset, reset: int, refused: Spot, later: Spot, counts: bool
) -> Iterator[Opinion]:
    """Judge a request around a Reset; what is left says something if Remaining *counts* right."""
    both = (refused.exchange, later.exchange)
    past = later.exchange.started + clock.low - reset
    if later.refused:
        if clock.surely_after(later.exchange, reset + ROUNDING):
            yield Finding(
                expected=f"the key admitted again after Reset {reset}",
                observed=f"429 when that Reset had passed by {past:.1f} s",
                exchanges=both,
            )
    elif clock.surely_within(later.exchange, reset) or (later.remaining and later.reset == reset):
        yield Finding(
            expected=f"429 until Reset {reset}",
            observed=f"{later.exchange.status} {-past:.1f} s before it",
            exchanges=both,
        )
    else:
        yield Evidence(both)
        if counts:
            yield from _full(contract, later, both)


def _full(contract: Contract, later: Spot, both: tuple[Exchange, Exchange]) -> Iterator[Finding]:
    field, whole = contract.rate_limit.remaining_field, contract.rate_limit.limit - 1
    if later.remaining is not None and later.remaining < whole:
        yield Finding(
            expected=f"a full window after Reset: {field} {whole}",
            observed=f"{field} {later.remaining}",
            exchanges=both,
        )


@judges("rate.recovers")
def windows_overlap(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a window that began before the Reset of a used-up one, by their Resets alone.

    That needs no clock: what was admitted first after a window ends a whole window later at least.
    """
    field, window = contract.rate_limit.reset_field, contract.rate_limit.window
    sure = explain(contract, history).requirement is None and not resets_move(contract, history)
    for of_key in spots(contract, history).values() if sure else ():
        for before, refused, after in _renewals(of_key):
            if 0 < (after.reset or 0) - (before.reset or 0) < window - ROUNDING:
                yield Finding(
                    expected=f"429 until {field} {before.reset}, and then a window of {window:g} s",
                    observed=f"{after.exchange.status} with {field} {after.reset}",
                    exchanges=(refused.exchange, after.exchange),
                )
                break


def _renewals(of_key: tuple[Spot, ...]) -> Iterator[tuple[Spot, Spot, Spot]]:
    """The last admitted, a refusal in its window, and the first admitted with another Reset."""
    before: Spot | None = None
    refused: Spot | None = None
    for one in of_key:
        if one.refused:
            known = before is not None and one.reset == before.reset
            refused = one if known and not one.at_once else refused
            continue
        if before is not None and refused is not None and one.reset != before.reset:
            yield before, refused, one
        before, refused = one, None


@judges("rate.retry-after")
def retry_after_disagrees(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a refusal whose Retry-After does not lead to its Reset."""
    clock = offset(contract, history)
    for one, response in responses(history):
        reset = response.number(contract.rate_limit.reset_field)
        given = response.value("Retry-After")
        if response.status != 429 or one.tags.key is None:
            continue
        if given is None:
            yield Evidence((one,))
        elif clock is not None and reset is not None and sensible(one, reset, contract.rate_limit):
            yield Evidence((one,))
            if not _leads_to(given, reset, one, clock):
                yield Finding(
                    expected=f"Retry-After that ends at Reset {reset}",
                    observed=f"Retry-After {given[:60]}",
                    exchanges=(one,),
                )
                return


def _leads_to(given: str, reset: int, one: Exchange, clock: Offset) -> bool:
    """Whether a Retry-After (RFC 9110, 10.2.3), in seconds or as a date, may mean a Reset."""
    if given.isascii() and given.isdigit() and len(given) < 20:
        earliest = one.started + clock.low + int(given)
        latest = one.ended + clock.high + int(given)
    else:
        try:
            earliest = latest = email.utils.parsedate_to_datetime(given).timestamp()
        except (ValueError, OverflowError):
            return False
    return earliest <= reset + RETRY_TOLERANCE and latest >= reset - RETRY_TOLERANCE
