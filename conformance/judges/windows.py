"""Windows as a history shows them: what each answer said of its key's counter, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

from conformance.contract import Contract, RateLimit
from conformance.exchange import GATEWAY, Exchange
from conformance.history import History
from conformance.judges.select import lives_of

DATE_IS_STALE = 2.0  # seconds: Date is in whole ones, and servers keep it for up to one more
LEAST_DOUBT = 0.5  # seconds by which the bounds of a clock differ at least
LATE = 3.0  # seconds for which a busy server may keep a Date even longer
LINGERS = 2.0  # seconds after which what was lost is not served any more
FARTHEST = 10  # windows ahead of the Date: beyond a day more, a Reset is no Unix time
DAY = 86400.0  # seconds
ROUNDING = 1.0  # seconds by which a Reset in whole seconds may miss the end of its window
NOT_COUNTED = frozenset({401, 403})  # no key was let in
AT_ONCE = ("burst", "under-load", "rivals", "filling")  # groups whose requests overlap


@dataclass(frozen=True, slots=True)
class Spot:
    """One answer to an issued key, and the numbers that it gave."""

    exchange: Exchange
    remaining: int | None
    reset: int | None
    told: int | None = None  # the Reset as it was given, also where it makes no sense
    place: int = 0  # among what may have been counted for its key
    alone: bool = True  # nothing else of its key was under way

    @property
    def admitted(self) -> bool:
        """Whether the request was within the limit."""
        return self.exchange.status != 429

    @property
    def refused(self) -> bool:
        """Whether the request was over the limit."""
        return self.exchange.status == 429

    @property
    def at_once(self) -> bool:
        """Whether it was sent together with others, so that nobody knows their order."""
        return not self.alone or self.in_a_burst

    @property
    def in_a_burst(self) -> bool:
        """Whether it was meant to be under way together with others."""
        return (self.exchange.tags.group or "").startswith(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Offset:
    """Bounds of the server's clock (Unix seconds) minus the run's clock."""

    low: float
    high: float

    def surely_before(self, exchange: Exchange, unix: float) -> bool:
        """Whether the answer was given before a Unix time of the server's clock, in any case."""
        return exchange.ended + self.high < unix

    def surely_after(self, exchange: Exchange, unix: float) -> bool:
        """Whether the request began after a Unix time of the server's clock, in any case."""
        return exchange.started + self.low > unix

    def likely_within(self, exchange: Exchange, reset: int) -> bool:
        """Whether the answer was given before the window ended, as far as the Dates seen tell."""
        return exchange.ended + self.low < reset

    def about(self, exchange: Exchange, reset: int | None) -> bool:
        """Whether a window may have ended meanwhile that was to end at Reset: rounding hides it."""
        last = reset is not None and exchange.ended + self.low >= reset - ROUNDING
        return last and exchange.started + self.low < (reset or 0) + ROUNDING

    def surely_within(self, exchange: Exchange, reset: int) -> bool:
        """Whether the answer was given before the window with this Reset ended, in any case."""
        return self.surely_before(exchange, reset - ROUNDING)


def spot(exchange: Exchange, rate_limit: RateLimit, place: int = 0, alone: bool = True) -> Spot:
    """What an answer says of its key's window."""
    response = exchange.response
    assert response is not None
    _, remaining, told = (response.number(name) for name in rate_limit.fields)
    reset = told if sensible(exchange, told, rate_limit) else None
    return Spot(exchange, remaining, reset, told, place, alone)


def sensible(exchange: Exchange, reset: int | None, rate_limit: RateLimit) -> bool:
    """Whether a Reset is near the answer's own Date; milliseconds and seconds left are not.

    What makes no sense as a time cannot tell one window from another.
    """
    date = exchange.response.date if exchange.response else None
    return reset is None or date is None or abs(reset - date) <= FARTHEST * rate_limit.window + DAY


def left_of(remaining: int | None) -> str:
    """What an answer says is left, for a reader."""
    return "without Remaining" if remaining is None else f"with Remaining {remaining}"


@lru_cache(maxsize=8)
def spots(contract: Contract, history: History) -> dict[str, tuple[Spot, ...]]:
    """Per issued key, in order, the answers that its counter had a part in."""
    found: dict[str, list[Exchange]] = {}
    for label, exchange in issued(history):
        if _counted(exchange) or _may_count(exchange):
            found.setdefault(label, []).append(exchange)
    limit = contract.rate_limit
    return {label: tuple(_spots(limit, of_key)) for label, of_key in found.items()}


def _spots(limit: RateLimit, of_key: list[Exchange]) -> Iterator[Spot]:
    ordered = sorted(of_key, key=lambda one: (one.started, one.number))
    place = 0
    for one, alone in zip(ordered, _alone(ordered), strict=True):
        place += one.status != 429
        if _counted(one):
            yield spot(one, limit, place, alone)


