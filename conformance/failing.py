"""Failing: recorded requests that get a gateway's error again and again, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.exchange import GATEWAY, Exchange
from conformance.judges.select import grouped

LEAST = 3  # such answers, before that the way to the server may have failed


def failing(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges; what fails while other things are answered is said to have been repeated."""
    asked = grouped(exchanges, _asking)
    first = {
        one.number: alike[0].number
        for alike in asked.values()
        if _fails(alike, exchanges)
        for one in alike[1:]
    }
    return [_repeating(one, first[one.number]) if one.number in first else one for one in exchanges]


def _asking(one: Exchange) -> tuple[str, str]:
    return one.request.method, one.tags.operation or one.request.path


def _fails(alike: Sequence[Exchange], exchanges: Sequence[Exchange]) -> bool:
    """Whether these get nothing but a gateway's errors, between which others are answered."""
    if len(alike) < LEAST or any(one.status not in GATEWAY for one in alike):
        return False
    began, ended = alike[0].started, alike[-1].started
    return any(one.succeeded and began < one.started < ended for one in exchanges)


def _repeating(one: Exchange, first: int) -> Exchange:
    return replace(one, tags=replace(one.tags, repeats=first))
