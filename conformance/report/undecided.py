"""What a run did not decide, or excuses: grouped by the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from conformance.outcome import Outcome


OPEN = ("inconclusive", "not_tested", "waived")


class Undecided(NamedTuple):
    """Requirements that have an outcome other than passed and failed, for one reason."""

    outcome: str  # one of OPEN
    reason: str
    ids: list[str]


def undecided(outcome: Outcome) -> Iterator[Undecided]:
    """What stayed undecided, then what was not tested, then what is waived."""
    for name in OPEN:
        reasons: dict[str, list[str]] = {}
        for verdict in outcome.verdicts:
            if verdict.outcome == name:
                reasons.setdefault(verdict.reason or "", []).append(verdict.requirement.id)
        for reason, ids in reasons.items():
            yield Undecided(name, reason, ids)
