"""Judges of area schema: openapi.yaml holds.

Bodies are checked with the contract's compiled validators: schemathesis' own checks come to the
same, but need its import, and an audit of a recorded history has no other use for it. Errors are
judged by area error, and the three fields that every answer carries by area rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.contract import Contract, Operation
from conformance.exchange import Exchange
from conformance.finding import SHOWN, Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select

UNREADABLE = "unreadable"
KEYS_MATTER = frozenset({401, 403, 429})  # answers to the key, which areas auth and rate judge


@judges("schema.responses")
def responses(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge media type and body of every success with the documented status.

    What comes of a request that should have been refused may well repeat what was wrong with it.
    """
    asked = [
        one
        for operation, one in select.settled(contract, history)
        if one.status == operation.success_status
        and one.tags.defect is None
        and one.response
        and not one.response.truncated
    ]
    for id, ones in select.grouped(asked, select.place).items():
        yield from _described(contract.by_id[id], ones)


@judges("schema.success-status")
def success_status(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the status of every success, a redirect included, that a sound request had.

    Also one that was sent twice: it may be refused then, but if not, it is what it was.
    """
    unkeyed = (one for one in select.unkeyed(history) if one.tags.operation)
    every = (*_sound(contract, history, again=True), *unkeyed)
    asked = [one for one in every if 200 <= (one.status or 0) < 400]
    for id, ones in select.grouped(asked, select.place).items():
        documented = contract.by_id[id].success_status
        if right := [one for one in ones if one.status == documented]:
            yield Evidence(tuple(right))
        others = [one for one in ones if one.status != documented]
        yield from _findings(others, f"status {documented} from a successful {id}")


@judges("schema.valid-accepted")
def valid_accepted(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what requests that were generated as valid got.

    A write that a gateway lost may have been done, and be invalid when it is sent again.
    """
    asked = [one for one in _sound(contract, history) if one.tags.generated == "positive"]
    if accepted := [one for one in asked if one.succeeded]:
        yield Evidence(tuple(accepted))
    refused = [one for one in asked if 400 <= (one.status or 0) < 500]
    judged = [one for one in refused if one.status not in KEYS_MATTER and not _done_before(one)]
    judged = [one for one in judged if one.number not in select.unfinished(history)]
    yield from _findings(judged, "a success: the request is valid by openapi.yaml")


def _done_before(one: Exchange) -> bool:
    repeated = one.tags.repeats is not None and one.request.method != "GET"
    return repeated and one.status == 400


def _sound(contract: Contract, history: History, *, again: bool = False) -> Iterator[Exchange]:
    """Sound requests of live keys for their own; *again*: and such as were sent before."""
    lives, unrecognised = select.lives_of(history), select.unrecognised(contract, history)
    for _, one in select.settled(contract, history):
        known = lives.live(one) and one.tags.key not in unrecognised
        sound = select.sound(one) or (again and one.tags.defect == "twice")
        if select.own(one) and sound and known:
            yield one


def _findings(asked: Iterable[Exchange], expected: str) -> Iterator[Finding]:
    told = select.grouped(asked, lambda one: (select.place(one), select.said(one)))
    for (place, said), ones in told.items():
        yield Finding(expected=expected, observed=f"{said} from {place}", exchanges=ones[:SHOWN])


def _described(operation: Operation, asked: Iterable[Exchange]) -> Iterator[Opinion]:
    """Judge whether answers are as described; a finding for each part of it that is not so."""
    told = select.grouped(asked, lambda one: _broken_part(operation, one))
    for part, ones in told.items():
        if part is None:
            yield Evidence(ones)
        elif part == UNREADABLE:
            yield Doubt(f"{operation.id}: a body is nested too deeply, or no Unicode text")
        else:
            yield Finding(
                expected=f"the {operation.success_status} of {operation.id} as openapi.yaml has it",
                observed=_difference(operation, ones[0]),
                exchanges=ones[:SHOWN],
            )


def _broken_part(operation: Operation, one: Exchange) -> str | None:
    """Which part of the description an answer breaks; None if none."""
    assert one.response is not None
    if one.response.media_type != operation.success_media:
        return f"media type {one.response.media_type}"
    try:
        error = next(operation.success_validator.iter_errors(one.response.json), None)
    except ValueError:  # a lone surrogate, or more levels than the validator descends
        return UNREADABLE
    return None if error is None else "/".join(map(str, error.schema_path))


def _difference(operation: Operation, one: Exchange) -> str:
    """How an answer that is not as described differs, in words."""
    assert one.response is not None
    if one.response.media_type != operation.success_media:
        return f"a body of type {one.response.media_type or 'none'}"
    error = next(operation.success_validator.iter_errors(one.response.json))
    where = ".".join(["body", *map(str, error.instance_path)])
    return f"{where}: {error.message[:120]}"
