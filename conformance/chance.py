"""Chance: what a stranger is told otherwise than before is asked again, to tell it from a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.client import Call
from conformance.contract import RateLimit
from conformance.exchange import Exchange, Tags
from conformance.likeness import differences

DOUBTS = 4  # requests of a run that are asked again: where much is told apart, these suffice
AGAIN = 2  # times each, beside the sound request that they are compared with
GROUP = "identical"


class Chance:
    """Learns what answers without a key vary in by themselves, where they seem to differ."""

    def __init__(self, send: Callable[[Call], Exchange], rate_limit: RateLimit) -> None:
        self._send = send
        self._rate_limit = rate_limit
        self._left = DOUBTS
        self._volatile: set[str] = set()
        self._plain: dict[tuple[str, str], tuple[Call, Exchange]] = {}

    def see(self, call: Call, answered: Exchange) -> None:
        """Take in an answer; where it is not that of the sound request, ask both again."""
        tags = answered.tags
        if tags.key is not None or tags.operation is None or answered.status != 401:
            return
        place = tags.operation, tags.form
        if _is_plain(tags):
            self._plain.setdefault(place, (call, answered))
        if place not in self._plain or not self._left:
            return
        plain, said = self._plain[place]
        if self._differences(said, answered) - self._volatile:
            self._left -= 1
            for _ in range(AGAIN):
                for one, before in ((plain, said), (call, answered)):
                    again = self._send(replace(one, tags=replace(one.tags, group=GROUP)))
                    self._volatile |= self._differences(before, again)

    def _differences(self, one: Exchange, other: Exchange) -> set[str]:
        if one.status != other.status:
            return set()
        return set(differences(one, other, self._rate_limit))


def _is_plain(tags: Tags) -> bool:
    """Whether nothing is wrong in a request but that it has no key."""
    own = tags.resource == "own" and tags.nested in (None, "own")
    return own and tags.defect is None and tags.twist is None
