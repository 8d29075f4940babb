"""rate: that the limit is kept, one at a time and at once, and what comes of a new key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import Event, History
from conformance.judges.counting import Explanation, explain, of_counters
from conformance.judges.late import is_pushed, stretches
from conformance.judges.select import answers, lives_of, said
from conformance.judges.windows import Offset, Spot, left_of, offset, spot, spots, windows


@judges("rate.enforced")
def limit_exceeded(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield windows in which a request over the limit, one at a time, was not refused."""
    explanation = explain(contract, history)
    for of_key in spots(contract, history).values():
        counted = [one for one in of_key if one.exchange.tags.group != "exhausted"]
        for of_counter in explanation.counters(counted):
            yield from _crossings(contract, of_counter, even=not explanation.uneven)
        counted = [one for one in of_key if explanation.counter(one.exchange) is not None]
        yield from _served(contract, counted)


def _served(contract: Contract, of_key: Iterable[Spot]) -> Iterator[Finding]:
    """Find a request that was served in a window of which it says itself that it is used up."""
    refused: Spot | None = None
    for one in of_key:
        refused = one if one.refused and one.remaining == 0 else refused
        if refused is None or one.at_once or one.exchange.tags.group != "exhausted":
            continue
        over = one.exchange.succeeded and one.remaining == 0 and one.reset == refused.reset
        if over and one.reset is not None:
            yield _over(contract, refused, one, 0)
            return


def _crossings(contract: Contract, members: tuple[Spot, ...], *, even: bool) -> Iterator[Opinion]:
    """Judge what follows in a window that is used up; one finding is enough.

    By the number of requests it is where each costs one (*even*), by Remaining in any case.
    """
    limit = contract.rate_limit.limit
    admitted: dict[int | None, int] = {}
    last: dict[int | None, Spot] = {}  # by Reset, the request that used a window up
    before: Spot | None = None
    for one in members:
        if before is not None and before.admitted and before.reset in last and one.refused:
            yield from _first_refusal(contract, before, one)
        elif one.reset in last and one.admitted and not one.at_once:
            yield _over(contract, last[one.reset], one, admitted[one.reset] + 1)
            return
        if one.admitted and one.reset is not None and not one.at_once:
            admitted[one.reset] = admitted.get(one.reset, 0) + 1
            if one.remaining == 0 or (even and admitted[one.reset] >= limit):
                last.setdefault(one.reset, one)
        before = one


def _first_refusal(contract: Contract, before: Spot, one: Spot) -> Iterator[Opinion]:
    if one.at_once:
        return
    if answers(contract, one.exchange, 429):
        yield Evidence((before.exchange, one.exchange))
    else:
        yield _over(contract, before, one, 0)


def _over(contract: Contract, before: Spot, one: Spot, number: int) -> Finding:
    counted = f"request {number} of the window, " if number > contract.rate_limit.limit else ""
    return Finding(
        expected=f"429 {contract.codes.get(429)} for the first request over the limit",
        observed=f"{counted}{said(one.exchange)}",
        exchanges=(before.exchange, one.exchange),
    )


