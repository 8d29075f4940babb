"""Charges: whose requests a key has to pay for besides its own."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product

from conformance.exchange import Exchange
from conformance.history import History
from conformance.judges.select import grouped
from conformance.judges.steps import Step

LEAST = 3  # requests of others that are paid for, without which that is no rule

Chosen = Callable[[Exchange], bool]
Spender = tuple[str, list[float]]  # who, and when their requests were over

STRANGERS: Mapping[str, Chosen] = {  # who is refused, and may have to be paid for
    "unknown keys": lambda one: one.tags.credential != "anonymous" and not one.plain_key,
    "replaced keys": lambda one: one.plain_key,
    "nobody": lambda one: one.tags.credential == "anonymous",
}


def charged(history: History, steps: Iterable[Step]) -> str:
    """Whose requests explain every step, in words; nothing where none do."""
    by_party = grouped(steps, lambda step: _party(step.after.exchange))
    found = [_paid(history, party, ones) for party, ones in by_party.items()]
    bills = [one for one in found if one is not None]
    explained = len(bills) == len(found) and sum(one.paid for one in bills) >= LEAST
    return "; ".join(one.text for one in bills if one.text) if explained else ""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a party pays for besides its own requests, and how many of these there were."""

    text: str = ""
    paid: int = 0


def _paid(history: History, party: str, steps: tuple[Step, ...]) -> Bill | None:
    """The party's bill; None where nothing explains what it pays."""
    telling = [step for step in steps if step.after.remaining]  # nothing falls below 0
    if all(step.fell == 1 for step in telling):
        return Bill()
    alone = ((part,) for part in _parts(history, party))
    for chosen in chain(_choices(list(_others(history, party))), alone):
        ends = sorted(chain.from_iterable(ended for _, ended in chosen))
        if all(step.fell == 1 + _between(step, ends) for step in telling):
            names = " and ".join(name for name, _ in chosen)
            paid = sum(_between(step, ends) for step in telling)
            return Bill(f"{party} pays for {names}", paid)
    return None


def _others(history: History, party: str) -> Iterator[tuple[Spender, ...]]:
    """Of each other party and each kind of strangers: all requests, its own, and those to it."""
    owner = f"/{history.header.get('parties', {}).get(party)}/".lower()
    for other, ones in _asking(history, party).items():
        counted = [one for one in ones if one.status != 429]
        to_it = [one.ended for one in counted if owner in one.request.target.lower()]
        yield (
            (other, [one.ended for one in counted]),
            (f"{other}, also where it is refused", [one.ended for one in ones]),
            (f"{other}'s requests to it", to_it),
            (f"{other}'s refusals", [one.ended for one in ones if one.status == 429]),
        )
    refused = [one for one in history.answered if one.status == 401]
    for name, chosen in STRANGERS.items():
        strange = [one for one in refused if chosen(one)]
        own = [one.ended for one in strange if _party(one) == party]
        to_it = [one.ended for one in strange if owner in one.request.target.lower()]
        every = [one.ended for one in strange]
        yield (name, every), (f"its own {name}", own), (f"{name} to it", to_it)


def _parts(history: History, party: str) -> Iterator[Spender]:
    """Of each other party what is told apart by method, by outcome, or by both.

    By method also with what was refused for the limit, which has no other outcome. And what was
    taken from the other that names the party's project or team in its body.
    """
    id = str(history.header.get("parties", {}).get(party) or "").lower()
    for other, ones in _asking(history, party).items():
        if id:
            yield f"{other}'s writes that name it", [one.ended for one in ones if _names(one, id)]
        counted = [one for one in ones if one.status != 429]
        for told in (_by_method, _by_outcome, _by_both):
            for name, some in grouped(counted, told).items():
                yield f"{other}'s {name}", [one.ended for one in some]
        for name, some in grouped(ones, _by_method).items():
            yield f"{other}'s {name}, also refused", [one.ended for one in some]


def _names(one: Exchange, id: str) -> bool:
    return one.succeeded and id.encode() in one.request.body.lower()


def _by_method(one: Exchange) -> str:
    return f"{one.request.method} requests"


def _by_outcome(one: Exchange) -> str:
    return "successes" if one.succeeded else "failures"


def _by_both(one: Exchange) -> str:
    return f"{one.request.method} {_by_outcome(one)}"


def _asking(history: History, party: str) -> Mapping[str, tuple[Exchange, ...]]:
    """What each other party was let in with, or refused for its limit."""
    let_in = [one for one in history.answered if one.status not in (401, 403)]
    return grouped((one for one in let_in if one.tags.key and _party(one) != party), _party)


def _choices(others: list[tuple[Spender, ...]]) -> list[tuple[Spender, ...]]:
    """Every choice of who is paid for, and of how much of each, the simplest first."""
    options = [(None, *(one for one in some if one[1])) for some in others]
    chosen = (tuple(filter(None, choice)) for choice in product(*options))
    return sorted(filter(None, chosen), key=len)


def _between(step: Step, ends: list[float]) -> int:
    before, after = step.before.exchange, step.after.exchange
    return bisect(ends, after.started) - bisect(ends, before.ended)


def _party(one: Exchange) -> str:
    return (one.tags.key or "").partition("#")[0]
