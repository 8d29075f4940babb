"""Judges of area error: one format."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs

from conformance.contract import Contract, Operation
from conformance.exchange import Exchange, Response
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select

SHOWN = 3  # exchanges that a finding points at
SEARCHED = 8192  # characters of an error that are searched for internals
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)  # of every id

# Each is a trace of the program behind the API that plain words, ids, routes and JSON pointers
# do not contain. What repeats is bounded, because the text is the target's.
INTERNALS = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("a stack trace", r"Traceback \(most recent call last\)|\bgoroutine \d+ \["),
        (
            "a stack trace",
            r"\n[ \t]+at \S+.{0,99}:\d+|\bat \S{1,99} ?\([^)]{0,99}[./\\][^)]{0,99}:\d+\)",
        ),
        (
            "a stack trace",
            r'File "[^"]{1,99}", line \d+|\b\w+\.(py|jsx?|tsx?|rb|go|java|php|cs|rs):\d+',
        ),
        ("a file path", r"/(usr|home|var|opt|srv|app|root|etc|tmp|mnt|Users)/[\w.@-]+/[\w./@-]+"),
        ("a file path", r"/(usr|home|var|opt|srv|app|root|etc|tmp|mnt|Users)/[\w@-]+\.\w{1,4}\b"),
        ("a file path", r"\b[A-Z]:\\[\w.-]+|file:///|\b(node_modules|(site|dist)-packages)/"),
        (
            "SQL",
            r"\bSELECT\s.{1,99}\sFROM\s|\bINSERT\s+INTO\s|\bUPDATE\s\S{1,99}\sSET\s|\bDELETE\s+FROM\s",
        ),
        ("SQL", r"\bSQLSTATE\b|\bORA-\d{5}|\bSQLITE_[A-Z]+|syntax error at or near"),
        ("SQL", r"violates (unique|foreign key|not-null|check) constraint"),
        ("a class name", r"\b[A-Z][a-z]\w*(Error|Exception)\b"),
        ("a class name", r"\b(java|javax|org|com|System)\.(\w+\.)*[A-Z]\w+|<class '"),
        ("a class name", r"\b\w+ object at 0x[0-9a-f]+|Cannot read propert(y|ies) of "),
    )
)

Chosen = Callable[[Operation, Exchange], bool]


@judges("error.envelope")
def envelope(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the form of every error body that was read to its end."""
    yield from _each(
        (one for one in _errors(contract, history) if not _response(one).truncated),
        lambda one: _enveloped(_response(one).json),
        "an error body with non-empty strings error.code and error.message",
        lambda one: f"a {one.status} with the body {_excerpt(one)}",
        key=lambda one: str(one.status),
    )


