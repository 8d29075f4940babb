"""Exhausting a key: using up its window with requests that serve other requirements too."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from conformance.bench import AT_ONCE, SLOW_ANSWER
from conformance.budget import Window
from conformance.pool import Pool

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.client import Call

OVER = 3  # requests beyond the limit, to be sure that it is not kept
ATTEMPTS = 3  # windows in which a count is tried, should one end on the way
ALONE = 4  # the last requests of a window are sent one at a time, whatever the latency
ROUNDED = 1.0  # seconds by which a Reset may be rounded down
SLOW = 0.5  # of a window: longer must a count not take
SPREAD = 1.5  # seconds between a window's first request and its second half
EARLY = 0.25  # of a window, if that is less


def exhaust(
    bench: Bench, party: str, *, leave: int = 0, counting: bool = False, spread: bool = False
) -> None:
    """Send until *leave* requests are left; 0: until the first refusal.

    *counting*: one at a time, as long as that takes no more than half a window, so that each answer
    can be compared with the one before; otherwise several at once, where answers are slow.

    *spread*: half of them a while after the first, so that who counts each request for as long as
    a window lasts, and not until its Reset, has them still when that has come.

    Where no window is told, as many as two windows do not admit. A window that ends on the way
    makes the count begin again, in more haste, a bounded number of times. A key that is admitted
    beyond its limit, or for which each window was too short, is not tried again.
    """
    label = bench.key(party).label
    if label in bench.unlimited:
        return
    most = bench.contract.rate_limit.limit * (1 if bench.budget.dated(label) else 2) + OVER
    calls = pool_of(bench, bench.target.parties[party].kind).calls(party, ATTEMPTS * most)
    began, sent, ended = float("-inf"), 0, 0
    while not _done(bench, label, leave) and ended < ATTEMPTS:
        if sent >= most:
            bench.unlimited.add(label)
            return
        if spread and _half_sent(bench, label):
            _hold(bench, label)
            spread = False
        before, left = bench.budget.window(label), _left(bench, label)
        count = _batch(bench, label, leave, counting, hasty=ended > 0)
        batch = [_plain(bench, party)] if left <= 0 else list(islice(calls, count))
        _send(bench, batch)
        sent += len(batch)
        if _starts_anew(bench, label, before, len(batch), began):
            began, sent, ended = bench.clock.now(), 0, ended + 1
    if ended >= ATTEMPTS:
        bench.unlimited.add(label)


def _half_sent(bench: Bench, label: str) -> bool:
    """Whether half of a window is used up, and not all of it."""
    window = bench.budget.window(label)
    half = bench.contract.rate_limit.limit / 2
    return window is not None and not window.refused and window.remaining <= half


def _hold(bench: Bench, label: str) -> None:
    """Wait with what is left of a window, where the first half took no time."""
    seconds = bench.contract.rate_limit.window
    began = bench.budget.reopens(label, bench.clock.now()) - seconds
    bench.wait_until(began + min(SPREAD, EARLY * seconds), f"{label}: what outlasts its reset?")


def _starts_anew(bench: Bench, label: str, before: Window | None, count: int, began: float) -> bool:
    """Whether another window began: Reset has come, or moved on, and not all that was sent counted.

    Or there is more room, and it lasted long enough, whatever its Reset. A key that is still
    refused when its Reset has come is given what rounding may hide.
    """
    after, now = bench.budget.window(label), bench.clock.now()
    half = bench.contract.rate_limit.window / 2
    if before is None or after is None:
        return False
    if after.refused and now >= after.ends:
        bench.wait_until(now + ROUNDED, f"{label}: a Reset that was rounded down")
        return True
    fell = before.remaining - after.remaining
    over = now >= before.ends or after.ends - before.ends > half
    return (fell < count and over) or (fell < 0 and now - began > half)


def _plain(bench: Bench, party: str) -> Call:
    """A request in which nothing but the limit can be wrong."""
    kind = bench.target.parties[party].kind
    return bench.call(bench.contract.usual(kind), party)


def _batch(bench: Bench, label: str, leave: int, counting: bool, hasty: bool) -> int:
    """How many requests to send at once."""
    limit = bench.contract.rate_limit
    room = _left(bench, label) - leave - ALONE
    slowest = SLOW * limit.window / limit.limit if counting else SLOW_ANSWER
    slow = bench.client.latency > slowest or (hasty and not counting)
    return min(room, AT_ONCE) if slow and room > 1 else 1


def _send(bench: Bench, batch: list[Call]) -> None:
    if len(batch) == 1:
        bench.deliver(batch[0])
    else:
        tagged = [replace(call, tags=replace(call.tags, group="filling")) for call in batch]
        for call, exchange in zip(tagged, bench.client.send_all(tagged), strict=True):
            bench.client.repeated(call, exchange)


def _done(bench: Bench, label: str, leave: int) -> bool:
    if leave:
        return _left(bench, label) <= leave
    return bench.budget.exhausted(label, bench.clock.now())


def _left(bench: Bench, label: str) -> int:
    return bench.budget.remaining(label, bench.clock.now())


def pool_of(bench: Bench, kind: str) -> Pool:
    """The bench's pool of a kind, made when it is first asked for."""
    pools: dict[str, Pool] = bench.pools
    if kind not in pools:
        pools[kind] = Pool(bench, kind)
    return pools[kind]
