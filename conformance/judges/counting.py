"""Counting: the simplest explanation of the Remaining that a history shows.

The contract's explanation is one counter per key that falls by one with each request. Where that
does not explain what was seen, others are tried: counters per endpoint, outcomes that are free, a
counter that keys share. The first one that explains every answer says which requirement is broken;
so one deviation is one failure, and not one of everything that depends on the count.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.history import History
from conformance.judges.charges import charged
from conformance.judges.costs import Aspect, aspects, tells_of_another
from conformance.judges.hypotheses import (
    HYPOTHESES,
    Counter,
    Hypothesis,
    of_disguises,
    of_operations,
    one_counter,
    status_free,
)
from conformance.judges.select import grouped
from conformance.judges.steps import Step, steps
from conformance.judges.windows import Offset, Spot, neighbours, offset, overlapping, spot, spots

FREE = object()  # where a tally keeps the last answer to a free request
SLIDES = 3  # times that Reset moves while Remaining falls by one: no chance
NEARLY = 0.05  # of the answers may not fit a way of counting that is taken to explain the rest
CONTRACTS = Hypothesis("rate.remaining-counts", "one counter for all of a key", one_counter)
REPEATED = 3  # times that something costs the same before that is taken for a rule


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which requirement the odd steps break; None: none, or nobody knows."""

    requirement: str | None
    counter: Counter
    odd: tuple[Step, ...] = ()
    others: bool = False  # somebody else seems to use the key
    uneven: bool = False  # not every request costs one
    text: str = ""
    nearly: bool = False  # some answers do not fit, so that it is not sure what counter they are of

    def counters(self, members: Iterable[Spot]) -> Iterator[tuple[Spot, ...]]:
        """The members by the counter that they fall into; those that are free are left out."""
        for counter, ones in grouped(members, lambda one: self.counter(one.exchange)).items():
            if counter is not None:
                yield ones


@lru_cache(maxsize=8)
def explain(contract: Contract, history: History) -> Explanation:
    """The first way of counting that explains every step of every key."""
    every = tuple(steps(contract, history))
    odd = tuple(step for step in every if step.in_one_window and step.is_odd)
    moved = tuple(_moved(contract, history))
    if not odd and not moved:
        return Explanation(None, one_counter)
    twists = {one.tags.twist: None for one in history.answered if one.tags.twist}
    hypotheses = (*HYPOTHESES, *of_operations(contract), *of_disguises(twists))
    for one in hypotheses:
        if _explains(one, contract, history):
            return Explanation(one.requirement, one.counter, odd or moved, text=one.text)
    if not odd:
        return Explanation(None, one_counter)
    in_window = [step for step in every if step.in_one_window]
    if text := charged(history, in_window):
        return Explanation("rate.per-key", one_counter, odd, uneven=True, text=text)
    if _promised(contract, history, odd):
        return Explanation("rate.remaining-honest", one_counter, odd)
    for requirement, aspect in aspects():
        for culprit in (_after, _before):
            if _follows(in_window, aspect, culprit):
                broken = _broken([(step.fell, culprit(step)) for step in odd], requirement)
                return Explanation(broken, one_counter, odd, uneven=True)
    unfallen = sum(step.fell <= 0 for step in odd)  # which nobody else's requests explain
    if unfallen >= REPEATED and (near := _nearest(hypotheses, contract, history)):
        return Explanation(
            near.requirement, near.counter, odd, uneven=True, text=near.text, nearly=True
        )
    if all(step.fell == 0 and _after(step).status in (400, 404) for step in odd):
        return Explanation("rate.all-outcomes", status_free(400, 404), odd, uneven=True)
    others = all(step.fell > 1 for step in odd) and not _own_alone(history, odd)
    return Explanation(None if others else "rate.remaining-counts", one_counter, odd, others=others)


def _own_alone(history: History, odd: Iterable[Step]) -> bool:
    """Whether keys are concerned that the run had generated, and more than one: nobody has these.

    Whoever shares one key's counter, such as a limit by address, concerns one key at a time.
    """
    generated = {one.data["key"] for one in history.events_of("issued") if one.data["generated"]}
    return len({step.after.exchange.tags.key for step in odd} & generated) > 1


def _promised(contract: Contract, history: History, odd: tuple[Step, ...]) -> bool:
    """Whether what is odd is the last one of each window, which says that there is one more."""
    refused = {_refused_next(contract, history, step.after) for step in odd}
    return all(step.fell == 0 for step in odd) and refused - {None} == {True}


def _refused_next(contract: Contract, history: History, one: Spot) -> bool | None:
    """Whether the key's next request was refused; None where its window saw no more."""
    of_key = spots(contract, history)[one.exchange.tags.key or ""]
    later = (other for other in of_key if one.exchange.precedes(other.exchange))
    following = next(later, None)
    if following is None or (following.admitted and following.told != one.told):
        return None
    return following.refused


