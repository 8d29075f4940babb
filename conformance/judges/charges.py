"""Charges: whose requests a key has to pay for besides its own."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, combinations

from conformance.exchange import Exchange
from conformance.history import History
from conformance.judges.select import grouped
from conformance.judges.steps import Step

LEAST = 3  # requests of others that are paid for, without which that is no rule

Chosen = Callable[[Exchange], bool]

STRANGERS: Mapping[str, Chosen] = {  # who is refused, and may have to be paid for
    "unknown keys": lambda one: one.tags.credential != "anonymous" and not one.plain_key,
    "replaced keys": lambda one: one.plain_key,
    "nobody": lambda one: one.tags.credential == "anonymous",
}


def charged(history: History, steps: Iterable[Step]) -> str:
    """Whose requests explain every step, in words; nothing where none do."""
    told = [
        text
        for party, ones in grouped(steps, lambda step: _party(step.after.exchange)).items()
        if (text := _paid(history, party, ones)) is not None
    ]
    parties = {_party(step.after.exchange) for step in steps}
    return "; ".join(filter(None, told)) if len(told) == len(parties) else ""


def _paid(history: History, party: str, steps: tuple[Step, ...]) -> str | None:
    """What a party's keys pay for; nothing: only for themselves; None: that is not known."""
    telling = [step for step in steps if step.after.remaining]  # nothing falls below 0
    if all(step.fell == 1 for step in telling):
        return ""
    others = {name: ended for name, ended in _others(history, party) if ended}
    for names in _subsets(others):
        ends = sorted(chain.from_iterable(others[name] for name in names))
        counts = [_between(step, ends) for step in telling]
        explained = all(step.fell == 1 + n for step, n in zip(telling, counts, strict=True))
        if explained and sum(counts) >= LEAST:
            return f"{party} pays for {' and '.join(names)}"
    return None


def _others(history: History, party: str) -> Iterator[tuple[str, list[float]]]:
    """When which others' requests were over: of each party, to this one's own, of strangers."""
    counted = [one for one in history.answered if one.status not in (401, 403, 429)]
    asking = [one for one in counted if one.tags.key and _party(one) != party]
    for other, ones in grouped(asking, _party).items():
        yield other, [one.ended for one in ones]
    mine = str(history.header.get("parties", {}).get(party))
    yield "requests to it", [one.ended for one in asking if f"/{mine}/" in one.request.target]
    refused = [one for one in history.answered if one.status == 401]
    for name, chosen in STRANGERS.items():
        yield name, [one.ended for one in refused if chosen(one)]
        own = [one for one in refused if chosen(one) and _party(one) == party]
        yield f"its own {name}", [one.ended for one in own]


def _subsets(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The simplest explanations first."""
    names = tuple(names)
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))


def _between(step: Step, ends: list[float]) -> int:
    before, after = step.before.exchange, step.after.exchange
    return bisect(ends, after.started) - bisect(ends, before.ended)


def _party(one: Exchange) -> str:
    return (one.tags.key or "").partition("#")[0]
