"""Pairs: two calls that differ in one relation, sent again where their answers seem to differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from conformance.client import Call
from conformance.contract import RateLimit
from conformance.exchange import Exchange
from conformance.likeness import CONNECTION, connection, differences

REPEATED = 2  # times that a pair is sent again
CERTAIN = 2  # pairs told apart by the same parts: a further one needs no repetition


class Pairs:
    """Sends pairs, and learns on the way what varies between identical requests.

    So that chance is not taken for a difference, and a server that always tells the two apart does
    not cost window after window.
    """

    def __init__(self, deliver: Callable[[Call], Exchange], rate_limit: RateLimit) -> None:
        self._deliver = deliver
        self._rate_limit = rate_limit
        self._sent = 0
        self._volatile: set[str] = set()  # parts of answers that vary between identical requests
        self._told: Counter[frozenset[str]] = Counter()  # what told pairs apart that were repeated

    def send(self, one: Call, other: Call) -> None:
        """Send both, and again where that tells whether their answers differ by chance.

        They take turns at being the first, so that what follows from the order is no difference.
        """
        self._sent += 1
        one, other = (one, other) if self._sent % 2 else (other, one)
        first, second = self._deliver(one), self._deliver(other)
        if not self._doubtful(self._apart(first, second)):
            return
        again = self._deliver(replace(other, tags=replace(other.tags, group="identical")))
        self._volatile |= self._differences(second, again)
        apart = self._apart(first, second)
        if not self._doubtful(apart):
            return
        ones, others = [first], [second]
        for _ in range(REPEATED):
            ones.append(self._deliver(one))
            others.append(self._deliver(other))
        for alike in (ones, others):
            self._volatile |= self._differences(alike[0], alike[-1])
        self._told[apart - self._volatile] += 1

    def _doubtful(self, apart: frozenset[str]) -> bool:
        """Whether answers differ in parts that have not told enough pairs apart."""
        return bool(apart) and self._told[apart] < CERTAIN

    def _apart(self, one: Exchange, other: Exchange) -> frozenset[str]:
        """The parts in which two answers differ; none where a limit gave one of them."""
        if 429 in (one.status, other.status):
            return frozenset()
        return self._differences(one, other) - self._volatile

    def _differences(self, one: Exchange, other: Exchange) -> frozenset[str]:
        """All parts that differ, also what is said of the connection: it may just have its end."""
        apart = frozenset(differences(one, other, self._rate_limit))
        return apart if connection(one) == connection(other) else apart | {CONNECTION}