@lru_cache(maxsize=8)
def uncertain(contract: Contract, history: History) -> dict[str, tuple[Exchange, ...]]:
    """Per key, the exchanges that may or may not have been counted in a window under way."""
    found: dict[str, list[Exchange]] = {}
    for label, one in issued(history):
        if _counted(one):
            unsaid = one.status != 429 and spot(one, contract.rate_limit).reset is None
        else:
            unsaid = _may_count(one)
        if unsaid:
            found.setdefault(label, []).append(one)
    return {label: tuple(ones) for label, ones in found.items()}


def issued(history: History) -> Iterator[tuple[str, Exchange]]:
    """Exchanges with an issued key, with its label. A replaced one is as good as none (reading 1).

    What overlaps its replacement may have come after it.
    """
    lives = lives_of(history)
    for one in history.exchanges:
        if one.tags.key is not None and not lives.fading(one):
            yield one.tags.key, one


@lru_cache(maxsize=8)
def used_up(contract: Contract, history: History) -> frozenset[int]:
    """The numbers of exchanges before which their key's last answer said that nothing was left."""
    left: dict[str, int | None] = {}
    found: set[int] = set()
    for label, one in issued(history):
        if left.get(label) == 0:
            found.add(one.number)
        field = contract.rate_limit.remaining_field
        left[label] = one.response.number(field) if one.response else None
    return frozenset(found)


def overlapping(history: History) -> Iterator[Exchange]:
    """Exchanges of a key that was being replaced meanwhile."""
    lives = lives_of(history)
    for one in history.exchanges:
        if one.tags.key is not None and lives.fading(one) and not lives.dead(one):
            yield one


def _counted(exchange: Exchange) -> bool:
    """Whether a key, presented as documented, was counted, or refused for its count."""
    spelled = exchange.plain_key or exchange.tags.form.startswith("scheme-case")
    answered = exchange.response is not None
    return spelled and answered and exchange.status not in GATEWAY | NOT_COUNTED


def _may_count(exchange: Exchange) -> bool:
    """Lost, answered by a gateway, refused although it is a key (reading 3), or let in oddly."""
    if exchange.response is None or exchange.status in GATEWAY | {403}:
        return True
    if exchange.status == 401:
        return exchange.plain_key or exchange.tags.form.startswith("ambiguous")
    return exchange.status != 429


def _alone(ordered: list[Exchange]) -> list[bool]:
    """Whether each exchange overlaps no other. One that was lost may be served a little later."""
    ends = [one.ended + (LINGERS if one.response is None else 0.0) for one in ordered]
    before = [float("-inf"), *accumulate(ends, max)]
    after = [one.started for one in ordered[1:]] + [float("inf")]
    return [before[n] < one.started and ends[n] < after[n] for n, one in enumerate(ordered)]


def windows(contract: Contract, history: History) -> Iterator[tuple[str, int, tuple[Spot, ...]]]:
    """Per key and Reset that an admitted answer announced: the label, the Reset, the answers."""
    for label, of_key in spots(contract, history).items():
        grouped: dict[int, list[Spot]] = {}
        for one in of_key:
            if one.reset is not None:
                grouped.setdefault(one.reset, []).append(one)
        for reset, members in grouped.items():
            if any(one.admitted for one in members):
                yield label, reset, tuple(members)


def neighbours(members: Iterable[Spot]) -> Iterator[tuple[Spot, Spot]]:
    """Pairs of admitted requests of one key with nothing that counts between or beside them."""
    admitted = [one for one in members if one.admitted]
    for one, other in pairwise(admitted):
        if not (one.at_once or other.at_once) and other.place == one.place + 1:
            yield one, other


@lru_cache(maxsize=8)
def offset(contract: Contract, history: History) -> Offset | None:
    """Where the server's clock stands, from its Date fields; without any, from its Resets.

    None when they contradict one another: then nothing is said that depends on the time. Where they
    nearly do, the server is late with its Dates, as a busy one is, and may be later still.
    """
    dated = [one for one in history.answered if one.response and one.response.date is not None]
    if not dated:
        return _undated(contract, history)
    low = max(_date(one) - one.ended for one in dated)
    high = min(_date(one) + DATE_IS_STALE - one.started for one in dated)
    return Offset(low, low + max(LEAST_DOUBT, abs(high - low))) if low <= high + LATE else None


def _date(exchange: Exchange) -> float:
    assert exchange.response is not None
    return exchange.response.date or 0.0


def _undated(contract: Contract, history: History) -> Offset | None:
    """The clock for which every Reset is in time, if that is near this machine's."""
    window = contract.rate_limit.window
    told = [
        (one.exchange, one.reset)
        for of_key in spots(contract, history).values()
        for one in of_key
        if one.reset is not None
    ]
    here = history.header.get("unix_offset")
    if not told or here is None:
        return None
    low = max(reset - window - ROUNDING - one.ended for one, reset in told)
    high = min(reset + ROUNDING - one.started for one, reset in told)
    near = abs(low - here) <= 2 * window and abs(high - here) <= 2 * window
    return Offset(low, high) if low <= high and near else None
