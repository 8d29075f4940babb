"""Judges of area error: one format."""

from __future__ import annotations

import re
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from conformance.contract import Contract
from conformance.document import texts
from conformance.exchange import Exchange, Response
from conformance.finding import SHOWN, Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select, words

Broken = tuple[tuple[str, str], tuple[Exchange, ...]]  # where, what kind, and the exchanges
SEARCHED = 8192  # characters of an error that are searched for internals
LINK = re.compile(r"\bhttps?://[^\s\"<>]+")  # whose path is one of the web

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
        ("a stack trace", r"\bruntime error: |\bnil pointer dereference\b|\bpanicked at\b"),
        ("a file path", r"/(usr|home|var|opt|srv|app|root|etc|tmp|mnt|Users)/[\w.@-]+/[\w./@-]+"),
        ("a file path", r"/(usr|home|var|opt|srv|app|root|etc|tmp|mnt|Users)/[\w@-]+\.\w{1,4}\b"),
        ("a file path", r"\b[A-Z]:\\[\w.-]+|file:///|\b(node_modules|(site|dist)-packages)/"),
        (
            "SQL",
            r"\bSELECT\s.{1,99}\sFROM\s|\bINSERT\s+INTO\s|\bUPDATE\s\S{1,99}\sSET\s|\bDELETE\s+FROM\s",
        ),
        ("SQL", r"\bSQLSTATE\b|\bORA-\d{5}|\bSQLITE_[A-Z]+|syntax error at or near"),
        ("SQL", r'invalid input syntax for type \w+|\brelation "[^"]{1,99}" does not exist'),
        ("SQL", r"violates (unique|foreign key|not-null|check) constraint"),
        ("a class name", r"\b[A-Z][a-z]\w*(Error|Exception)\b"),
        ("a class name", r"\b(java|javax|org|com|System)\.(\w+\.)*[A-Z]\w+|<class '"),
        ("a class name", r"\b\w+ object at 0x[0-9a-f]+|Cannot read propert(y|ies) of "),
    )
)


@judges("error.envelope")
def envelope(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the form of every error body that was read to its end."""
    yield from each(
        (one for one in _errors(contract, history) if not _response(one).truncated),
        lambda one: _enveloped(_response(one).json),
        "an error body with non-empty strings error.code and error.message",
        lambda one: f"a {one.status} with the body {_excerpt(one)}",
        key=lambda one: str(one.status),
    )


@judges("error.content-type")
def content_type(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the media type of every error body."""
    yield from each(
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
        yield from each(
            ones,
            lambda one: one.code == contract.codes[one.status or 0],
            f"the code {contract.codes[ones[0].status or 0]} with status {ones[0].status}",
            lambda one: f"the code {one.code}",
            key=lambda one: str(one.code),
        )


@judges("error.documented-status")
def documented_status(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the status of every error."""
    yield from each(
        _errors(contract, history),
        lambda one: one.status in contract.codes,
        f"an error with one of the statuses {table(contract)}",
        select.said,
        key=lambda one: str(one.status),
    )


@judges("error.no-server-error")
def no_server_error(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for answers that say that the server failed."""
    for one in history.judged if history.recorded else ():
        if select.passing(history, one):
            yield Doubt(
                f"exchange {one.number} got {one.status}, of which a gateway may be the cause"
            )
            break
    yield from each(
        select.judgeable(contract, history, hardening=True),
        lambda one: not _failed(one),
        "no 5xx, whatever is sent",
        to_defect,
        key=lambda one: str(one.status),
    )


def _failed(one: Exchange) -> bool:
    """Whether the server failed; what a hardening probe sends, a gateway may refuse otherwise."""
    return one.status == 500 if one.tags.level == "hardening" else (one.status or 0) >= 500


@judges("error.not-in-success")
def not_in_success(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for error envelopes in successes."""
    yield from each(
        (one for one in select.judgeable(contract, history) if _readable_success(one)),
        lambda one: not _disguised(_response(one).json),
        "a success without an error in its body",
        lambda one: f"a {one.status} with the body {_excerpt(one)}",
        key=lambda one: str(one.status),
    )


@judges("error.no-internals")
def no_internals(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for internals in errors; what the request itself contained is not counted."""
    yield from each(
        _errors(contract, history, hardening=True),
        lambda one: _internal(one) is None,
        "an error in words that tell nothing of what is behind the API",
        lambda one: "a {} that holds {}: {}".format(one.status, *(_internal(one) or ("", ""))),
        key=lambda one: (_internal(one) or ("",))[0],
    )


def each(
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
    for (place, _), ones in _each_kind_first(broken.items()):
        yield Finding(
            expected=expected,
            observed=f"{observed(ones[:SHOWN][-1])}, from {place}",  # which is the one to repeat
            exchanges=ones[:SHOWN],
        )


def _each_kind_first(found: Iterable[Broken]) -> list[Broken]:
    """One of each kind before the next of any: a report shows only so many."""
    seen: Counter[str] = Counter()
    ranked = []
    for one in found:
        (_, kind), _ = one
        ranked.append((seen[kind], one))
        seen[kind] += 1
    return [one for _, one in sorted(ranked, key=lambda both: both[0])]


def _errors(contract: Contract, history: History, *, hardening: bool = False) -> Iterator[Exchange]:
    for one in select.judgeable(contract, history, hardening=hardening):
        if one.status is not None and one.status >= 400:
            yield one


def _response(one: Exchange) -> Response:
    assert one.response is not None
    return one.response


def table(contract: Contract) -> str:
    return ", ".join(str(status) for status in sorted(contract.codes))


def _enveloped(document: Any) -> bool:
    error = document.get("error") if isinstance(document, dict) else None
    both = [error.get("code"), error.get("message")] if isinstance(error, dict) else [None]
    return all(isinstance(text, str) and text for text in both)


def _readable_success(one: Exchange) -> bool:
    return one.succeeded and not _response(one).truncated


def _disguised(document: Any) -> bool:
    """Whether a body says that something failed. An empty error says that nothing did."""
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        return bool(error.get("code") or error.get("message"))
    return isinstance(error, str) and bool(error)


def _excerpt(one: Exchange) -> str:
    text = _response(one).body.decode(errors="replace")
    return (text[:80] + "..." if len(text) > 80 else text) or "empty"


def to_defect(one: Exchange) -> str:
    return select.said(one) + (f" to {words.defect(one)}" if one.tags.defect else "")


def _internal(one: Exchange) -> tuple[str, str] | None:
    """What an error tells of the program behind it, and the words that do; None if nothing."""
    text = LINK.sub("", "\n".join(_texts(_response(one)))[:SEARCHED])
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
        yield from texts(response.json)
