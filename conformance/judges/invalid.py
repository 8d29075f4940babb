"""Judges of area error: what wrong requests are answered, on and off the documented surface."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import jsonschema_rs

from conformance.contract import Contract, Operation
from conformance.exchange import Exchange
from conformance.finding import Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.error import each, table, to_defect
from conformance.judges.instead import instead

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)  # of every id

Chosen = Callable[[Operation, Exchange], bool]


@judges("error.malformed-json")
def malformed_json(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the answers to bodies that are not JSON."""
    yield from _invalid(contract, history, _family("json."), "a body that is not JSON")


@judges("error.invalid-body")
def invalid_body(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the answers to bodies against the schema."""
    written = _family("body.")

    def chosen(operation: Operation, one: Exchange) -> bool:
        return written(operation, one) or _generated_body(operation, one)

    yield from _invalid(contract, history, chosen, "a body against the schema")


@judges("error.invalid-parameters")
def invalid_parameters(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the answers to parameters against the schema; for a path id 404 is as good."""
    written = _family("query.", "path:")

    def chosen(operation: Operation, one: Exchange) -> bool:
        return written(operation, one) or _generated_parameter(operation, one)

    yield from _invalid(contract, history, chosen, "a parameter against the schema")


@judges("error.media-type")
def media_type(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the answers to bodies of other media types."""
    yield from _invalid(contract, history, _family("media."), "a body of another media type")


@judges("error.unknown-route")
def unknown_route(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the answers on routes that are not; a stranger may be refused first."""
    asked = [one for one in _off_surface(contract, history) if one.tags.resource == "none"]
    keyed = [one for one in asked if one.plain_key]
    strangers = [one for one in asked if not one.plain_key]
    coded = _coded(contract, history)
    yield from _only(contract, coded, keyed, (404,), "on an unknown route with a valid key")
    yield from _only(
        contract, coded, strangers, (401, 404), "on an unknown route without a valid key"
    )


@judges("error.unknown-method")
def unknown_method(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the answers to methods that a path lacks. Whose resource it is, area scope judges."""
    limited = _limited(contract, history)
    asked = (one for one in _off_surface(contract, history) if _refusable(one))
    yield from each(
        (one for one in asked if select.said(one) not in limited),
        lambda one: one.status in contract.codes,
        f"one of the errors {table(contract)} to a method that the path lacks",
        select.said,
        key=lambda one: str(one.status),
    )


def _limited(contract: Contract, history: History) -> set[str]:
    """What keys over their limit get that is no 429: area rate judges that."""
    return {select.said(one) for found in instead(contract, history) for one in found.refused}


@lru_cache(maxsize=8)
def _coded(contract: Contract, history: History) -> frozenset[int]:
    """The statuses that come with their code elsewhere: an error without it is then another."""
    return frozenset(
        status
        for _, one in select.settled(contract, history)
        for status, code in contract.codes.items()
        if one.status == status and one.code == code
    )


def _only(
    contract: Contract,
    coded: frozenset[int],
    asked: Iterable[Exchange],
    statuses: tuple[int, ...],
    where: str,
) -> Iterator[Opinion]:
    """Judge whether exchanges got one of these errors and no other answer.

    Where no error of a status has a code (*coded*), that is the envelope's matter alone.
    """
    named = " or ".join(f"{status} {contract.codes[status]}" for status in statuses)
    yield from each(
        asked,
        lambda one: (
            select.answers(contract, one, *statuses)
            and (one.code is not None or one.status not in coded)
        ),
        f"{named} {where}",
        to_defect,
        key=select.said,
    )


def _invalid(contract: Contract, history: History, chosen: Chosen, what: str) -> Iterator[Opinion]:
    """Judge what a live key gets for invalid requests on its own."""
    controls = select.controls(contract, history)
    lives, limited = select.lives_of(history), _limited(contract, history)
    unrecognised = select.unrecognised(contract, history)
    asked = [
        one
        for operation, one in select.settled(contract, history)
        if chosen(operation, one)
        and select.said(one) not in limited
        and _on_its_own(operation, one)
        and lives.live(one)
        and one.tags.key not in unrecognised
        and not select.fails(contract, history, one)
        # refused before validation: area auth judges that, where valid requests are too
        and (one.status != 401 or (operation.id in controls and not lives.shut_out(one)))
        and (one.status != 404 or operation.id in controls or _invalid_path(operation, one))
    ]
    elsewhere = [one for one in asked if not _in_path(contract, one)]
    in_path = [one for one in asked if _in_path(contract, one)]
    coded = _coded(contract, history)
    yield from _only(contract, coded, elsewhere, (400,), f"to {what}")
    yield from _only(contract, coded, in_path, (400, 404), f"to {what}, in the path")


def _family(*prefixes: str) -> Chosen:
    """Selects the hand-made defects of a family."""
    return lambda _, one: (one.tags.defect or "").startswith(prefixes)


def _on_its_own(operation: Operation, one: Exchange) -> bool:
    """Whether the key asked for its own. Whose a malformed id would be cannot be said."""
    kind = one.tags.credential.removeprefix("other_")
    astray = one.plain_key and kind == operation.kind and _invalid_path(operation, one)
    return select.own(one) or astray


def _in_path(contract: Contract, one: Exchange) -> bool:
    operation = select.operation_of(contract, one)
    return operation is not None and _invalid_path(operation, one)


def _generated_body(operation: Operation, one: Exchange) -> bool:
    """Whether a generated case's body is against the schema; chance also makes valid ones."""
    if one.tags.generated != "negative" or operation.body_validator is None:
        return False
    document = one.request.json
    try:
        return document is None or not operation.body_validator.is_valid(document)
    except ValueError:  # a lone surrogate, which a reader may refuse or take
        return False


def _generated_parameter(operation: Operation, one: Exchange) -> bool:
    """Whether a generated case is broken in a parameter, and not in its body."""
    if one.tags.generated != "negative" or _generated_body(operation, one):
        return False
    return _invalid_query(operation, one) or _invalid_path(operation, one)


def _invalid_query(operation: Operation, one: Exchange) -> bool:
    """Whether a parameter is against its schema in every reading of its values."""
    given = urllib.parse.parse_qs(urllib.parse.urlsplit(one.request.target).query)
    return any(
        not any(jsonschema_rs.is_valid(dict(operation.query[name]), _read(each)) for each in values)
        for name, values in given.items()
        if name in operation.query
    )


def _invalid_path(operation: Operation, one: Exchange) -> bool:
    """Whether an id in the path is no uuid, or the path is not even of the operation's form."""
    path = urllib.parse.unquote(one.request.path)
    found = re.search(operation.pattern, path)
    return found is None or not all(UUID.fullmatch(id) for id in found.groups())


def _read(value: str) -> int | str:
    """A parameter's value as the most lenient reader of numbers takes it."""
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else value


def _off_surface(contract: Contract, history: History) -> Iterator[Exchange]:
    """Decided answers off the documented surface, of strangers and live keys."""
    lives, unrecognised = select.lives_of(history), select.unrecognised(contract, history)
    for one in select.judgeable(contract, history):
        right = one.plain_key and one.tags.key not in unrecognised and lives.live(one)
        known = one.tags.key is None or right
        decided = one.status != 429 and not select.fails(contract, history, one)
        decided &= one.status != 401 or not lives.shut_out(one)  # area rotation judges why
        if one.tags.operation is None and known and decided and one.tags.twist is None:
            yield one


def _refusable(one: Exchange) -> bool:
    """Whether only the method can be wrong with a request, and the answer speaks of it."""
    lacking = (one.tags.defect or "").startswith("method:")
    unscoped = not one.plain_key or one.tags.resource == "own"
    return lacking and unscoped and not select.crashed(one)
