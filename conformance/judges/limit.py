"""rate: that the limit is kept, one at a time and at once, and said where it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.contract import Contract
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges.counting import Explanation, explain, of_counters
from conformance.judges.late import is_pushed, stretches
from conformance.judges.select import answers, said
from conformance.judges.windows import ROUNDING, Spot, left_of, offset, spots, windows


@judges("rate.enforced")
def limit_exceeded(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield windows in which a request over the limit, one at a time, was not refused."""
    explanation, clock = explain(contract, history), offset(contract, history)
    even, honest = not explanation.uneven, explanation.requirement != "rate.remaining-counts"
    for of_key in spots(contract, history).values():
        counted = [one for one in of_key if one.exchange.tags.group != "exhausted"]
        if clock is not None:
            counted = [one for one in counted if not clock.about(one.exchange, one.reset)]
        for of_counter in explanation.counters(counted):
            yield from _crossings(contract, of_counter, even=even, honest=honest)
        counted = [one for one in of_key if explanation.counter(one.exchange) is not None]
        yield from _served(contract, counted)


@judges("rate.enforced")
def never_refused(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield keys without a limit where no Reset tells one window from the next.

    Within the length of one, more were admitted than two of them hold, wherever they began.
    """
    limit, window = contract.rate_limit.limit, contract.rate_limit.window
    for label, of_key in spots(contract, history).items():
        if any(one.refused or one.reset is not None for one in of_key):
            continue
        admitted = [one.exchange for one in of_key]
        for first, last in zip(admitted, admitted[2 * limit :], strict=False):
            if last.ended - first.started < window - ROUNDING:
                yield Finding(
                    expected=f"429 {contract.codes.get(429)} after {limit} requests in a window",
                    observed=f"{2 * limit + 1} requests of {label} admitted within "
                    f"{last.ended - first.started:.1f} s, and none refused",
                    exchanges=(first, last),
                )
                return


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


def _crossings(
    contract: Contract, members: tuple[Spot, ...], *, even: bool, honest: bool
) -> Iterator[Opinion]:
    """Judge what follows in a window that is used up; one finding is enough.

    By the number of requests it is where each costs one (*even*), by Remaining if that is *honest*.
    """
    limit = contract.rate_limit.limit
    admitted: dict[int | None, int] = {}
    last: dict[int | None, Spot] = {}  # by Reset, the request that used a window up
    before: Spot | None = None
    for one in members:
        if before is not None and before.admitted and before.reset in last and one.refused:
            yield from _first_refusal(contract, before, one)
        elif before is not None and honest and _is_first(contract, before, one):
            yield Evidence((before.exchange, one.exchange))
        elif one.reset in last and one.admitted and not one.at_once:
            yield _over(contract, last[one.reset], one, admitted[one.reset] + 1)
            return
        if one.admitted and one.reset is not None and not one.at_once:
            admitted[one.reset] = admitted.get(one.reset, 0) + 1
            if (honest and one.remaining == 0) or (even and admitted[one.reset] >= limit):
                last.setdefault(one.reset, one)
        before = one


def _first_refusal(contract: Contract, before: Spot, one: Spot) -> Iterator[Opinion]:
    if one.at_once:
        return
    if answers(contract, one.exchange, 429):
        yield Evidence((before.exchange, one.exchange))
    else:
        yield _over(contract, before, one, 0)


def _is_first(contract: Contract, before: Spot, one: Spot) -> bool:
    """Whether one is refused after another that left nothing, whatever was lost beside them."""
    used_up = before.admitted and before.remaining == 0 and before.reset is not None
    apart = before.exchange.precedes(one.exchange) and not (before.in_a_burst or one.in_a_burst)
    refused = one.refused and one.reset == before.reset
    return used_up and apart and refused and answers(contract, one.exchange, 429)


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
    Which of a key's counters refused, where it has several, is not sure: it may be any of them.
    """
    pushed = is_pushed(contract, history)
    late = {one.exchange.number for some in stretches(contract, history) for one in some.late}
    of_keys = spots(contract, history)
    for of_counter in of_counters(contract, history):
        admitted = [one for one in of_counter if one.admitted and one.reset is not None]
        for one in of_counter:
            known = _announced(admitted, one) if one.refused else set()
            if not known and not (one.refused and _is_silent(contract, one)):
                continue
            yield Evidence((one.exchange,))
            too_late = one.exchange.number in late and not pushed
            others = _announced(of_keys[one.exchange.tags.key or ""], one)
            latest = max(known, default=None)
            unknown = one.told not in others and (one.told or 0) < (latest or 0)
            if one.remaining != 0 or unknown or too_late:
                yield _misinformed(contract, one, latest)
                break


def _is_silent(contract: Contract, one: Spot) -> bool:
    response = one.exchange.response
    return not any(response and response.values(name) for name in contract.rate_limit.fields)


def _announced(answers: Iterable[Spot], refused: Spot) -> set[int]:
    """The Resets that may have been announced to the admitted before a refusal was given."""
    before = (one for one in answers if one.exchange.started <= refused.exchange.ended)
    return {one.reset for one in before if one.admitted and one.reset is not None}


def _misinformed(contract: Contract, one: Spot, reset: int | None) -> Finding:
    limit = contract.rate_limit
    response = one.exchange.response
    given = response.value(limit.reset_field) if response else None
    told = "without" if given is None else f"with {given[:40]} for"
    return Finding(
        expected=f"{limit.remaining_field} 0 and {limit.reset_field} {reset or 'of its window'}",
        observed=f"a 429 {left_of(one.remaining)} and {told} {limit.reset_field}",
        exchanges=(one.exchange,),
    )


@judges("rate.concurrent")
def burst_over_admitted(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield windows that admitted more at once than one at a time.

    What was admitted in a disguise is no-bypass's.
    """
    explanation, clock = explain(contract, history), offset(contract, history)
    allowed = max(contract.rate_limit.limit, _one_at_a_time(contract, history, explanation))
    for label, reset, members in windows(contract, history):
        for of_counter in explanation.counters(members):
            burst = [one.exchange for one in of_counter if one.at_once]
            if not burst:
                continue
            admitted = [
                one.exchange
                for one in of_counter
                if one.admitted and one.exchange.tags.twist is None
                if not (clock and clock.about(one.exchange, reset))
            ]
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
