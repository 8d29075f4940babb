"""rate: refusals of a key that has used its window up, with another status than 429."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from conformance.contract import Contract
from conformance.exchange import GATEWAY, Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges.select import own, said, sound
from conformance.judges.windows import NOT_COUNTED, Offset, Spot, issued, offset, spot

ENOUGH = 3  # refusals in used-up windows, and none in others: the limit was what refused them


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a key got in its used-up windows that was neither admitted nor a 429."""

    last: Exchange  # the last request within the limit, before the first of them
    refused: tuple[Exchange, ...]
    ended: bool  # the key was accepted again


@judges("rate.enforced")
def refused_otherwise(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield keys that are refused over the limit, but not with 429."""
    for found in instead(contract, history):
        yield Finding(
            expected=f"429 {contract.codes.get(429)} for requests over the limit",
            observed=f"{said(found.refused[0])} for {len(found.refused)} of them",
            exchanges=(found.last, *found.refused[:ENOUGH]),
        )


@lru_cache(maxsize=8)
def instead(contract: Contract, history: History) -> tuple[Refusals, ...]:
    """Per key that is refused just when its window is used up, but not with 429, its refusals.

    Where no key was accepted again they may have died meanwhile; one that is refused at other
    times too is refused for another reason.
    """
    clock = offset(contract, history)
    if clock is None:
        return ()
    asked: dict[str, list[Spot]] = {}
    for label, one in issued(history):
        if one.response is not None and one.plain_key:
            asked.setdefault(label, []).append(spot(one, contract.rate_limit))
    found = [some for of_key in asked.values() if (some := _refusals(of_key, clock))]
    return tuple(found) if any(one.ended for one in found) else ()


def _refusals(of_key: list[Spot], clock: Offset) -> Refusals | None:
    last: Spot | None = None  # that used the window under way up
    before: Exchange | None = None
    refused: list[Exchange] = []
    ended = False
    for one in sorted(of_key, key=lambda one: (one.exchange.started, one.exchange.number)):
        if one.exchange.status not in GATEWAY | NOT_COUNTED:
            ended = bool(refused)
            last = one if one.remaining == 0 and one.reset is not None else None
        elif own(one.exchange) and sound(one.exchange) and not one.at_once:
            if last is None or clock.surely_after(one.exchange, last.reset or 0):
                return None
            before = before or last.exchange
            refused.append(one.exchange)
    if before is None or len(refused) < ENOUGH:
        return None
    return Refusals(before, tuple(refused), ended)
