"""Keys that a run generated: those that it replaced are dead, and the next run needs others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.outcome import Outcome


def spent_keys(outcome: Outcome) -> list[str]:
    """What a run did to keys, so that the next one needs others."""
    return [_spent(outcome, party, count) for party, count in _generated(outcome).items()]


def dead_keys(outcome: Outcome) -> list[str]:
    """Where the keys stand that the run replaced: the variables or the file."""
    replaced = (party for party in _generated(outcome) if party.endswith("project"))
    return [_given(outcome, party) for party in replaced]


def _generated(outcome: Outcome) -> Counter[str]:
    """How many keys were generated for each party, but in a bundled server, which is gone."""
    if outcome.files or outcome.target.control is not None:
        return Counter()
    events = (event for event in outcome.history.events_of("issued") if event.data["generated"])
    return Counter(event.data["party"] for event in events)


def _given(outcome: Outcome, party: str) -> str:
    return outcome.target.parties[party].variable or str(outcome.target.file or "the target")


def _spent(outcome: Outcome, party: str, count: int) -> str:
    times = "once" if count == 1 else f"{count} times"
    if party.endswith("project"):
        return (
            f"the key of [{party}] was replaced {times}: the one in {_given(outcome, party)} is "
            "dead, so generate another before the next run"
        )
    return f"a key was generated {times} for [{party}]: revoke those that nobody needs"
