"""leak: how long it takes to hide what exists: a rank test on pairs that were timed in turn."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges.select import grouped

LEAST_PAIRS = 8  # timings of each class without which nothing is said
SIGNIFICANT = 0.001
MEASURABLE = 0.002  # seconds: a smaller difference is drowned on any network


@judges("leak.timing")
def times_differ(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations and credentials for which what exists takes measurably another time."""
    timed = [one for one in history.answered if one.tags.group == "timing" and _hidden(one)]
    asked = grouped(timed, lambda one: (one.tags.credential, one.tags.operation))
    for (who, operation), mine in asked.items():
        foreign = [one.ended - one.started for one in mine if not _is_missing(one)]
        missing = [one.ended - one.started for one in mine if _is_missing(one)]
        if not foreign or not missing:
            continue  # nothing of another's is known there
        if min(len(foreign), len(missing)) < LEAST_PAIRS:
            yield Doubt(f"{min(len(foreign), len(missing))} pairs are too few to compare times")
            continue
        p = rank_test(foreign, missing)
        apart = statistics.median(foreign) - statistics.median(missing)
        figures = f"p {p:.4f} of {len(foreign)} and {len(missing)}, medians {apart * 1e3:+.2f} ms"
        yield Evidence(mine, note=f"{operation} as {who}: {figures}")
        quickest = min(foreign) - min(missing)  # which nothing else has delayed
        if p < SIGNIFICANT and min(abs(apart), abs(quickest)) > MEASURABLE:
            yield Finding(
                expected="answers on others' resources to take the time of those on absent ones",
                observed=f"another time: {figures}",
                exchanges=(mine[0], mine[1]),
            )


def _hidden(one: Exchange) -> bool:
    """Whether the answer hides what exists: 404 from a key, 401 from a stranger."""
    return one.status == (401 if one.tags.key is None else 404)


def _is_missing(one: Exchange) -> bool:
    return (one.tags.nested or one.tags.resource) == "absent"


def rank_test(one: list[float], other: list[float]) -> float:
    """The two-sided p-value of the Mann-Whitney U test, by its normal approximation.

    Written out because the library that has it would double the suite's memory and its start.
    """
    rank = _ranks([*one, *other])
    rank_sum = sum(rank[value] for value in one)
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    spread = (n * m * (n + m + 1) / 12) ** 0.5
    z = (abs(u - n * m / 2) - 0.5) / spread
    return min(1.0, 2 * (1 - statistics.NormalDist().cdf(z)))


def _ranks(values: list[float]) -> dict[float, float]:
    """The rank of each value; equal ones share the mean of theirs."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values), 1):
        places.setdefault(value, []).append(place)
    return {value: statistics.fmean(ranks) for value, ranks in places.items()}
