"""rotation: what is told of keys that were replaced more than once ago."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges.refused import telling
from conformance.judges.select import Lives, grouped, lives_of

LEAST = 3  # answers that all say one thing: that is no chance


@judges("rotation.same-as-unknown")
def age_tells(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a part of the 401 that is one thing for those keys, and another for unknown ones.

    Unknown ones asked for the same before and after, so it is not what passes with time.
    """
    lives = lives_of(history)
    refused = [one for one in history.judged if one.status == 401 and one.tags.twist is None]
    for ones in grouped(refused, lambda one: (one.request.method, one.request.target)).values():
        unknown = [one for one in ones if one.tags.form.startswith("forged:")]
        aged = [one for one in ones if _replaced_twice(lives, one) and _amid(unknown, one)]
        if len(aged) < LEAST:
            continue
        for part, seen, other in islice(telling(contract, aged, unknown), 1):
            yield Finding(
                expected=f"{part} {other}, as for a key that was never issued",
                observed=f"{part} {seen} for keys that were replaced more than once ago",
                exchanges=(unknown[0], aged[0]),
            )


def _amid(unknown: list[Exchange], one: Exchange) -> bool:
    """Whether unknown keys were asked about before and after it."""
    before = any(other.precedes(one) for other in unknown)
    return before and any(one.precedes(other) for other in unknown)


def _replaced_twice(lives: Lives, one: Exchange) -> bool:
    """Whether the key that replaced the exchange's own had been replaced as well."""
    first = lives.end(one.tags.key or "") if one.plain_key else None
    second = lives.end(first.data["key"]) if first else None
    return second is not None and one.started > second.ended