def _after(step: Step) -> Exchange:
    """The request that pays when it comes."""
    return step.after.exchange


def _before(step: Step) -> Exchange:
    """The request that is charged more, or given back, after its answer."""
    return step.before.exchange


def _broken(culprits: list[tuple[int, Exchange]], requirement: str) -> str:
    """What is broken by costs that follow from what was asked for.

    Where what exists and what does not cost alike, they do not tell; free errors are another thing.
    """
    telling = len({tells_of_another(one) for _, one in culprits}) == 1
    if requirement == "leak.same-cost" and telling:
        return requirement
    free = all(cost == 0 and one.status in (400, 404) for cost, one in culprits)
    return "rate.all-outcomes" if free else "rate.remaining-counts"


def _follows(steps: list[Step], aspect: Aspect, culprit: Callable[[Step], Exchange]) -> bool:
    """Whether what a request costs follows from what it is: then nobody else is at work.

    A step to 0 does not tell, since nothing falls any further.
    """
    telling = [step for step in steps if step.after.remaining]
    costs = grouped(telling, lambda step: aspect(culprit(step))).values()
    constant = all(len({step.fell for step in alike}) == 1 for alike in costs)
    return constant and any(len(alike) >= REPEATED and alike[0].fell != 1 for alike in costs)


@lru_cache(maxsize=8)
def resets_move(contract: Contract, history: History) -> bool:
    """Whether a key's Reset changes before the first one has come."""
    return any(_moved(contract, history)) or bool(slides(contract, history))


@lru_cache(maxsize=8)
def slides(contract: Contract, history: History) -> tuple[tuple[Spot, Spot], ...]:
    """Answers between which Reset moved on while Remaining fell by one, if that is the rule."""
    counted = of_counters(contract, history)
    pairs = (both for members in counted for both in neighbours(members) if _goes_on(*both))
    moved = tuple(both for both in pairs if None not in (both[0].reset, both[1].reset))
    onwards = all((one.reset or 0) < (other.reset or 0) for one, other in moved)
    return moved if len(moved) >= SLIDES and onwards else ()


def _goes_on(one: Spot, other: Spot) -> bool:
    """Whether Remaining fell by one from one answer to the next, and Reset moved."""
    fell = one.remaining is not None and other.remaining == one.remaining - 1
    return fell and one.reset != other.reset


def _moved(contract: Contract, history: History) -> Iterator[Step]:
    """Steps to another Reset before the first one had come."""
    clock = offset(contract, history)
    for step in steps(contract, history) if clock else ():
        if not step.in_one_window and not _may_begin(clock, step.before.reset, step.after):
            yield step


def _may_begin(clock: Offset | None, reset: int | None, one: Spot) -> bool:
    """Whether a new window may have begun when this answer was given."""
    return clock is None or reset is None or not clock.surely_within(one.exchange, reset)


@dataclass(slots=True)
class _Tally:
    """What a hypothesis says of the counters, as far as the history has been walked."""

    left: dict[Hashable, Spot] = field(default_factory=dict)  # the last answer of each counter
    owed: int = 0  # requests counted since, that say nothing of a key's counter
    whole: bool = True  # every request so far is known


def _explains(hypothesis: Hypothesis, contract: Contract, history: History) -> bool:
    """Whether counting so gives every Remaining that was seen, and something is counted."""
    counted = any(
        hypothesis.counter(one.exchange) is not None
        for one in _in_turn(contract, history, hypothesis)
    )
    return counted and all(fits is not False for fits in _fits(hypothesis, contract, history))


def _nearest(
    hypotheses: Iterable[Hypothesis], contract: Contract, history: History
) -> Hypothesis | None:
    """The way of counting that gives nearly every Remaining, where the contract's gives few.

    Routers differ in what they take for a route, and with it in what falls into its counter.
    """
    misfits = {one: _misfits(one, contract, history) for one in hypotheses}
    best = min(misfits, key=lambda one: misfits[one])
    usual = _misfits(CONTRACTS, contract, history)
    near = misfits[best] < min(NEARLY, usual / 5)
    return best if near and not _refuses_early(best, contract, history) else None


def _refuses_early(hypothesis: Hypothesis, contract: Contract, history: History) -> bool:
    """Whether keys are refused while their counters have room: then these are only shown."""
    early = 0
    for of_key in spots(contract, history).values():
        last: dict[Hashable, Spot] = {}
        for one in of_key:
            counter = hypothesis.counter(one.exchange)
            before = last.get(counter)
            if one.admitted:
                last[counter] = one
            elif before is not None and before.reset == one.reset:
                early += (before.remaining or 0) > 0 and not one.at_once
    return early >= REPEATED


