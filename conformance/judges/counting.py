"""Counting: the simplest explanation of the Remaining that a history shows.

The contract's explanation is one counter per key that falls by one with each request. Where that
does not explain what was seen, others are tried: counters per endpoint, outcomes that are free, a
counter that keys share. The first one that explains every answer says which requirement is broken;
so one deviation is one failure, and not one of everything that depends on the count.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from conformance.contract import Contract
from conformance.history import History
from conformance.judges.windows import Spot, neighbours, spots, strays_between

Counter = Callable[[Spot], Hashable | None]  # the counter a request falls into; None: it is free
AT_ONCE = ("burst", "under-load", "rivals", "filling")  # groups whose requests overlap
FEW = 0.5  # of all steps: if fewer are odd, somebody else may be using the key


@dataclass(frozen=True, slots=True)
class Step:
    """Two answers in a row, of one key in one window, whose Remaining do not differ by one."""

    before: Spot
    after: Spot

    @property
    def fell(self) -> int:
        """By how much Remaining fell."""
        return (self.before.remaining or 0) - (self.after.remaining or 0)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which requirement the odd steps break; None: none, or nobody knows."""

    requirement: str | None
    counter: Counter
    odd: tuple[Step, ...] = ()
    others: bool = False  # somebody else seems to use the key
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A way to count that the contract does not allow."""

    requirement: str
    text: str
    counter: Counter
    shared: bool = False  # across keys


def one_counter(_: Spot) -> Hashable:
    """The contract's way: everything that a key sends falls into one counter."""
    return "key"


def _status_free(*statuses: int) -> Counter:
    return lambda one: None if one.exchange.status in statuses else "key"


def _resource_free(resource: str) -> Counter:
    def counter(one: Spot) -> Hashable | None:
        tags = one.exchange.tags
        free = one.exchange.status == 404 and resource in (tags.resource, tags.nested)
        return None if free else "key"

    return counter


def _twist(one: Spot) -> Hashable:
    return one.exchange.tags.twist or one.exchange.request.target.partition("?")[2] or ""


HYPOTHESES = (
    Hypothesis("leak.same-cost", "absent resources are free", _resource_free("absent")),
    Hypothesis("leak.same-cost", "others' resources are free", _resource_free("foreign")),
    Hypothesis("rate.all-outcomes", "404 is free", _status_free(404)),
    Hypothesis("rate.all-outcomes", "400 is free", _status_free(400)),
    Hypothesis("rate.all-outcomes", "400 and 404 are free", _status_free(400, 404)),
    Hypothesis(
        "rate.all-outcomes",
        "errors have a counter of their own",
        lambda one: (one.exchange.status or 0) >= 400,
    ),
    Hypothesis(
        "rate.all-endpoints", "each method has a counter", lambda one: one.exchange.request.method
    ),
    Hypothesis(
        "rate.all-endpoints", "each path has a counter", lambda one: one.exchange.tags.route
    ),
    Hypothesis(
        "rate.all-endpoints",
        "each operation has a counter",
        lambda one: (one.exchange.tags.route, one.exchange.request.method),
    ),
    Hypothesis(
        "rate.all-endpoints",
        "each concrete path has a counter",
        lambda one: one.exchange.request.target.partition("?")[0],
    ),
    Hypothesis(
        "rate.all-endpoints",
        "writes are free",
        lambda one: "key" if one.exchange.request.method == "GET" else None,
    ),
    Hypothesis(
        "rate.all-endpoints",
        "reads are free",
        lambda one: None if one.exchange.request.method == "GET" else "key",
    ),
    Hypothesis("rate.no-bypass", "each query or disguise has a counter", _twist),
    Hypothesis(
        "rate.no-bypass", "each connection has a counter", lambda one: one.exchange.connection
    ),
    Hypothesis("rate.per-key", "keys share a counter", one_counter, shared=True),
)


@lru_cache(maxsize=8)
def explain(contract: Contract, history: History) -> Explanation:
    """The first way of counting that explains every step of every key."""
    odd = tuple(_odd_steps(contract, history))
    if not odd:
        return Explanation(None, one_counter)
    for hypothesis in HYPOTHESES:
        if _explains(hypothesis, contract, history):
            return Explanation(
                hypothesis.requirement, hypothesis.counter, odd, text=hypothesis.text
            )
    if operation := _free_operation(contract, history):
        return Explanation(
            "rate.all-endpoints", _operation_free(operation), odd, text=f"{operation} is free"
        )
    steps = sum(1 for _ in _steps(contract, history))
    others = len(odd) < FEW * steps and all(step.fell > 1 for step in odd)
    return Explanation(None if others else "rate.remaining-counts", one_counter, odd, others=others)


def _operation_free(operation: str) -> Counter:
    return lambda one: None if one.exchange.tags.operation == operation else "key"


def _free_operation(contract: Contract, history: History) -> str | None:
    for operation in contract.operations:
        hypothesis = Hypothesis("rate.all-endpoints", "", _operation_free(operation.id))
        if _explains(hypothesis, contract, history):
            return operation.id
    return None


def told(members: Iterable[Spot]) -> tuple[Spot, ...]:
    """The answers that say what is left, of requests that everything judges."""
    return tuple(
        one for one in members if one.remaining is not None and one.exchange.tags.level == "must"
    )


def _steps(contract: Contract, history: History) -> Iterator[Step]:
    """Steps between admitted requests of one key in one window."""
    for of_key in spots(contract, history).values():
        for before, after in neighbours(of_key, history):
            if _comparable(before, after):
                yield Step(before, after)


def _comparable(before: Spot, after: Spot) -> bool:
    return (
        before.admitted
        and after.admitted
        and None not in (before.remaining, after.remaining, before.reset)
        and before.reset == after.reset
        and not (_at_once(before) or _at_once(after))
    )


def _odd_steps(contract: Contract, history: History) -> Iterator[Step]:
    return (step for step in _steps(contract, history) if step.fell != 1)


def _explains(hypothesis: Hypothesis, contract: Contract, history: History) -> bool:
    """Whether counting so gives every Remaining that was seen, one request at a time."""
    left: dict[tuple[Hashable, int | None], dict[Hashable, int]] = {}
    last: dict[str | None, Spot] = {}
    for one in _in_turn(contract, history):
        window = (None if hypothesis.shared else one.exchange.tags.key, one.reset)
        before = last.get(one.exchange.tags.key)
        last[one.exchange.tags.key] = one
        if before is not None and strays_between(history, before, one):
            left.pop(window, None)
        if _at_once(one):
            left.pop(window, None)  # of requests at once nobody knows which was counted last
            continue
        place = hypothesis.counter(one)
        if place is None or one.remaining is None:
            continue
        counters = left.setdefault(window, {})
        expected = _expected(counters, place, contract.rate_limit.limit)
        if expected is not None and one.remaining != expected:
            return False
        counters[place] = one.remaining
    return True


def _expected(counters: dict[Hashable, int], place: Hashable, limit: int) -> int | None:
    """What a counter should say next; the first one of a window may have begun before."""
    if place in counters:
        return counters[place] - 1
    return limit - 1 if counters else None


@lru_cache(maxsize=8)
def _in_turn(contract: Contract, history: History) -> tuple[Spot, ...]:
    """The admitted answers of all keys, in the order in which the requests began."""
    admitted = [
        one
        for of_key in spots(contract, history).values()
        for one in of_key
        if one.admitted and one.reset is not None
    ]
    return tuple(sorted(admitted, key=lambda one: one.exchange.started))


def _at_once(one: Spot) -> bool:
    return (one.exchange.tags.group or "").startswith(AT_ONCE)
