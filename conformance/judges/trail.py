"""scope: what writes that were refused left in lists, by the markers that they carried."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.contract import Contract
from conformance.created import created
from conformance.exchange import Exchange
from conformance.finding import Doubt, Evidence, Finding, Need, Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.listing import at_its_longest, cut_off, items, path, received


@judges("scope.no-side-effect")
def side_effects(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look in later lists for the markers that refused writes carried."""
    trail = _Trail(contract, history)
    for write in trail.refused:
        if (shown := trail.shown(write)) is not None:
            yield Finding(
                expected=f"a {select.place(write)} answered {select.said(write)} leaves nothing",
                observed=f"what it would have made is in a later {select.place(shown)}",
                exchanges=(write, shown),
            )
        elif select.sound(write):
            yield from trail.evidence(write)


class _Trail:
    """Writes that carry a marker, and the lists that would show what they made."""

    def __init__(self, contract: Contract, history: History) -> None:
        self._contract = contract
        marker = re.escape(history.header.get("marker") or "no marker")
        self._pattern = re.compile(rf"{marker}-\w+", re.IGNORECASE)
        answered = list(select.judgeable(contract, history, hardening=True))
        self._lists = [one for one in answered if one.succeeded and self._lists_items(one)]
        self._by_path = select.grouped(self._lists, path)
        self._shown = {one.number: self._markers(received(one)) for one in self._lists}
        self._shown_by = self._by_marker()
        self._carried = {one.number: self._markers(_sent(one)) for one in history.exchanges}
        writes = [one for one in history.exchanges if self._carried[one.number]]
        served = [self._carried[one.number] for one in writes if not _refusal(one)]
        self._served = frozenset[str]().union(*served)
        self._made = {one.id for one in created(contract, history)}
        newest_first = filter(self._begins_with_newest, self._lists)
        self._newest_first = {select.place(one) for one in newest_first}
        self._accepted = select.grouped((one for one in writes if one.succeeded), path)
        writing = [one for one in answered if self._carried[one.number] and _refusal(one)]
        self.refused = [one for one in writing if not self._carried[one.number] & self._served]
        self._whole = {one.number for one in self._lists if self._would_show(one)}

    def shown(self, write: Exchange) -> Exchange | None:
        """A list after a write that shows its marker."""
        showing = (self._shown_by.get(one, ()) for one in self._carried[write.number])
        later = (one for some in showing for one in some if one.ended > write.started)
        return next(later, None)

    def evidence(self, write: Exchange) -> Iterator[Opinion]:
        """What the owner's lists after a write, which do not show it, prove."""
        later = self._later(write)
        whole = [one for one in later if one.number in self._whole]
        if whole and not self._shows_nothing(whole[-1], write):
            yield Evidence((write, whole[-1]))
        elif any(map(self._holds_more_than_it_shows, later)):
            listing = select.place(later[0])
            yield Need(f"name an owner with fewer items: its {listing} is cut off at its limit")
        elif whole:
            yield Doubt(f"{select.place(whole[-1])} shows nothing of what accepted writes made")
        elif later:
            yield Doubt(f"{select.place(later[0])} may be cut off at its limit")

    def _holds_more_than_it_shows(self, listed: Exchange) -> bool:
        """Whether it is cut off although it is as long as it may be asked for."""
        return at_its_longest(self._contract, listed) and cut_off(self._contract, listed)

    def _would_show(self, listed: Exchange) -> bool:
        """Whether nothing new is left out: a list that is cut off begins with what is newest.

        One that ends with something new may be longer than a limit is, where none was asked for.
        """
        last = items(listed)[-1:]
        newest_first = select.place(listed) in self._newest_first
        return not cut_off(self._contract, listed) or newest_first or self._holds_made(last)

    def _begins_with_newest(self, listed: Exchange) -> bool:
        return self._holds_made(items(listed)[:1])

    def _holds_made(self, some: Iterable[Mapping[str, Any]]) -> bool:
        return any(v in self._made for item in some for v in item.values() if isinstance(v, str))

    def _shows_nothing(self, listed: Exchange, write: Exchange) -> bool:
        """Whether a list hides writes that were accepted before another, so that it would hide it.

        What was accepted since then, it may only be late to show.
        """
        accepted = self._accepted.get(path(listed), ())
        before = [one for one in accepted if one.precedes(write)]
        carried = frozenset[str]().union(*(self._carried[one.number] for one in before))
        shown = carried & self._shown[listed.number] or self._holds_made(items(listed))
        return bool(before) and not shown

    def _later(self, write: Exchange) -> list[Exchange]:
        return [one for one in self._by_path.get(path(write), ()) if write.precedes(one)]

    def _lists_items(self, one: Exchange) -> bool:
        operation = select.operation_of(self._contract, one)
        return operation is not None and operation.lists

    def _by_marker(self) -> dict[str, list[Exchange]]:
        """The lists that show each marker."""
        found: dict[str, list[Exchange]] = {}
        for one in self._lists:
            for marker in self._shown[one.number]:
                found.setdefault(marker, []).append(one)
        return found

    def _markers(self, text: str) -> frozenset[str]:
        """The markers in a text, in small letters: a server may write all texts so."""
        return frozenset(one.lower() for one in self._pattern.findall(text))


def _sent(one: Exchange) -> str:
    """What a write carried."""
    return "" if one.request.method == "GET" else one.request.body.decode(errors="replace")


def _refusal(one: Exchange) -> bool:
    """Whether the answer says that a write was not carried out. A crash may have been too late."""
    return one.status is not None and 400 <= one.status < 500
