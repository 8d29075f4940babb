"""Windows as a history shows them: what each answer said of its key's counter, and when that was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from conformance.contract import Contract, RateLimit
from conformance.exchange import Exchange
from conformance.history import History

DATE_IS_STALE = 2.0  # seconds: Date is in whole ones, and servers keep it for up to one more
ROUNDING = 1.0  # seconds by which a Reset in whole seconds may miss the end of its window
ASSUMED = 3.0  # seconds by which an undated server's clock may differ from this machine's


@dataclass(frozen=True, slots=True)
class Spot:
    """One answer to an issued key, and the three numbers that it gave."""

    exchange: Exchange
    limit: int | None
    remaining: int | None
    reset: int | None

    @property
    def admitted(self) -> bool:
        """Whether the request was within the limit."""
        return self.exchange.status != 429

    @property
    def refused(self) -> bool:
        """Whether the request was over the limit."""
        return self.exchange.status == 429


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


def spot(exchange: Exchange, rate_limit: RateLimit) -> Spot:
    """What an answer says of its key's window."""
    response = exchange.response
    assert response is not None
    numbers = (response.number(name) for name in rate_limit.fields)
    return Spot(exchange, *numbers)


@lru_cache(maxsize=8)
def spots(contract: Contract, history: History) -> dict[str, tuple[Spot, ...]]:
    """Per issued key, in order, the answers that its counter had a part in."""
    found: dict[str, list[Spot]] = {}
    for exchange in history.answered:
        if exchange.tags.key is not None and _counts(exchange):
            found.setdefault(exchange.tags.key, []).append(spot(exchange, contract.rate_limit))
    return {label: tuple(of_key) for label, of_key in found.items()}


def _counts(exchange: Exchange) -> bool:
    """Whether a key was let in to be counted: a 401 was not, a gateway's answer says nothing."""
    return exchange.status not in (401, 403, 502, 503, 504)


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


def neighbours(members: Sequence[Spot], history: History) -> Iterator[tuple[Spot, Spot]]:
    """Pairs of answers of one key with nothing of that key between or beside them."""
    for one, other in pairwise(members):
        if one.exchange.precedes(other.exchange) and not strays_between(history, one, other):
            yield one, other


def strays_between(history: History, one: Spot, other: Spot) -> int:
    """How many requests of a key between two answers may or may not have been counted."""
    stray = _strays(history).get(one.exchange.tags.key or "", ())
    return sum(one.exchange.started <= when <= other.exchange.ended for when in stray)


def _may_count(one: Exchange) -> bool:
    """Lost, answered by a gateway, or refused although presented as documented (reading 3)."""
    if one.response is None or one.status in (403, 502, 503, 504):
        return True
    return one.status == 401 and one.plain_key


@lru_cache(maxsize=8)
def _strays(history: History) -> dict[str, tuple[float, ...]]:
    """Per key, when requests were sent of which it is unknown whether they were counted."""
    found: dict[str, list[float]] = {}
    for one in history.exchanges:
        if one.tags.key and _may_count(one):
            found.setdefault(one.tags.key, []).append(one.ended)
    return {label: tuple(times) for label, times in found.items()}


@lru_cache(maxsize=8)
def offset(contract: Contract, history: History) -> Offset | None:
    """Where the server's clock stands, from its Date fields; without, from this machine's clock.

    None when neither makes sense of the Resets: then nothing is said that depends on the time.
    """
    dated = [one for one in history.answered if one.response and one.response.date is not None]
    if dated:
        low = max(_date(one) - one.ended for one in dated)
        high = min(_date(one) + DATE_IS_STALE - one.started for one in dated)
        return Offset(low, high) if low <= high else None
    assumed = history.header.get("unix_offset")
    if assumed is None or not _plausible(contract, history, assumed):
        return None
    return Offset(assumed - ASSUMED, assumed + ASSUMED)


def _date(exchange: Exchange) -> float:
    assert exchange.response is not None
    return exchange.response.date or 0.0


def _plausible(contract: Contract, history: History, assumed: float) -> bool:
    """Whether the Resets are within two windows of this machine's time."""
    reach = 2 * contract.rate_limit.window + ASSUMED
    told = [
        one.reset - assumed - one.exchange.ended
        for of_key in spots(contract, history).values()
        for one in of_key
        if one.reset is not None
    ]
    return bool(told) and all(abs(ahead) <= reach for ahead in told)
