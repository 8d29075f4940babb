"""The pool: generated cases and hand-made defects that fill windows which must be filled anyway."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from conformance import generate, sample
from conformance.generate import Case

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.client import Call
    from conformance.contract import Operation

T = TypeVar("T")
ANY_TYPE = re.compile(r"type-(integer|string|array|object|boolean)|null")  # in a defect's name
KEPT: dict[tuple[str, str, int, str | None], list[Case]] = {}  # what this process generated before
CASES = 24  # per kind of key and window asked for; beyond that they come again


class Pool:
    """An endless supply of calls for one kind of key."""

    def __init__(self, bench: Bench, kind: str) -> None:
        self._bench = bench
        self._kind = kind
        self._defects = self._rest_of_defects()
        self._cases = _kept(bench, kind)

    def calls(self, party: str, count: int) -> Iterator[Call]:
        """Calls with the current key of a party: defects first, then generated cases."""
        made = 0
        while made < count:
            call = self._next(party)
            if call is not None:
                made += 1
                yield call

    def _next(self, party: str) -> Call | None:
        defect = next(self._defects, None)
        if defect is not None:
            operation, how = defect
            return self._bench.call(operation, party, **how)
        case = next(self._cases, None)
        if case is None:
            return self._bench.call(self._bench.contract.usual(self._kind), party)
        return self._call(case, party)

    def _call(self, case: Case, party: str) -> Call | None:
        bench, operation = self._bench, case.operation
        if operation.writes and case.positive and not bench.calls.may_write(operation):
            return None
        fields = (("Content-Type", case.media),) if case.media else ()
        return bench.call(
            operation,
            party,
            query=case.query,
            body=case.body,
            fields=fields,
            defect=case.defect,
            generated="positive" if case.positive else "negative",
        )

    def _rest_of_defects(self) -> Iterator[tuple[Operation, dict[str, Any]]]:
        """The defects for which the error probes have no room, of all operations in turn."""
        operations = self._bench.contract.of_kind(self._kind)
        return in_turn([[(op, how) for how in self._defects_of(op)] for op in operations])

    def _defects_of(self, operation: Operation) -> Iterator[dict[str, Any]]:
        """How to call an operation with each of its defects."""
        marker, leave = self._bench.calls.marker(), self._bench.calls.may_write(operation)
        for defect, query in sample.invalid_queries(operation):
            yield {"query": query, "defect": defect}
        if operation.body is None:
            return
        bodies = most_distinct(sample.invalid_bodies(operation, marker))
        if leave:
            bodies += sample.lenient_bodies(operation, marker)
        for defect, body in bodies:
            yield {"body": body, "defect": defect}
        for entry in sample.media_types(operation, marker) if leave else ():
            yield sample.typed(*entry)


def most_distinct(defects: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The defects, with one wrong type of a member before the others, as they tell little more.

    The last ones come first, as the error probes begin in front.
    """
    kinds: dict[str, list[tuple[str, bytes]]] = {}
    for one in reversed(list(defects)):
        kinds.setdefault(ANY_TYPE.sub("type", one[0]), []).append(one)
    return list(in_turn(list(kinds.values())))


def in_turn(groups: Iterable[Sequence[T]]) -> Iterator[T]:
    """What is in the groups: the first of each, then the second of each, and so on."""
    rounds = itertools.zip_longest(*groups, fillvalue=None)
    return (one for some in rounds for one in some if one is not None)


def _kept(bench: Bench, kind: str) -> Iterator[Case]:
    """So many cases, over and over; what was generated is kept for the next run in this process."""
    project = bench.target.parties["project"].id
    key = (bench.contract.digest, kind, bench.target.seed, project)
    kept = KEPT.setdefault(key, [])
    most = CASES * bench.target.windows
    cases = generate.cases(bench.contract, kind, bench.target.seed, project)
    fresh = itertools.islice(cases, len(kept), None)
    for place in itertools.count():
        if place == len(kept) < most:
            kept += itertools.islice(fresh, 1)
        if not kept:
            return
        yield kept[place % min(len(kept), most)]
