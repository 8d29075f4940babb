"""rate: what each answer says of the limit. The count, the limit and its end have their own files.

remaining.py judges how Remaining falls, limit.py that the limit is kept, exhausted.py what an
exhausted key gets, recovery.py how a window ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange, Response
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges.counting import SLIDES, explain, of_counters, slides
from conformance.judges.select import LAYER, passing, unkeyed
from conformance.judges.windows import ROUNDING, Offset, Spot, neighbours, offset, spot, spots

INFINITY = float("inf")
WRITTEN_TIME = re.compile(r"\d:\d\d:\d\d|\d{4}-\d\d-\d\d")  # of an HTTP date, or in ISO 8601
SPAN = 1.0  # seconds between two answers that show whether Reset stands still


def responses(history: History) -> Iterator[tuple[Exchange, Response]]:
    """Every response that the application gave under the base path (reading 1)."""
    for one in history.judged:
        if one.request.method not in LAYER and not passing(history, one):
            assert one.response is not None
            yield one, one.response


@judges("rate.headers-present")
def headers_missing(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield one response of each status that lacks one of the three fields."""
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for one, response in responses(history):
        yield Evidence((one,))
        lacking = tuple(name for name in contract.rate_limit.fields if not response.values(name))
        if lacking and (response.status, lacking) not in seen:
            seen.add((response.status, lacking))
            yield Finding(
                expected=f"{', '.join(lacking)} on every response",
                observed=f"a {response.status} without {', '.join(lacking)}",
                exchanges=(one,),
            )


