"""rate: how Remaining falls, and for what. counting.py finds which way of counting explains it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges.counting import Explanation, explain, pairs, resets_move
from conformance.judges.windows import ROUNDING, Spot, offset, spots, uncertain, windows

FREE_AT_TIMES = ("leak.same-cost", "rate.all-outcomes")  # what some requests cost nothing breaks
ENOUGH = 2  # errors that take nothing, and none that does

MOST_STEPS = 3  # odd steps that a report shows


@judges("rate.remaining-counts")
def remaining_miscounts(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps at which Remaining does not fall by one, for no other reason that is known.

    Where only the last one of a window is wrong, that breaks a promise besides.
    """
    explanation = explain(contract, history)
    if explanation.requirement == "rate.remaining-honest":
        yield from _odd_steps(contract, explanation)
    yield from _explained_by(contract, history, "rate.remaining-counts")
    for before, after in pairs(contract, history):
        yield Evidence((before.exchange, after.exchange))


@judges("rate.remaining-counts")
def remaining_too_high(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield the first answer of a key that leaves as much as, or more than, the whole limit."""
    field, limit = contract.rate_limit.remaining_field, contract.rate_limit.limit
    explanation = explain(contract, history)
    if explanation.uneven and explanation.requirement in FREE_AT_TIMES:
        return  # the first may have cost nothing
    for of_key in spots(contract, history).values():
        for one in of_key:
            counted = one.admitted and explanation.counter(one.exchange) is not None
            if counted and one.remaining is not None and one.remaining >= limit and _judged(one):
                yield Finding(
                    expected=f"{field} at most {limit - 1} after a request",
                    observed=f"{field} {one.remaining}",
                    exchanges=(one.exchange,),
                )
                break


def _judged(one: Spot) -> bool:
    return one.exchange.tags.level != "hardening"


@judges("rate.all-endpoints")
def endpoints_apart(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that counters per endpoint or method explain, and nothing simpler."""
    yield from _explained_by(contract, history, "rate.all-endpoints")
    for before, after in pairs(contract, history):
        if before.exchange.tags.operation != after.exchange.tags.operation:
            yield Evidence((before.exchange, after.exchange))


@judges("rate.all-outcomes")
def outcomes_free(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that free 400s or 404s explain."""
    yield from _explained_by(contract, history, "rate.all-outcomes")
    for before, after in pairs(contract, history):
        if {before.exchange.status, after.exchange.status} & {400, 404}:
            yield Evidence((before.exchange, after.exchange))


@judges("rate.all-outcomes")
def untold_and_free(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield errors that tell nothing of their key's window, and take nothing of it either."""
    if explain(contract, history).requirement is not None:
        return
    found = [some for of_key in spots(contract, history).values() for some in _untold(of_key)]
    free = [(before, error, after) for before, error, after in found if _fell(before, after) == 1]
    if len(free) == len(found) >= ENOUGH:
        field, (before, error, after) = contract.rate_limit.remaining_field, free[0]
        yield Finding(
            expected=f"{field} {(before.remaining or 0) - 2}: a {error.exchange.status} counts too",
            observed=f"{field} {before.remaining} before it, and {after.remaining} after it",
            exchanges=(before.exchange, error.exchange, after.exchange),
        )


def _untold(of_key: tuple[Spot, ...]) -> Iterator[tuple[Spot, Spot, Spot]]:
    """An error without Remaining between two answers with it, in one window, one at a time."""
    for before, error, after in zip(of_key, of_key[1:], of_key[2:], strict=False):
        alone = not (before.at_once or error.at_once or after.at_once)
        in_a_row = alone and after.place == before.place + 2
        untold = error.remaining is None and error.exchange.status in (400, 404)
        known = None not in (before.remaining, after.remaining) and before.reset == after.reset
        if in_a_row and untold and known:
            yield before, error, after


def _fell(before: Spot, after: Spot) -> int:
    return (before.remaining or 0) - (after.remaining or 0)


@judges("rate.no-bypass")
def disguises_apart(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that counters per query, disguise or connection explain."""
    explanation = explain(contract, history)
    if explanation.requirement == "rate.no-bypass":
        yield from _odd_steps(contract, explanation)


@judges("rate.per-key")
def keys_share(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that a counter which keys share explains."""
    yield from _explained_by(contract, history, "rate.per-key")
    field = contract.rate_limit.remaining_field
    turns = [one for one in history.judged if one.tags.group == "turns" and one.plain_key]
    for before, after in pairwise(turns):
        told = [one.response.number(field) for one in (before, after) if one.response]
        admitted = before.admitted and after.admitted
        if before.tags.key != after.tags.key and admitted and None not in told:
            yield Evidence((before, after))


def _explained_by(
    contract: Contract, history: History, requirement: str
) -> Iterator[Finding | Doubt]:
    """Findings when a breach of this requirement explains the count, a doubt when others do."""
    explanation = explain(contract, history)
    if explanation.requirement == requirement:
        yield from _odd_steps(contract, explanation)
    elif explanation.others:
        yield someone_else(explanation)


def _odd_steps(contract: Contract, explanation: Explanation) -> Iterator[Finding]:
    field = contract.rate_limit.remaining_field
    reason = f" ({explanation.text})" if explanation.text else ""
    for step in explanation.odd[:MOST_STEPS]:
        left = step.before.remaining
        yield Finding(
            expected=f"{field} {left - 1} after {left}" if left else f"a refusal after {field} 0",
            observed=f"{field} {step.after.remaining}{reason}",
            exchanges=(step.before.exchange, step.after.exchange),
        )


def someone_else(explanation: Explanation) -> Doubt:
    """Why a count that somebody else takes part in proves nothing."""
    step = explanation.odd[0]
    return Doubt(
        f"Remaining fell by {step.fell} between exchanges {step.before.exchange.number} and "
        f"{step.after.exchange.number}: somebody else seems to use {step.after.exchange.tags.key}"
    )


@judges("rate.remaining-honest")
def promise_broken(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield answers that promised more requests than their window then admitted."""
    explanation = explain(contract, history)
    if explanation.uneven or explanation.requirement in ("rate.per-key", "rate.remaining-counts"):
        return  # what was promised, others use up, or a count that is wrong already
    if resets_move(contract, history):
        return  # then no Reset tells which window an answer belongs to
    unknown = uncertain(contract, history)
    for label, reset, members in windows(contract, history):
        whole = (*members, *_mute(contract, history, label, reset))
        for of_counter in explanation.counters(whole):
            yield from _promises(explanation, of_counter, unknown.get(label, ()), reset)


def _mute(contract: Contract, history: History, label: str, reset: int) -> Iterator[Spot]:
    """Refusals that name no window, and were surely given in the one with this Reset."""
    clock = offset(contract, history)
    if clock is None:
        return
    for one in spots(contract, history)[label]:
        untold = one.refused and one.told is None and one.remaining is None
        began = clock.surely_after(one.exchange, reset - contract.rate_limit.window + ROUNDING)
        if untold and began and clock.surely_within(one.exchange, reset):
            yield one


def _promises(
    explanation: Explanation, members: tuple[Spot, ...], lost: tuple[Exchange, ...], reset: int
) -> Iterator[Opinion]:
    telling = [one for one in members if one.reset == reset]
    first, last = telling[0].exchange, telling[-1].exchange
    if telling[-1].remaining == 0 and first.precedes(last):
        yield Evidence((first, last))
    refused = min((one.exchange for one in members if one.refused), key=_end, default=None)
    broken = _broken(members, lost, refused) if refused else None
    if broken and explanation.others and not _reopened(members, refused):
        yield someone_else(explanation)
    elif broken and refused:
        promise, kept = broken
        yield Finding(
            expected=f"{promise.remaining} more requests admitted before Reset {reset}",
            observed=f"429 after {kept}",
            exchanges=(promise.exchange, refused),
        )


def _reopened(members: tuple[Spot, ...], refused: Exchange | None) -> bool:
    """Whether a window admitted requests after a refusal: then nobody else had used it up."""
    return refused is not None and any(
        one.admitted and one.remaining and refused.precedes(one.exchange) for one in members
    )


def _end(one: Exchange) -> float:
    return one.ended


def _broken(
    members: tuple[Spot, ...], lost: tuple[Exchange, ...], refused: Exchange
) -> tuple[Spot, int] | None:
    """A promise that no order of the requests keeps, and how many of it were kept at most."""
    admitted = [one.exchange for one in members if one.admitted]
    for promise in members:
        if not promise.admitted or not promise.exchange.precedes(refused):
            continue
        between = [
            one
            for one in (*admitted, *lost)
            if not one.precedes(promise.exchange) and not refused.precedes(one)
        ]
        if len(between) - 1 < (promise.remaining or 0):  # the promise itself is among them
            return promise, len(between) - 1
    return None
