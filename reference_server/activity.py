"""What was asked lately, for the dashboard's live view: a few requests of each key, and no key."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reference_server.call import Call
    from reference_server.windows import Window

KEPT = 20  # requests of each key
KEYS = 512  # whose requests are kept: more are generated only by a test
LONGEST_PATH = 200  # characters


class Seen(NamedTuple):
    """One request: what it asked for, how it was answered, and its window afterwards."""

    at: float  # Unix seconds
    method: str
    path: str  # without the query, which may hold anything
    status: int
    window: Window | None  # None: not counted, as no valid key was sent


class Activity:
    """The last requests, by the hash of the key that they were sent with; None: no valid key.

    Where a path holds what begins like a key, in one of *prefixes*, the rest of it is left out.
    """

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._rings: dict[str | None, deque[Seen]] = {}
        self._prefixes = tuple(prefixes)
        self._key = re.compile(f"({'|'.join(map(re.escape, self._prefixes))})[^/]*")

    def note(self, call: Call, status: int) -> None:
        """Keep one request, in the place of the oldest of its key."""
        key = getattr(call, "key", None)  # refused before one was found: there is none
        digest = key.digest if key else None
        ring = self._rings.get(digest)
        if ring is None:
            ring = self._new(digest)
        method, path = call.request.scope["method"], self._shown(call.request.scope["path"])
        ring.append(Seen(call.now, method, path, status, call.window))

    def of(self, digest: str | None) -> list[Seen]:
        """Return the last requests of a key, newest first."""
        return list(reversed(self._rings.get(digest, ())))

    def _shown(self, path: str) -> str:
        if any(prefix in path for prefix in self._prefixes):  # cheaper than to substitute nothing
            path = self._key.sub(r"\1...", path)
        return path[:LONGEST_PATH]

    def _new(self, digest: str | None) -> deque[Seen]:
        if len(self._rings) >= KEYS:
            del self._rings[next(iter(self._rings))]
        return self._rings.setdefault(digest, deque(maxlen=KEPT))
