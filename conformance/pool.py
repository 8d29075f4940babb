"""The pool: generated cases and hand-made defects that fill windows which must be filled anyway."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance import generate, sample
from conformance.generate import Case

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.client import Call

KEPT: dict[tuple[str, str, int, str | None], list[Case]] = {}  # what this process generated before
CASES = 24  # per kind of key and window asked for; beyond that they come again


class Pool:
    """An endless supply of calls for one kind of key."""

    def __init__(self, bench: Bench, kind: str) -> None:
        self._bench = bench
        self._kind = kind
        self._party = kind
        self._defects = self._rest_of_defects()
        self._cases = _kept(bench, kind)

    def calls(self, party: str, count: int) -> Iterator[Call]:
        """Calls with the current key of a party: defects first, then generated cases."""
        self._party = party
        made = 0
        while made < count:
            call = self._next(party)
            if call is not None:
                made += 1
                yield call

    def _next(self, party: str) -> Call | None:
        defect = next(self._defects, None)
        if defect is not None:
            return defect
        case = next(self._cases, None)
        if case is None:
            operation = next(op for op in self._bench.contract.of_kind(self._kind) if op.lists)
            return self._bench.call(operation, party)
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

    def _rest_of_defects(self) -> Iterator[Call]:
        """The defects for which the error probes have no room."""
        bench = self._bench
        for operation in bench.contract.of_kind(self._kind):
            marker = bench.calls.marker()
            for defect, query in sample.invalid_queries(operation):
                yield bench.call(operation, self._party, query=query, defect=defect)
            if operation.body is None:
                continue
            bodies = [*sample.invalid_bodies(operation, marker)][::-1]
            if bench.calls.may_write(operation):
                bodies += sample.lenient_bodies(operation, marker)
            for defect, body in bodies:
                yield bench.call(operation, self._party, body=body, defect=defect)
            if bench.calls.may_write(operation):
                for defect, media, body in sample.media_types(operation, marker):
                    fields = (("Content-Type", media),)
                    yield bench.call(
                        operation, self._party, body=body, fields=fields, defect=defect
                    )


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
