"""Likeness: whether two answers are the same after what must differ is masked (reading 14)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

from conformance.contract import RateLimit
from conformance.exchange import Exchange
from conformance.history import History

# Fields that say when or how an answer was sent, not what it says; Content-Length with the body.
SENDING = frozenset(
    {
        "date",
        "age",
        "content-length",
        "retry-after",
        "connection",
        "keep-alive",
        "transfer-encoding",
    }
)
WHEN = frozenset({"date", "age", "retry-after"})  # of these, that they are there is compared
CONNECTION = "connection handling"
ORDER = "order of members"
LAYOUT = "layout of the body"
VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,"]+')  # a text, a number or a word in JSON
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PRESENT = "present"  # what is compared of a part whose value may vary
MASK = "{id}"
SHORT = 3  # characters that may stand anywhere by chance
MOST_LAYOUT = 4000  # bytes of a body of which the layout is compared
NEIGHBOURS = 3  # answers to the same request before it that each is compared with
MOST_LEAVES = 5_000  # members of a body that are compared
SURE = 8  # repeated requests, after which all that varies has varied
CHANCE = 0.01  # with which what varies elsewhere may well not have varied in so many


def answer(exchange: Exchange, rate_limit: RateLimit) -> Mapping[str, Any]:
    """The answer by its parts: status, fields, members of the body, with sent ids masked."""
    response = exchange.response
    if response is None:
        return {}
    hide = _masker(exchange)
    left_out = SENDING | {name.lower() for name in rate_limit.fields}
    parts: dict[str, Any] = {"status": response.status}
    for name, value in response.fields:
        lower = name.lower()
        if lower in WHEN or lower.startswith("ratelimit"):
            parts[f"field {lower}"] = PRESENT
        elif lower not in left_out:
            key = f"field {lower}"
            parts[key] = (*parts.get(key, ()), hide(value))
    document = response.json
    if document is None:
        parts["body"] = hide(response.body.decode("utf-8", "replace"))
    else:
        members = {f"body {path}": hide(leaf) for path, leaf in _leaves(document)}
        layout = VALUE.sub("_", response.body[:MOST_LAYOUT].decode("utf-8", "replace"))
        parts |= members | {ORDER: tuple(members), LAYOUT: layout}
    return parts


def connection(exchange: Exchange) -> tuple[str, ...]:
    """What an answer says of its connection (RFC 9110, 7.6.1)."""
    if exchange.response is None:
        return ()
    said = (value.lower() for value in exchange.response.values("Connection"))
    return (*said, *("Keep-Alive" for _ in exchange.response.values("Keep-Alive")))


def differences(
    one: Exchange, other: Exchange, rate_limit: RateLimit
) -> Mapping[str, tuple[Any, Any]]:
    """The parts in which two answers differ, with both values; None where a part is missing."""
    return _unlike(answer(one, rate_limit), answer(other, rate_limit))


def _unlike(first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, tuple[Any, Any]]:
    keys = [*first, *(key for key in second if key not in first)]
    return {
        key: (first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)
    }


def worded(value: Any) -> str:
    """The value of a part, for a reader."""
    match value:
        case None:
            return "missing"
        case str():
            return f'"{value}"'
        case tuple():
            return ", ".join(map(worded, value))
        case _:
            return str(value)


def same_request(one: Exchange, other: Exchange) -> bool:
    """Whether two requests are identical but for the connection.

    Where keys are masked, a key and what was altered of it look the same.
    """
    return _asked(one) == _asked(other)


def _asked(one: Exchange) -> tuple[object, ...]:
    return one.request, one.tags.key, one.tags.form


def volatile(history: History, rate_limit: RateLimit) -> frozenset[str]:
    """The parts of answers that vary between identical requests."""
    return frozenset(_variations(history, rate_limit))


@lru_cache(maxsize=8)
def erratic(history: History, rate_limit: RateLimit, status: int | None) -> Mapping[str, bool]:
    """The parts of answers that vary by themselves, and whether only some answers have them.

    Where enough requests for what does not exist were repeated, or for what is another's, only what
    varies in their answers of this status, or does so too seldom elsewhere to be sure that it does
    not here: what varies for one of the two alone tells it apart.
    """
    kinds = {whose: _about(history, whose, status) for whose in ("absent", "foreign")}
    known = {id(ones) for kind in kinds.values() for ones in kind}
    rest = [ones for ones in _alike(history) if id(ones) not in known]
    rates = [_rates(ones, rate_limit) for ones in (*kinds.values(), rest)]
    told = {whose: _varied(ones, rate_limit) for whose, ones in kinds.items()}
    asked = {whose: _repetitions(ones) for whose, ones in kinds.items()}
    every = _variations(history, rate_limit)

    def varies(part: str, whose: str) -> bool:
        unseen = any((1 - rate[part]) ** asked[whose] >= CHANCE for rate in rates if part in rate)
        return part in told[whose] or asked[whose] < SURE or unseen

    found = {part: missed for part, missed in every.items() if all(varies(part, n) for n in kinds)}
    coming = any(missed and part.startswith("body ") for part, missed in found.items())
    return found | (dict.fromkeys((ORDER, LAYOUT), False) if coming else {})


def _repetitions(groups: Iterable[list[Exchange]]) -> int:
    return sum(len(alike) - 1 for alike in groups)


def _rates(groups: list[list[Exchange]], rate_limit: RateLimit) -> Mapping[str, float]:
    """The parts that change to and fro within groups, and at how many of the repetitions.

    What changes once, as with a cache, does not do so by chance.
    """
    found: Counter[str] = Counter()
    for alike in groups:
        changes: Counter[str] = Counter()
        for one, other in pairwise(answer(each, rate_limit) for each in alike):
            changes.update(_varying(_unlike(other, one)))
        found.update({part: count for part, count in changes.items() if count > 1})
    return {part: count / _repetitions(groups) for part, count in found.items()}


def _about(history: History, whose: str, status: int | None) -> list[list[Exchange]]:
    """The groups of identical requests for what is absent or another's that got this status."""
    return [
        ones
        for ones in _alike(history)
        if ones[0].status == status and whose in (ones[0].tags.resource, ones[0].tags.nested)
    ]


