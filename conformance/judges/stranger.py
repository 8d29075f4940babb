"""What strangers learn: compares answers to requests without a valid key, whatever they ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from conformance.contract import Contract, RateLimit
from conformance.exchange import Exchange
from conformance.finding import SHOWN, Evidence, Finding, Opinion
from conformance.history import History
from conformance.judges import select, words
from conformance.likeness import SURE, volatile

STEADY = 3  # answers that show that a number does not change
SELDOM = 0.5  # of the answers, that have by chance the number that others always have
MISSING = "(missing)"
FRAMING = frozenset(  # fields that vary with connection and time, not with what was asked
    {"age", "connection", "content-length", "date", "keep-alive", "transfer-encoding", "via"}
)
OWN = frozenset({"body.error.code", "body.error.message"})  # the members of the one format
VARYING = re.compile(  # what two identical requests need not share: ids, times, counts
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\b[0-9a-f]{16,}\b|\d{4,}",
    re.IGNORECASE,
)


def comparison(id: str, ones: tuple[Exchange, ...], usual: frozenset[str]) -> Iterator[Opinion]:
    """Compare a stranger's answers with the one to a sound request for what exists.

    *usual*: the parts that vary between identical requests.
    """
    plain = next((one for one in ones if not _varies(one)), None)
    varied = [one for one in ones if _varies(one)]
    if plain is None or plain.status != 401 or not varied:
        return
    seen = {one.number: _facets(one) for one in (plain, *varied)}
    ignored = usual | _per_response(list(seen.values()))
    told = [(one, _differing(seen, plain, one, ignored)) for one in varied]
    if same := [one for one, facets in told if not facets]:
        yield Evidence((plain, *same))
    if different := [(one, facets) for one, facets in told if facets]:
        one, facets = different[0]
        yield Finding(
            expected=f"{id} tells a stranger the same whatever is asked: {select.said(plain)}",
            observed=f"{select.said(one)} to {_asking(one)}, which differs in {', '.join(facets)}",
            exchanges=(plain, *(one for one, _ in different[:SHOWN])),
        )


def window_tells(
    limit: RateLimit, ones: Sequence[Exchange], others: Sequence[Exchange]
) -> Iterator[tuple[str, str, str]]:
    """Yield the fields of a window that tell two kinds of strangers apart, with both values.

    Numbers do where they never change for one of the two, and are seldom so for the other; a
    counter of an address, which goes on, does not.
    """
    if min(len(ones), len(others)) < STEADY:
        return
    for field in (limit.limit_field, limit.remaining_field):
        said, other = ([_value(one, field) for one in asked] for asked in (ones, others))
        if _apart(said, other) or _apart(other, said):
            yield field, _listed(said), _listed(other)


def _apart(steady: Sequence[str], values: Sequence[str]) -> bool:
    """Whether a value that never changes for the ones tells them from the others."""
    if len(set(steady)) > 1:
        return False
    same = values.count(steady[0])
    if steady[0] == MISSING or len(set(values)) == 1:
        return same == 0
    return len(steady) >= SURE and same <= SELDOM * len(values)


def _listed(values: Iterable[str]) -> str:
    return " or ".join(sorted(set(values))[:SHOWN])


def _value(one: Exchange, field: str) -> str:
    value = one.response.value(field) if one.response else None
    return MISSING if value is None else value


def _varies(one: Exchange) -> bool:
    tags = one.tags
    return not select.sound(one) or tags.resource != "own" or tags.nested not in (None, "own")


def _asking(one: Exchange) -> str:
    defect = f" with {words.defect(one)}" if one.tags.defect else ""
    return f"a request for {words.existing(one)}{defect}"


def _facets(one: Exchange) -> Mapping[str, str]:
    """An answer in parts that can be compared."""
    assert one.response is not None
    told = (name.lower() for name, value in one.response.fields if not _repeats(value, one))
    names = frozenset(told) - FRAMING
    facets = {"status": str(one.status), "field names": ", ".join(sorted(names))}
    facets["media type"] = one.response.media_type
    document = one.response.json
    content = one.response.body.decode(errors="replace") if document is None else document
    return facets | dict(_leaves(content))


def _repeats(value: str, one: Exchange) -> bool:
    """Whether a field repeats the query, and is there because of it."""
    query = one.request.target.partition("?")[2]
    return query != "" and (query in value or unquote_plus(query) in value)


def _leaves(document: Any) -> Iterator[tuple[str, str]]:
    """Every member that is no object or list, with its path; the target decides how deep."""
    left = [("body", document)]
    while left:
        name, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{name}.{key}", member) for key, member in value.items()]
        elif isinstance(value, list):
            left += [(f"{name}[{place}]", member) for place, member in enumerate(value)]
        else:
            yield name, str(value)


def _masked(text: str, one: Exchange) -> str:
    """The text without what was asked for, and without ids and times."""
    known = (one.tags.route or "").split("/")
    path, mark, query = one.request.target.partition("?")
    for sent in (query, unquote_plus(query)):
        text = text.replace(f"{path}{mark}{sent}", path)
        text = text.replace(sent, "") if "=" in sent else text  # which may stand by itself
    for part in path.split("/")[1:]:
        if part not in known and len(part) >= 8:
            text = text.replace(part, "<id>")
    return VARYING.sub("<varying>", text)


def varying(contract: Contract, history: History) -> frozenset[str]:
    """Extra members that vary between identical requests, as padding of random length does."""
    parts = volatile(history, contract.rate_limit)
    names = {part.replace(" /", ".").replace("/", ".") for part in parts}
    return frozenset(name for name in names if name.startswith("body.")) - OWN


def unsteady(strangers: Iterable[Exchange]) -> frozenset[str]:
    """The parts in which answers to one and the same request differ."""
    alike = select.grouped(strangers, lambda one: (one.request, one.tags.form, one.status))
    found: set[str] = set()
    for first, *others in alike.values():
        seen = {one.number: _facets(one) for one in (first, *others)}
        found.update(*(_differing(seen, first, one, frozenset()) for one in others))
    return frozenset(found)


def _per_response(answers: list[Mapping[str, str]]) -> frozenset[str]:
    """Extra members that are another in every answer, as a request id is."""
    names = {name for answer in answers for name in answer if name.startswith("body.")}
    return frozenset(
        name
        for name in names - OWN
        if len({answer.get(name) for answer in answers}) == len(answers)
        and all(name in answer for answer in answers)
    )


def _differing(
    seen: Mapping[int, Mapping[str, str]], one: Exchange, other: Exchange, ignored: frozenset[str]
) -> list[str]:
    """The parts in which two answers differ, when what may differ is masked."""
    first, second = seen[one.number], seen[other.number]
    names = [name for name in dict.fromkeys([*first, *second]) if name not in ignored]
    return [
        name
        for name in names
        if (name in first) != (name in second)
        or _masked(first.get(name, ""), one) != _masked(second.get(name, ""), other)
    ]