@judges("rate.refusal-headers")
def refusal_misinforms(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refusals that do not say Remaining 0 and the Reset of the window under way.

    A later Reset is one that refusals pushed back, which refusals-free judges, or a wrong one.
    """
    pushed = is_pushed(contract, history)
    late = {one.exchange.number for some in stretches(contract, history) for one in some.late}
    for of_counter in of_counters(contract, history):
        admitted = [one for one in of_counter if one.admitted and one.reset is not None]
        for one in of_counter:
            known = _announced(admitted, one) if one.refused else set()
            if not known:
                continue
            yield Evidence((one.exchange,))
            too_late = one.exchange.number in late and not pushed
            unknown = one.told not in known and (one.told or 0) < max(known)
            if one.remaining != 0 or unknown or too_late:
                yield _misinformed(contract, one, max(known))
                break


def _announced(admitted: list[Spot], refused: Spot) -> set[int]:
    """The Resets that may have been announced before a refusal was given."""
    known = (one.reset for one in admitted if one.exchange.started <= refused.exchange.ended)
    return {reset for reset in known if reset is not None}


def _misinformed(contract: Contract, one: Spot, reset: int) -> Finding:
    limit = contract.rate_limit
    return Finding(
        expected=f"{limit.remaining_field} 0 and {limit.reset_field} {reset}",
        observed=f"a 429 {left_of(one.remaining)} and {limit.reset_field} {one.told}",
        exchanges=(one.exchange,),
    )


@judges("rate.concurrent")
def burst_over_admitted(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield windows that admitted more at once than one at a time."""
    explanation = explain(contract, history)
    allowed = max(contract.rate_limit.limit, _one_at_a_time(contract, history, explanation))
    for label, reset, members in windows(contract, history):
        for of_counter in explanation.counters(members):
            burst = [one.exchange for one in of_counter if one.at_once]
            if not burst:
                continue
            admitted = [one.exchange for one in of_counter if one.admitted]
            if len(admitted) > allowed:
                yield Finding(
                    expected=f"at most {allowed} requests admitted in a window",
                    observed=f"{len(admitted)} of {label} admitted in the window until {reset}",
                    exchanges=(admitted[0], admitted[-1]),
                )
            elif any(one.refused for one in of_counter):
                yield Evidence(tuple(burst))


def _one_at_a_time(contract: Contract, history: History, explanation: Explanation) -> int:
    """The most that a window admitted of requests that did not overlap."""
    counts = [
        sum(one.admitted for one in of_counter)
        for _, _, members in windows(contract, history)
        for of_counter in explanation.counters(members)
        if not any(one.at_once for one in of_counter)
    ]
    return max(counts, default=0)


@judges("rate.new-key-window")
def new_key_half_used(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield new keys whose first answer does not leave the whole limit but one."""
    whole = contract.rate_limit.limit - 1
    explanation = explain(contract, history)
    if explanation.requirement == "rate.per-key":
        yield Doubt("keys share a counter, so a new key's window shows nothing of its own")
        return
    miscounted = explanation.uneven or explanation.requirement == "rate.remaining-counts"
    for event in history.events_of("issued"):
        first = _first_alone(contract, history, event) if event.data.get("generated") else None
        if first is None or explanation.counter(first.exchange) is None:
            continue
        if not first.refused and _is_a_miscount(first, whole, miscounted):
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


def _is_a_miscount(first: Spot, whole: int, miscounted: bool) -> bool:
    """Whether a first answer is off by one because of how requests are counted, not of a window."""
    off = (first.remaining if first.remaining is not None else whole) - whole
    return off == 1 or (miscounted and off == -1)


def _first_alone(contract: Contract, history: History, issued: Event) -> Spot | None:
    """The first answer of a key, unless something else of that key may have been counted before."""
    of_key = spots(contract, history).get(issued.data["key"], ())
    first = next(iter(of_key), None)
    if first is None or first.at_once or first.place > 1:
        return None
    return first if first.exchange.started > issued.ended else None


@judges("rate.revoked-is-401")
def revoked_still_limited(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield requests of a key that was exhausted, then replaced, and is still answered 429."""
    lives, clock = lives_of(history), offset(contract, history)
    exhausted: dict[str, Spot] = {}
    admitted: set[str] = set()  # what never was is not exhausted: it is refused as a stranger's
    strange: set[int | None] = set()  # the Resets of a limit of requests without a valid key
    found: list[Opinion] = []
    for one in history.judged:
        label = one.tags.key or ""
        if one.status == 429 and one.tags.key is None:
            strange.add(spot(one, contract.rate_limit).reset)
        if one.plain_key and one.admitted:
            admitted.add(label)
        if not one.plain_key or one.status not in (401, 429):
            continue
        if lives.dead(one) and label in exhausted:
            found += _revoked(contract, clock, exhausted[label], one, strange)
        elif one.status == 429 and label in admitted and not lives.fading(one):
            exhausted[label] = spot(one, contract.rate_limit)
    proved = any(isinstance(one, Evidence) for one in found)
    yield from (one for one in found if not (proved and isinstance(one, Doubt)))


def _revoked(
    contract: Contract,
    clock: Offset | None,
    refused: Spot,
    one: Exchange,
    strange: set[int | None],
) -> Iterator[Opinion]:
    told = spot(one, contract.rate_limit).reset
    if one.status == 401:
        if clock is not None and refused.reset and clock.likely_within(one, refused.reset):
            yield Evidence((refused.exchange, one))
    elif told == refused.reset and (told is None or told not in strange):
        yield Finding(
            expected=f"401 {contract.codes.get(401)} for a replaced key",
            observed="429, as before it was replaced",
            exchanges=(refused.exchange, one),
        )
    else:
        yield Doubt("another limit than the replaced key's own refused it")


def in_its_window(refused: Spot, later: Spot, clock: Offset | None) -> bool:
    """Whether a request surely ended in the window in which another one was refused."""
    if refused.reset is None or not refused.exchange.precedes(later.exchange):
        return False
    if later.reset == refused.reset:
        return True
    return clock is not None and clock.surely_within(later.exchange, refused.reset)
