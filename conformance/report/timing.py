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

WIDTH = 1000
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
    widest = times[min(len(times) - 1, int(len(times) * SPREAD))] * 1.05 or 1.0
    rows = tuple(_row(name, sorts[resource], widest) for resource, name in ROWS)
    return Plot(party, rows, tuple(_ticks(widest)))


def _ticks(widest: float) -> Iterator[tuple[float, str]]:
    """Marks at round times: 1, 2 or 5 of some power of ten apart."""
    power = 10.0 ** math.floor(math.log10(widest / MOST_TICKS))
    step = next(power * n for n in (1, 2, 5, 10) if power * n * MOST_TICKS >= widest)
    for n in range(int(widest / step) + 1):
        yield _x(n * step, widest), f"{round(n * step, 3):g} ms"


def _row(name: str, times: Sequence[float], widest: float) -> Row:
    middle = median(times)
    dots = tuple((_x(time, widest), place % JITTER) for place, time in enumerate(times))
    return Row(name, dots, _x(middle, widest), middle)


def _x(time: float, widest: float) -> float:
    return round(WIDTH * min(1.0, time / widest), 1)
