"""The picture of each party's windows: requests as points, Remaining as a line, over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from conformance.exchange import Exchange
from conformance.judges.windows import offset

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.history import Event, History
    from conformance.outcome import Outcome

WIDTH, HEIGHT, FLOOR = 1000, 120, 22  # of the plot; below it, what no window counted
MOST_CHARTS = 8
MOST_POINTS = 3000  # in all charts
MOST_TITLES = 1500
TICKS = 5
IDLE = 25  # times the usual pause: a longer one is drawn as a gap

Scale = Callable[[float], float]


@dataclass(frozen=True)
class Point:
    """A request."""

    x: float
    y: float
    kind: str  # admitted, refused, unauthorized, error or lost
    title: str


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment: a new key, a Reset, or time that is not drawn."""

    x: float
    kind: str  # key, reset or gap
    text: str


@dataclass(frozen=True)
class Chart:
    """One party's requests."""

    party: str
    requests: int
    limit: int
    duration: float
    points: tuple[Point, ...]
    lines: tuple[str, ...]  # of SVG polylines
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]  # where what time was


def charts(outcome: Outcome) -> tuple[Chart, ...]:
    """A chart for each party whose keys were used, busiest first."""
    history = outcome.history
    parties = {event.data["key"]: event.data["party"] for event in history.events_of("issued")}
    by_party: dict[str, list[Exchange]] = {}
    for one in history.exchanges:
        if one.tags.key in parties:
            by_party.setdefault(parties[one.tags.key], []).append(one)
    chosen = sorted(by_party.items(), key=lambda entry: -len(entry[1]))[:MOST_CHARTS]
    total = sum(len(exchanges) for _, exchanges in chosen)
    return tuple(
        _chart(outcome, party, exchanges, _thinned(exchanges, total), total <= MOST_TITLES)
        for party, exchanges in chosen
    )


def _thinned(exchanges: Sequence[Exchange], total: int) -> Sequence[Exchange]:
    """What is drawn of many requests: every so many-th, and each refusal."""
    step = math.ceil(total / MOST_POINTS)
    kept = [one for place, one in enumerate(exchanges) if place % step == 0 or one.status == 429]
    return kept[:MOST_POINTS]


def _chart(
    outcome: Outcome,
    party: str,
    exchanges: Sequence[Exchange],
    drawn: Sequence[Exchange],
    titled: bool,
) -> Chart:
    contract, history = outcome.contract, outcome.history
    keys = [event for event in history.events_of("issued") if event.data["party"] == party]
    generated = [event for event in keys if event.data.get("generated")]
    first, last = exchanges[0].started, max(one.ended for one in exchanges)
    resets = list(_resets(contract, history, exchanges, last))
    moments = [one.started for one in exchanges] + [when for when, _ in resets]
    scale, gaps = _scale([*moments, *(event.ended for event in generated), last])
    return Chart(
        party=party,
        requests=len(exchanges),
        limit=contract.rate_limit.limit,
        duration=last - first,
        points=tuple(_point(contract, scale, first, one, titled) for one in drawn),
        lines=tuple(_lines(contract, scale, exchanges)),
        marks=(*gaps, *_marks(scale, generated, resets)),
        ticks=tuple(dict.fromkeys(_ticks(scale, [one.started for one in exchanges]))),
    )


def _ticks(scale: Scale, moments: Sequence[float]) -> Iterator[tuple[float, str]]:
    """The times of requests that are about equally far from one another in the picture."""
    for place in range(TICKS):
        aim = place * WIDTH / (TICKS - 1)
        moment = min(moments, key=lambda moment: abs(scale(moment) - aim))
        yield scale(moment), f"{moment - moments[0]:.1f} s"


def _marks(
    scale: Scale, generated: Iterable[Event], resets: Iterable[tuple[float, int]]
) -> Iterator[Mark]:
    for event in generated:
        yield Mark(scale(event.ended), "key", f"new key {event.data['key']}")
    for when, reset in resets:
        yield Mark(scale(when), "reset", f"Reset {reset}")


def _scale(moments: Iterable[float]) -> tuple[Scale, list[Mark]]:
    """Where a moment is drawn: to scale, but for long pauses, which are cut short and marked."""
    ordered = sorted(set(moments))
    pauses = [after - before for before, after in pairwise(ordered)]
    longest = max(IDLE * median(pauses), 0.05) if pauses else 1.0
    drawn = [0.0]
    for pause in pauses:
        drawn.append(drawn[-1] + min(pause, longest))
    width = drawn[-1] or 1.0
    places = dict(zip(ordered, (WIDTH * x / width for x in drawn), strict=True))
    gaps = [
        Mark(
            (places[before] + places[after]) / 2, "gap", f"{after - before:.0f} s without requests"
        )
        for before, after in pairwise(ordered)
        if after - before > max(longest, 1.0)
    ]
    return lambda moment: round(places.get(moment, 0.0), 1), gaps


def _height(limit: int, remaining: int | None) -> float:
    """Where a Remaining is drawn; below the floor, what has none."""
    if remaining is None:
        return HEIGHT + FLOOR / 2
    return round(HEIGHT * (1 - min(remaining, limit) / max(limit, 1)), 1)


def _point(contract: Contract, scale: Scale, first: float, one: Exchange, titled: bool) -> Point:
    kind = _kind(one)
    remaining = _remaining(contract, one) if kind in ("admitted", "error", "refused") else None
    title = ""
    if titled:
        left = "" if remaining is None else f", Remaining {remaining}"
        title = (
            f"{one.number}: {one.request.method} {one.tags.route or 'off the surface'} as "
            f"{one.tags.key}, {one.status or 'no answer'}{left}, {one.started - first:.2f} s"
        )
    return Point(scale(one.started), _height(contract.rate_limit.limit, remaining), kind, title)


def _kind(one: Exchange) -> str:
    if one.status is None:
        return "lost"
    if one.status in (401, 429):
        return "refused" if one.status == 429 else "unauthorized"
    return "admitted" if one.status < 400 else "error"


def _remaining(contract: Contract, one: Exchange) -> int | None:
    return one.response.number(contract.rate_limit.remaining_field) if one.response else None


def _lines(contract: Contract, scale: Scale, exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Remaining, as a line per key and window."""
    limit = contract.rate_limit
    windows: dict[tuple[str | None, int | None], list[str]] = {}
    for one in exchanges:
        remaining = _remaining(contract, one)
        if one.response is None or remaining is None or one.status == 401 or not one.plain_key:
            continue
        window = one.tags.key, one.response.number(limit.reset_field)
        place = f"{scale(one.started)},{_height(limit.limit, remaining)}"
        windows.setdefault(window, []).append(place)
    return (" ".join(places) for places in windows.values() if len(places) > 1)


def _resets(
    contract: Contract, history: History, exchanges: Iterable[Exchange], last: float
) -> Iterator[tuple[float, int]]:
    """When the windows ended, on the run's clock, as far as the party's requests reach."""
    clock = offset(contract, history)
    field = contract.rate_limit.reset_field
    told = {one.response.number(field) for one in exchanges if one.response and one.status != 401}
    for reset in sorted(told - {None}, key=lambda reset: reset or 0):
        if clock is not None and reset is not None:
            when = reset - (clock.low + clock.high) / 2
            if when <= last:
                yield when, reset
