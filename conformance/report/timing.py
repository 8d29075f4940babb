"""The picture of response times: another's resource beside one that does not exist."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.history import History

WIDTH = 100  # per cent
SPREAD = 0.9  # of the answers are drawn to scale; the slowest lie at the edge
ROWS = (("foreign", "another's"), ("absent", "not existing"))
MOST_TICKS = 5  # beside that of no time
JITTER = 5  # rows of dots, so that equal times are seen


@dataclass(frozen=True)
class Row:
    """The answers on one sort of resource."""

    name: str
    dots: tuple[tuple[float, int], ...]  # x, and the line among several
    median_x: float
    median_ms: float


@dataclass(frozen=True)
class Plot:
    """The answers to one party."""

    party: str
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]


def plots(history: History) -> Iterator[Plot]:
    """A plot for each party whose requests were timed."""
    timed = [one for one in history.answered if one.tags.group == "timing" and one.status == 404]
    for party in dict.fromkeys(one.tags.credential for one in timed):
        mine = [one for one in timed if one.tags.credential == party]
        sorts = {resource: list(_milliseconds(mine, resource)) for resource, _ in ROWS}
        if all(sorts.values()):
            yield _plot(party, sorts)


def _milliseconds(exchanges: Iterable[Exchange], resource: str) -> Iterator[float]:
    return ((one.ended - one.started) * 1e3 for one in exchanges if one.tags.resource == resource)


def _plot(party: str, sorts: dict[str, list[float]]) -> Plot:
    times = sorted(time for ones in sorts.values() for time in ones)
    slowest = times[min(len(times) - 1, int(len(times) * SPREAD))] * 1.05 or 1.0
    step = _step(slowest - times[0])
    scale = _Scale(step * math.floor(times[0] / step), slowest)
    rows = tuple(_row(name, sorts[resource], scale) for resource, name in ROWS)
    return Plot(party, rows, tuple(_ticks(scale, step)))


@dataclass(frozen=True)
class _Scale:
    """From the quickest, rounded down, to the slowest that is drawn to scale."""

    low: float
    high: float

    def x(self, time: float) -> float:
        return round(WIDTH * min(1.0, (time - self.low) / (self.high - self.low)), 2)


def _step(span: float) -> float:
    """How far apart round times are of which few span so much: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    return next(power * n for n in (1, 2, 5, 10) if power * n * MOST_TICKS >= span)


def _ticks(scale: _Scale, step: float) -> Iterator[tuple[float, str]]:
    for n in range(int((scale.high - scale.low) / step) + 1):
        time = scale.low + n * step
        yield scale.x(time), f"{round(time, 3):g} ms"


def _row(name: str, times: Sequence[float], scale: _Scale) -> Row:
    middle = median(times)
    dots = tuple((scale.x(time), place % JITTER) for place, time in enumerate(times))
    return Row(name, dots, scale.x(middle), middle)