@lru_cache(maxsize=8)
def _variations(history: History, rate_limit: RateLimit) -> Mapping[str, bool]:
    return _varied(_alike(history), rate_limit)


@lru_cache(maxsize=8)
def _alike(history: History) -> list[list[Exchange]]:
    """The answers of one status to identical requests; limits are left out."""
    known: dict[object, list[Exchange]] = {}
    for one in history.answered:
        if one.status != 429:
            known.setdefault((*_asked(one), one.status), []).append(one)
    return [ones for ones in known.values() if len(ones) > 1]


def _varied(groups: Iterable[list[Exchange]], rate_limit: RateLimit) -> Mapping[str, bool]:
    """The parts that vary within a group, and whether they were missing."""
    parts: dict[str, bool] = {}
    for alike in groups:
        answers = [answer(one, rate_limit) for one in alike]
        for later in range(len(answers)):
            for earlier in range(max(0, later - NEIGHBOURS), later):
                found = _unlike(answers[later], answers[earlier])
                for part in _varying(found):
                    parts[part] = parts.get(part, False) or None in found[part]
    return parts


def _varying(found: Mapping[str, tuple[Any, Any]]) -> set[str]:
    """The parts that varied; order and layout did only where the members are the same."""
    one, other = (members or () for members in found.get(ORDER, ((), ())))
    return set(found) - (set() if sorted(one) == sorted(other) else {ORDER, LAYOUT})


def _masker(exchange: Exchange) -> Callable[[Any], Any]:
    """Replaces the ids that were sent in the path, wherever they stand alone, also shortened."""
    ids = sorted(set(_spelled(_ids(exchange))), key=len, reverse=True)
    if not ids:
        return lambda value: value
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)", re.IGNORECASE)

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(MASK, value)
        return MASK if str(value) in ids else value

    return hide


def _ids(exchange: Exchange) -> set[str]:
    """The path's parameters, by its template; else what looks like an id; and those in the body."""
    parts = exchange.request.path.split("/")
    names = (exchange.tags.route or "").split("/")
    given = {part for part, name in zip(parts[::-1], names[::-1], strict=False) if "{" in name}
    sent = UUID.findall(exchange.request.body[:MOST_LAYOUT].decode("utf-8", "replace"))
    return given.union(sent, (one for one in parts if len(one) > SHORT and re.search(r"\d", one)))


def _spelled(ids: Iterable[str]) -> Iterator[str]:
    """The ids, and of each uuid what people know it by: without hyphens, and its first part."""
    for id in ids:
        yield id
        if UUID.fullmatch(id):
            yield from (id.replace("-", ""), id.partition("-")[0])


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of a document with their paths, however deep it is; no more than is compared."""
    return islice(_all_leaves(document), MOST_LEAVES)


def _all_leaves(document: Any) -> Iterator[tuple[str, Any]]:
    waiting = [("", document)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, dict) and node:
            waiting += [(f"{path}/{name}", value) for name, value in node.items()][::-1]
        elif isinstance(node, list) and node:
            waiting += [(f"{path}/{place}", value) for place, value in enumerate(node)][::-1]
        else:
            yield path or "/", node
