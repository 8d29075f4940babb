"""A key whose window is used up, and exchanges with other numbers: for the judges of area rate."""

from typing import Any

from conformance.exchange import Exchange

from .builder import CONTRACT, UNIX, exchange, issued

LIMIT, LEFT, RESET = CONTRACT.rate_limit.fields

WHOLE = CONTRACT.rate_limit.limit
DRAINED = [exchange(200)] * WHOLE
REFUSED = exchange(429)
END = UNIX + 60  # when a window ends that began with the first exchange
ROTATED = issued("project#2", "project#1")


def says(
    status: int = 200, *, left: int | str | None = None, reset: Any = None, **how: Any
) -> Exchange:
    """An exchange with these numbers."""
    given = {LEFT: left, RESET: reset}
    fields = {name: str(value) for name, value in given.items() if value is not None}
    return exchange(status, fields=fields, **how)


def over(status: int = 429, **how: Any) -> Exchange:
    """A request of a key that is exhausted."""
    return exchange(status, group="exhausted", **how)


def at_once(size: int, admitted: int, at: float = 1) -> list[Exchange]:
    """A burst in which some are admitted; the last to begin are the first to be answered."""
    return [
        says(
            200 if n < admitted else 429,
            left=max(0, admitted - 1 - n),
            reset=END,
            started=at + n / 1000,
            ended=at + 1 + n / 1000,
            group="burst:1",
        )
        for n in range(size)
    ][::-1]
