"""leak: what a key that is over its limit is told of what exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges.select import grouped, lives_of
from conformance.likeness import LAYOUT, ORDER, answer, worded

LEAST = 3  # refusals of each sort that all say one thing: that is no chance
DIGITS = re.compile(r"\d+")  # how long to wait, which passes


@judges("leak.same-answer")
def refusals_tell(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield a part of the 429 that is one thing for all that is another's, and another for absent.

    They are sent in turn, so what passes with time does not tell the two apart.
    """
    lives = lives_of(history)
    refused = (one for one in history.judged if _refused(one) and lives.live(one))
    for ones in grouped(refused, lambda one: one.tags.credential).values():
        foreign = [one for one in ones if one.tags.resource == "foreign"]
        missing = [one for one in ones if one.tags.resource == "absent"]
        if min(len(foreign), len(missing)) < LEAST:
            continue
        for part, seen, other in islice(telling(contract, foreign, missing), 1):
            yield Finding(
                expected=f"{part} {other} on 429, as for an id that does not exist",
                observed=f"{part} {seen} whenever it is another's",
                exchanges=(missing[0], foreign[0]),
            )


def telling(
    contract: Contract, ones: Iterable[Exchange], others: Iterable[Exchange]
) -> Iterator[tuple[str, str, str]]:
    """Yield each part that is one thing in all answers of the ones, and another in all others'."""
    ours, theirs = ([_parts(contract, one) for one in several] for several in (ones, others))
    for part in sorted({part for parts in (*ours, *theirs) for part in parts}):
        seen, other = ({parts.get(part) for parts in several} for several in (ours, theirs))
        if len(seen) == len(other) == 1 and seen != other:
            yield part, _one(seen), _one(other)


def _refused(one: Exchange) -> bool:
    tags = one.tags
    plain = one.plain_key and tags.nested is None and tags.defect is None and tags.twist is None
    return one.status == 429 and tags.group == "exhausted" and plain


def _parts(contract: Contract, one: Exchange) -> Mapping[str, str]:
    """The parts of an answer, but for numbers and for how it is written down."""
    parts = answer(one, contract.rate_limit)
    told = parts.keys() - {LAYOUT, ORDER}
    return {part: DIGITS.sub("0", worded(parts[part])) for part in told}


def _one(values: set[str | None]) -> str:
    return next(iter(values)) or "missing"
