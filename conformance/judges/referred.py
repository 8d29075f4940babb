"""scope: what a body names by its id, and is another's."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select


@judges("scope.nested")
def anothers_is_taken(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield bodies with another's id that are taken where one that was never issued is not found.

    A server that looks at neither takes both.
    """
    told: set[str] = set()
    for ones in select.grouped(_naming(contract, history), lambda one: one.tags.group).values():
        taken = [one for one in ones if one.tags.nested == "foreign" and one.succeeded]
        missing = [one for one in ones if one.tags.nested == "absent" and one.status == 404]
        place = select.place(ones[0])
        if taken and missing and place not in told:
            told.add(place)
            yield Finding(
                expected=f"404 to a body that names another's by its id, in {place}",
                observed=f"{select.said(taken[0])}, where an absent one is not found",
                exchanges=(missing[0], taken[0]),
            )


def _naming(contract: Contract, history: History) -> Iterator[Exchange]:
    """Pairs of requests of live keys on their own, whose bodies name something by its id."""
    lives, unrecognised = select.lives_of(history), select.unrecognised(contract, history)
    for operation, one in select.settled(contract, history):
        paired = (one.tags.group or "").startswith("pair:") and operation.nested is None
        own = one.plain_key and one.tags.resource == "own"
        valid = lives.known(one) and one.tags.key not in unrecognised
        if paired and own and valid and select.refers(contract, one):
            yield one
