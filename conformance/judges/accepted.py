"""auth: that a valid key is accepted wherever it is its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.contract import Contract, Operation
from conformance.exchange import Exchange
from conformance.finding import SHOWN, Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.auth import asked_by_operation
from conformance.judges.instead import instead

UNACCEPTED = frozenset({401, 403, 404, 405})
ELSEWHERE = ("others", "listed")  # groups that areas rotation and scope judge


@judges("auth.project-key-accepted")
def project_key(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what project keys get on their own project."""
    yield from _acceptance(contract, history, "project")


@judges("auth.team-key-accepted")
def team_key(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what team keys get on their own team."""
    yield from _acceptance(contract, history, "team")


def _acceptance(contract: Contract, history: History, kind: str) -> Iterator[Opinion]:
    limited = {select.said(one) for found in instead(contract, history) for one in found.refused}
    lives = select.lives_of(history)

    def chosen(one: Exchange) -> bool:
        of_kind = contract.by_id[select.place(one)].kind == kind
        meant = _showing(one) and one.tags.group not in ELSEWHERE
        missing = one.status == 404 and select.refers(contract, one)
        missing |= one.number in select.unfinished(history)
        answered = select.said(one) not in limited and not missing
        answered &= one.status != 401 or not lives.lost(one)  # area rotation judges why
        return select.own(one) and meant and of_kind and answered

    for id, asked in asked_by_operation(contract, history, chosen):
        unserved = _unserved(contract.by_id[id], asked)
        let_in = [one for one in asked if select.accepted(contract, one)]
        accepted = [one for one in let_in if one not in unserved]
        refused = [one for one in asked if one.status in UNACCEPTED] + unserved
        if accepted:
            yield Evidence(tuple(accepted))
        elif not refused:
            yield Doubt(f"{id}: no answer shows whether the key was accepted")
        for answer, ones in select.grouped(refused, select.said).items():
            yield Finding(
                expected=f"{id} accepts a valid {kind} key on its own {kind}",
                observed=answer,
                exchanges=(*accepted[:1], *ones[:SHOWN]),
            )


def _unserved(operation: Operation, asked: Iterable[Exchange]) -> list[Exchange]:
    """The requests that a read calls invalid though nothing is wrong with them, if it never serves.

    Where it serves others, what it takes for invalid is not the key.
    """
    if operation.body is not None or any(one.succeeded for one in asked):
        return []
    return [one for one in asked if select.sound(one) and one.status == 400]


def _showing(one: Exchange) -> bool:
    """Whether the answer shows acceptance: also to a write that must not be carried out."""
    return select.sound(one) or (one.tags.defect or "").startswith("body.")
