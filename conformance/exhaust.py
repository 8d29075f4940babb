"""Exhausting a key: using up its window with requests that serve other requirements too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.pool import Pool

if TYPE_CHECKING:
    from conformance.bench import Bench

OVER = 3  # requests beyond the limit, to be sure that it is not kept
ATTEMPTS = 3  # windows in which a count is tried, should one end on the way


def exhaust(bench: Bench, party: str, *, leave: int = 0) -> None:
    """Send until *leave* requests are left; 0: until the first refusal.

    A window that ends on the way makes the count begin again, a bounded number of times.
    """
    limit = bench.contract.rate_limit.limit
    label = bench.key(party).label
    pool = pool_of(bench, bench.target.parties[party].kind)
    for _ in range(ATTEMPTS):
        most = bench.budget.remaining(label, bench.clock.now()) - leave + (0 if leave else OVER)
        for call in pool.calls(party, min(most, limit + OVER)):
            if _done(bench, label, leave):
                return
            bench.deliver(call)
        if _done(bench, label, leave) or not bench.budget.renewed(label, bench.clock.now()):
            return


def _done(bench: Bench, label: str, leave: int) -> bool:
    now = bench.clock.now()
    if leave:
        return bench.budget.remaining(label, now) <= leave
    return bench.budget.exhausted(label, now)


def pool_of(bench: Bench, kind: str) -> Pool:
    """The bench's pool of a kind, made when it is first asked for."""
    pools: dict[str, Pool] = bench.pools
    if kind not in pools:
        pools[kind] = Pool(bench, kind)
    return pools[kind]