def _misfits(hypothesis: Hypothesis, contract: Contract, history: History) -> float:
    """The share of answers with another Remaining than foreseen; 1 where few can be foreseen."""
    fits = list(_fits(hypothesis, contract, history))
    told = [one for one in fits if one is not None]
    return told.count(False) / len(told) if 2 * len(told) > len(fits) else 1.0


def _fits(hypothesis: Hypothesis, contract: Contract, history: History) -> Iterator[bool | None]:
    """Whether counting so gives each Remaining, one request at a time; None where it gives none."""
    clock, limit = offset(contract, history), contract.rate_limit.limit
    tallies: dict[str | None, _Tally] = {}
    places: dict[str | None, int] = {}
    latest = float("-inf")
    for one in _in_turn(contract, history, hypothesis):
        label = one.exchange.tags.key
        tally = tallies.setdefault(_sharers(hypothesis, label), _Tally())
        missed = label is not None and one.place > places.get(label, 0) + 1
        together = hypothesis.shared and one.exchange.started <= latest
        places[label], latest = one.place, max(latest, one.exchange.ended)
        if one.at_once or missed or together:
            tally.left, tally.owed, tally.whole = {}, 0, False
        if not one.at_once:
            yield _counts_on(hypothesis, tally, one, clock, limit)


def _sharers(hypothesis: Hypothesis, label: str | None) -> str | None:
    """Who shares counters with a key."""
    if hypothesis.of_a_kind:
        return "team" if "team" in (label or "") else "project"
    return None if hypothesis.shared else label


def _counts_on(
    hypothesis: Hypothesis, tally: _Tally, one: Spot, clock: Offset | None, limit: int
) -> bool | None:
    """Take an answer into the tally; say whether it is what the hypothesis foresees, if any."""
    if one.exchange.tags.key is None:
        tally.owed += 1
        return None
    if one.remaining is None:
        return None
    counter = hypothesis.counter(one.exchange)
    if counter is None:
        return _takes_nothing(tally, one, clock)
    last, free = tally.left.get(counter), tally.left.pop(FREE, None)
    foreseen = _foreseen(tally, last, one, clock, limit)
    tally.left[counter], tally.owed = one, 0
    if last is None and free is not None and free.reset == one.reset:
        return one.remaining in _around(free)
    return None if foreseen is None else foreseen == one.remaining


def _takes_nothing(tally: _Tally, one: Spot, clock: Offset | None) -> bool:
    """Whether an answer says what the last one left, be it before its own is given back."""
    last, counted = tally.left.get(FREE), tally.left.get("key")
    tally.left[FREE] = one
    if last is not None and _in_its_window(last, one, clock):
        return one.remaining == last.remaining
    if counted is None or not _in_its_window(counted, one, clock):
        return True
    return counted.reset == one.reset and one.remaining in _around(counted)


def _in_its_window(last: Spot, one: Spot, clock: Offset | None) -> bool:
    return last.reset == one.reset or not _may_begin(clock, last.reset, one)


def _around(one: Spot) -> tuple[int, int]:
    return one.remaining or 0, (one.remaining or 0) - 1


def _foreseen(
    tally: _Tally, last: Spot | None, one: Spot, clock: Offset | None, limit: int
) -> int | None:
    """What an answer should say is left; None when nobody knows, -1 when no answer is right."""
    if last is None:
        return limit - 1 if tally.whole and tally.left else None  # its counter is untouched
    if last.reset == one.reset:
        return (last.remaining or 0) - 1 - tally.owed
    if not _may_begin(clock, last.reset, one):
        return -1
    return limit - 1 if tally.owed == 0 else None


def _in_turn(contract: Contract, history: History, hypothesis: Hypothesis) -> list[Spot]:
    """The admitted answers of all keys, in the order in which the requests began.

    What overlapped its key's replacement may have been counted for those who share with it.
    """
    found = [
        one
        for of_key in spots(contract, history).values()
        for one in of_key
        if one.admitted and one.reset is not None
    ]
    if hypothesis.shared:
        found += [Spot(one, None, None, alone=False) for one in overlapping(history)]
    if hypothesis.keyless:
        strangers = [one for one in history.answered if one.tags.key is None]
        found += [spot(one, contract.rate_limit) for one in strangers]
    return sorted(found, key=lambda one: one.exchange.started)


def pairs(contract: Contract, history: History) -> Iterator[tuple[Spot, Spot]]:
    """Requests in a row, of one key in one window: what shows how they are counted."""
    for step in steps(contract, history):
        if step.in_one_window:
            yield step.before, step.after


def of_counters(contract: Contract, history: History) -> Iterator[tuple[Spot, ...]]:
    """The answers of each counter of each key."""
    explanation = explain(contract, history)
    for of_key in spots(contract, history).values():
        yield from explanation.counters(of_key)
