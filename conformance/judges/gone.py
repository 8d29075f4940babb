"""scope: what a refused request has removed."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.listing import cut_off, identifiers, items, path


@judges("scope.no-side-effect")
def resource_gone(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refused requests after which what they addressed is in its owner's list no more."""
    lists = select.grouped(_lists(contract, history), path)
    served = {path(one) for one in history.answered if one.succeeded and _changes(one)}
    for one in history.answered:
        above, _, id = path(one).rpartition("/")
        refused = one.status is not None and 400 <= one.status < 500 and one.status != 429
        if not (refused and _changes(one)) or path(one) in served:
            continue
        shown = [listed for listed in lists.get(above, ()) if id in _ids(contract, listed)]
        before = next((listed for listed in shown if listed.precedes(one)), None)
        after = next((other for other in lists.get(above, ())[::-1] if one.precedes(other)), None)
        if before and after and after not in shown and not cut_off(contract, after):
            yield Finding(
                expected=f"a {one.request.method} answered {select.said(one)} removes nothing",
                observed=f"what it addressed is no more in {select.place(after)}",
                exchanges=(before, one, after),
            )


def _changes(one: Exchange) -> bool:
    return one.request.method not in ("GET", *select.LAYER)


def _lists(contract: Contract, history: History) -> Iterator[Exchange]:
    """Lists of one's own that say how many items they are to have: others may show a page."""
    for operation, one in select.settled(contract, history):
        if operation.lists and one.succeeded and select.own(one) and "limit=" in one.request.target:
            yield one


def _ids(contract: Contract, listed: Exchange) -> set[str]:
    names = identifiers(contract.by_id[listed.tags.operation or ""])
    return {str(item[name]) for item in items(listed) for name in names if name in item}