@judges("error.content-type")
def content_type(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the media type of every error body."""
    yield from _each(
        _errors(contract, history),
        lambda one: _response(one).media_type == "application/json",
        "an error body of type application/json",
        lambda one: f"a {one.status} of type {_response(one).value('Content-Type') or 'none'}",
        key=lambda one: f"{one.status} {_response(one).media_type}",
    )


@judges("error.code-matches")
def code_matches(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the code of every error that has one and a documented status."""
    coded = [one for one in _errors(contract, history) if one.code and one.status in contract.codes]
    for ones in select.grouped(coded, lambda one: one.status).values():
        yield from _each(
            ones,
            lambda one: one.code == contract.codes[one.status or 0],
            f"the code {contract.codes[ones[0].status or 0]} with status {ones[0].status}",
            lambda one: f"the code {one.code}",
            key=lambda one: str(one.code),
        )


@judges("error.documented-status")
def documented_status(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the status of every error."""
    yield from _each(
        _errors(contract, history),
        lambda one: one.status in contract.codes,
        f"an error with one of the statuses {_table(contract)}",
        select.said,
        key=lambda one: str(one.status),
    )


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
    yield from _each(
        (one for one in _off_surface(contract, history) if _lacking(one) and _unscoped(one)),
        lambda one: one.status in contract.codes,
        f"one of the errors {_table(contract)} to a method that the path lacks",
        select.said,
        key=lambda one: str(one.status),
    )


@judges("error.no-server-error")
def no_server_error(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for answers that say that the server failed."""
    yield from _each(
        select.judgeable(contract, history),
        lambda one: (one.status or 0) < 500,
        "no 5xx, whatever is sent",
        _to_defect,
        key=lambda one: str(one.status),
    )


@judges("error.not-in-success")
def not_in_success(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for error envelopes in successes."""
    yield from _each(
        (one for one in select.judgeable(contract, history) if one.succeeded),
        lambda one: not _disguised(_response(one).json),
        "a success without an error in its body",
        lambda one: f"a {one.status} with the body {_excerpt(one)}",
        key=lambda one: str(one.status),
    )


@judges("error.no-internals")
def no_internals(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for internals in errors; what the request itself contained is not counted."""
    yield from _each(
        _errors(contract, history, hardening=True),
        lambda one: _internal(one) is None,
        "an error in words that tell nothing of what is behind the API",
        lambda one: "a {} that holds {}: {}".format(one.status, *(_internal(one) or ("", ""))),
        key=lambda one: (_internal(one) or ("",))[0],
    )


def _each(
    asked: Iterable[Exchange],
    holds: Callable[[Exchange], bool],
    expected: str,
    observed: Callable[[Exchange], str],
    *,
    key: Callable[[Exchange], str],
) -> Iterator[Opinion]:
    """Judge exchanges one by one; a finding for each place and *key*, not for each exchange."""
    told = select.grouped(asked, holds)
    if True in told:
        yield Evidence(told[True])
    broken = select.grouped(told.get(False, ()), lambda one: (select.place(one), key(one)))
    for (place, _), ones in broken.items():
        yield Finding(
            expected=expected,
            observed=f"{observed(ones[0])}, from {place}",
            exchanges=ones[:SHOWN],
        )


def _errors(contract: Contract, history: History, *, hardening: bool = False) -> Iterator[Exchange]:
    for one in select.judgeable(contract, history, hardening=hardening):
        if one.status is not None and one.status >= 400:
            yield one


def _response(one: Exchange) -> Response:
    assert one.response is not None
    return one.response


def _table(contract: Contract) -> str:
    return ", ".join(str(status) for status in sorted(contract.codes))


def _enveloped(document: Any) -> bool:
    error = document.get("error") if isinstance(document, dict) else None
    texts = [error.get("code"), error.get("message")] if isinstance(error, dict) else [None]
    return all(isinstance(text, str) and text for text in texts)


def _disguised(document: Any) -> bool:
    """Whether a body says that something failed. An empty error says that nothing did."""
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        return bool(error.get("code") or error.get("message"))
    return isinstance(error, str) and bool(error)


def _excerpt(one: Exchange) -> str:
    text = _response(one).body.decode(errors="replace")
    return (text[:80] + "..." if len(text) > 80 else text) or "empty"


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
    yield from _each(
        asked,
        lambda one: (
            select.answers(contract, one, *statuses)
            and (one.code is not None or one.status not in coded)
        ),
        f"{named} {where}",
        _to_defect,
        key=select.said,
    )


def _to_defect(one: Exchange) -> str:
    return select.said(one) + (f" to {one.tags.defect}" if one.tags.defect else "")


def _invalid(contract: Contract, history: History, chosen: Chosen, what: str) -> Iterator[Opinion]:
    """Judge what a live key gets for invalid requests on its own."""
    controls = select.controls(contract, history)
    lives = select.Lives(history)
    asked = [
        one
        for operation, one in select.settled(contract, history)
        if chosen(operation, one)
        and _on_its_own(operation, one)
        and lives.live(one)
        and (not select.crashed(one) or _by_input(contract, history, one))
        # refused before validation: area auth judges that
        and one.status != 401
        and (one.status != 404 or operation.id in controls or _invalid_path(operation, one))
    ]
    elsewhere = [one for one in asked if not _in_path(contract, one)]
    in_path = [one for one in asked if _in_path(contract, one)]
    coded = _coded(contract, history)
    yield from _only(contract, coded, elsewhere, (400,), f"to {what}")
    yield from _only(contract, coded, in_path, (400, 404), f"to {what}, in the path")


def _by_input(contract: Contract, history: History, one: Exchange) -> bool:
    """Whether it was what was sent that made the server fail, which then is its answer to that."""
    return one.status == 500 and not _unsteady(contract, history)


@lru_cache(maxsize=8)
def _unsteady(contract: Contract, history: History) -> bool:
    """Whether the server fails at valid requests too."""
    return any(
        select.crashed(one)
        for _, one in select.settled(contract, history)
        if select.own(one) and select.sound(one)
    )


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
    document = Response(status=0, body=one.request.body).json
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
    path = urllib.parse.unquote(one.request.target.partition("?")[0])
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
    lives = select.Lives(history)
    for one in select.judgeable(contract, history):
        known = one.tags.key is None or (one.plain_key and lives.live(one))
        decided = one.status != 429 and not select.crashed(one)
        if one.tags.operation is None and known and decided and one.tags.twist is None:
            yield one


def _lacking(one: Exchange) -> bool:
    return (one.tags.defect or "").startswith("method:")


def _unscoped(one: Exchange) -> bool:
    return not one.plain_key or one.tags.resource == "own"


def _internal(one: Exchange) -> tuple[str, str] | None:
    """What an error tells of the program behind it, and the words that do; None if nothing."""
    text = "\n".join(_texts(_response(one)))[:SEARCHED]
    sent = urllib.parse.unquote(one.request.target) + one.request.body.decode(errors="replace")
    for what, pattern in INTERNALS:
        found = pattern.search(text)
        if found and found.group().strip() not in sent:
            return what, found.group().strip()[:80]
    return None


def _texts(response: Response) -> Iterator[str]:
    """The texts of a JSON body as they read, without its escapes; any other body as it is."""
    if response.json is None:
        yield response.body.decode(errors="replace")
    else:
        yield from _strings(response.json)


def _strings(document: Any) -> Iterator[str]:
    """Every text in a document, however deep: the target decides how deep."""
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value
