"""scope: what a refused request has removed."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import Contract
from conformance.created import created
from conformance.exchange import Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.listing import cut_off, identifiers, items, path, received


@judges("scope.no-side-effect")
def resource_gone(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refused requests to delete after which what they named is in its list no more."""
    lists = select.grouped(_lists(contract, history), path)
    showing = select.grouped(_showing(history), path)
    made = {one.id for one in created(contract, history)}
    asked = [one for one in history.answered if one.request.method == "DELETE"]
    served = {path(one) for one in asked if one.succeeded}
    named = {path(one).rpartition("/")[2] for one in asked}
    for one in asked:
        refused = one.status is not None and 400 <= one.status < 500 and one.status != 429
        if not refused or path(one) in served:
            continue
        above, _, id = path(one).rpartition("/")
        earlier = (seen for seen in showing.get(above, ()) if seen.precedes(one))
        shown = next((seen for seen in earlier if id in received(seen)), None)
        after = next((seen for seen in lists.get(above, ())[::-1] if one.precedes(seen)), None)
        if shown is None or after is None or cut_off(contract, after):
            continue
        there = _ids(contract, after)
        listed = id not in made or there & made  # whether what was made is shown there at all
        before = [_ids(contract, seen) for seen in lists.get(above, ()) if seen.precedes(after)]
        fading = frozenset().union(*before) - there - named  # what goes although nobody asked
        if listed and id not in there and not fading:
            yield Finding(
                expected=f"a {one.request.method} answered {select.said(one)} removes nothing",
                observed=f"what it addressed is no more in {select.place(after)}",
                exchanges=(shown, one, after),
            )


def _showing(history: History) -> Iterator[Exchange]:
    """Answers to the owner, where items may be seen."""
    for one in history.answered:
        if one.succeeded and select.own(one):
            yield one


def _lists(contract: Contract, history: History) -> Iterator[Exchange]:
    """Lists of one's own that say how many items they are to have: others may show a page."""
    for operation, one in select.settled(contract, history):
        if operation.lists and one.succeeded and select.own(one) and "limit=" in one.request.target:
            yield one


def _ids(contract: Contract, listed: Exchange) -> set[str]:
    names = identifiers(contract.by_id[listed.tags.operation or ""])
    return {str(item[name]) for item in items(listed) for name in names if name in item}
