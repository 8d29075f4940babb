"""Prices: what took more than one of its window is asked again, to tell its price from chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.budget import Budget, Window
from conformance.client import Call
from conformance.exchange import Exchange

DOUBTS = 4  # requests of a run that are asked again: where much is dear, these suffice
AGAIN = 2  # times each
ROOM = 4  # requests that must be left, so that nothing is used up by asking
SAME = 0.5  # seconds in which two answers of one window may see its end apart


class Prices:
    """Asks again what cost more than one: it does again, or it was somebody else's request."""

    def __init__(self, send: Callable[[Call], Exchange], budget: Budget) -> None:
        self._send = send
        self._budget = budget
        self._left = DOUBTS

    def send(self, call: Call) -> Exchange:
        """Send a call, and where it took more than one of its key's window, twice more.

        What was made once need not be made again, so these are not said to be valid.
        """
        label = call.credential.key or ""
        before = self._budget.window(label)
        exchange = self._send(call)
        if self._left and _dear(before, self._budget.window(label)):
            self._left -= 1
            for _ in range(AGAIN):
                tags = replace(call.tags, group="identical", generated=None)
                self._send(replace(call, tags=tags))
        return exchange


def _dear(before: Window | None, after: Window | None) -> bool:
    """Whether more than one was taken of one window, and enough is left of it."""
    if before is None or after is None or abs(after.ends - before.ends) > SAME:
        return False
    return before.remaining - after.remaining > 1 and after.remaining >= ROOM