@judges("rate.headers-form")
def headers_malformed(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield one response of each status with a field that is not one decimal integer."""
    seen: set[tuple[int, str]] = set()
    for one, response in responses(history):
        for name in contract.rate_limit.fields:
            given = response.values(name)
            if given:
                yield Evidence((one,))
            if given and response.number(name) is None and (response.status, name) not in seen:
                seen.add((response.status, name))
                yield Finding(
                    expected=f"{name} once, as a non-negative decimal integer",
                    observed=f"a {response.status} with {name}: {' and again '.join(given)[:80]}",
                    exchanges=(one,),
                )


@judges("rate.limit-value")
def limit_wrong(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield one response for each wrong value of the limit."""
    field, limit = contract.rate_limit.limit_field, contract.rate_limit.limit
    seen: set[tuple[int, int]] = set()
    for one, response in responses(history):
        value = response.number(field)
        if value is None:
            continue
        yield Evidence((one,))
        if value != limit and (response.status, value) not in seen:
            seen.add((response.status, value))
            yield Finding(
                expected=f"{field} {limit}",
                observed=f"a {response.status} with {field} {value}",
                exchanges=(one,),
            )


@judges("rate.reset-timestamp")
def reset_implausible(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield, per key, an answer whose Reset lies before it or more than a window ahead."""
    clock = offset(contract, history)
    if clock is None:
        if any(spots(contract, history).values()):
            yield Doubt("the server's clock is unknown: it sends no Date that agrees with itself")
        return
    loose = tuple(spot(one, contract.rate_limit) for one in unkeyed(history))
    for of_key in (*spots(contract, history).values(), loose):
        for one in of_key:
            if written := _written_out(contract, one):
                yield written
                break
            if one.told is None:
                continue
            yield Evidence((one.exchange,))
            if problem := _implausible(contract, clock, one):
                yield problem
                break


@judges("rate.reset-timestamp")
def reset_passed(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield Resets after which Remaining went on falling, so that no window had ended there."""
    clock, field = offset(contract, history), contract.rate_limit.reset_field
    explanation = explain(contract, history)
    if clock is None or explanation.others or explanation.requirement == "rate.per-key":
        return  # where others use the key too, Remaining falls in the next window as well
    for of_counter in of_counters(contract, history):
        told = [one for one in of_counter if (one.remaining or 0) < contract.rate_limit.limit]
        passed = [both for both in _going_on(told) if _ended_before(clock, *both)]
        if len(passed) >= SLIDES:
            first, later = passed[0]
            yield Finding(
                expected=f"the window to end at {field} {first.reset}",
                observed=f"{contract.rate_limit.remaining_field} {first.remaining} before it, and "
                f"{later.remaining} after it",
                exchanges=(first.exchange, later.exchange),
            )


def _going_on(members: Iterable[Spot]) -> Iterator[tuple[Spot, Spot]]:
    """Answers while Remaining falls by one each time, with that of the earliest Reset till then."""
    first: Spot | None = None
    previous: Spot | None = None
    for one, other in neighbours(members):
        if one is not previous or first is None:
            first = one
        previous = other
        if one.remaining is None or other.remaining != one.remaining - 1:
            first = other
        else:
            yield first, other
            first = min(first, other, key=lambda spot: spot.reset or INFINITY)


def _ended_before(clock: Offset, first: Spot, later: Spot) -> bool:
    """Whether the Reset that an answer told had passed when a later one was asked for."""
    return first.reset is not None and clock.surely_after(later.exchange, first.reset + ROUNDING)


def _implausible(contract: Contract, clock: Offset, one: Spot) -> Finding | None:
    field, window = contract.rate_limit.reset_field, contract.rate_limit.window
    reset = one.told
    assert reset is not None
    latest = one.exchange.ended + clock.high + window + ROUNDING
    now = one.exchange.started + clock.low
    if now < reset + ROUNDING and reset <= latest:
        return None
    ahead = "after the response" if reset <= now else f"at most {window:g} s after the response"
    return Finding(
        expected=f"{field} as a Unix time in seconds, {ahead}",
        observed=f"{field} {reset} when the server's clock said {now:.0f}{_guess(reset, now)}",
        exchanges=(one.exchange,),
    )


def _written_out(contract: Contract, one: Spot) -> Finding | None:
    """A Reset that is a time, but no Unix time."""
    response, field = one.exchange.response, contract.rate_limit.reset_field
    given = response.value(field) if response and one.told is None else None
    if given is None or not WRITTEN_TIME.search(given):
        return None
    return Finding(
        expected=f"{field} as a Unix time in seconds",
        observed=f"{field} {given[:60]}",
        exchanges=(one.exchange,),
    )


def _guess(reset: int, now: float) -> str:
    """What a Reset that is no Unix time in seconds seems to be instead."""
    if reset < now / 1000:
        return " (seconds to wait?)"
    return " (milliseconds?)" if reset > now * 100 else ""


@judges("rate.reset-stable")
def reset_moved(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield responses whose Reset differs from the one that their window began with."""
    clock = offset(contract, history)
    if clock is None:
        return
    explanation = explain(contract, history)
    if explanation.nearly:
        yield Doubt(f"{explanation.text}: it is not sure which answers share a window")
        return
    for of_key in spots(contract, history).values():
        untwisted = [one for one in of_key if one.exchange.tags.twist is None]  # else: no-bypass
        admitted = [one for one in untwisted if one.admitted and one.reset is not None]
        plausible = [one for one in admitted if _implausible(contract, clock, one) is None]
        for of_counter in explanation.counters(plausible):
            yield from _moves(contract, clock, of_counter)


@judges("rate.reset-stable")
def reset_slides(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield Resets that move on and on while Remaining goes on falling, as in one window."""
    for one, other in slides(contract, history)[:1]:
        yield Finding(
            expected=f"{contract.rate_limit.reset_field} {one.reset} while "
            f"{contract.rate_limit.remaining_field} falls to {other.remaining}",
            observed=f"{contract.rate_limit.reset_field} {other.reset}",
            exchanges=(one.exchange, other.exchange),
        )


def _moves(contract: Contract, clock: Offset, members: tuple[Spot, ...]) -> Iterator[Opinion]:
    field = contract.rate_limit.reset_field
    first: Spot | None = None
    for one in members:
        if first is None or first.reset is None:
            first = one
        elif one.reset == first.reset:
            if one.exchange.started - first.exchange.ended >= SPAN:
                yield Evidence((first.exchange, one.exchange))
        elif not clock.surely_within(one.exchange, first.reset):
            first = one
        elif first.exchange.precedes(one.exchange):
            yield Finding(
                expected=f"{field} {first.reset}, as announced by exchange {first.exchange.number}",
                observed=f"{field} {one.reset}",
                exchanges=(first.exchange, one.exchange),
            )
            return
