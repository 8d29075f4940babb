"""Recordings: traffic that was not sent now, read from history files and HAR files."""

from __future__ import annotations

import datetime
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from conformance import __version__, foreign, history, skew
from conformance.classify import UNKNOWN
from conformance.contract import Contract
from conformance.exchange import Exchange, Request, Response
from conformance.foreign import Entry, Foreign
from conformance.history import Event, History, HistoryError, numbered
from conformance.report import har
from conformance.settle import settled
from conformance.target import Party

APART = 10_000_000  # numbers between the exchanges of two files
LABEL = re.compile(r"\b([a-z_]+)#(\d+)")
MARK = re.compile(r"\[key [a-z_]+#\d+\]")

Rename = Callable[[str], str]
Message = TypeVar("Message", Request, Response)


@dataclass(frozen=True)
class Deployment:
    """Where a deployment is: an origin, and what stands before the base path, as a gateway's."""

    origin: str
    prefix: str

    def __str__(self) -> str:
        return self.origin + self.prefix


Part = History | Foreign


def read(path: Path) -> Part:
    """Read a history file or a HAR; raise HistoryError when it is neither."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not text.strip():
            raise HistoryError(f"{path}: is empty")
        return history.read(path) if _is_history(text) else _har(path, json.loads(text))
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        problem = "it is not UTF-8 text; unpack or convert it first"
        raise HistoryError(f"{path}: neither a history nor a HAR: {problem}") from None
    except (json.JSONDecodeError, RecursionError, TypeError) as error:
        raise HistoryError(f"{path}: neither a history nor a HAR: {error}") from None


def _is_history(text: str) -> bool:
    first = text.lstrip().partition("\n")[0]
    try:
        return "type" in json.loads(first)
    except (ValueError, TypeError):
        return False


def _har(path: Path, document: Any) -> Part:
    log = document.get("log") if isinstance(document, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise HistoryError(f"{path}: not a HAR: it has no log with entries (HAR 1.2)")
    if not har.is_own(log):
        return foreign.read(path, log)
    try:
        return har.restore(log)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise HistoryError(f"{path}: an export of a history that was changed: {error!r}") from None


# --- joining


def joined(
    parts: Sequence[Part], contract: Contract, parties: Mapping[str, Party], base_url: str | None
) -> tuple[History, tuple[str, ...]]:
    """One history of all parts, and notes on what was left out of it; raise HistoryError."""
    own = [part for part in parts if isinstance(part, History)]
    foreign = [part for part in parts if isinstance(part, Foreign)]
    if not foreign and len(own) == 1:
        return own[0], ()
    _check_same(own)
    if own:
        base_url = str(own[0].header.get("base_url") or "")
    histories = list(own)
    notes: tuple[str, ...] = ()
    if foreign:
        imported, notes = _imported(foreign, contract, parties, base_url)
        histories.append(imported)
    return _merged(histories), notes


def _check_same(own: Sequence[History]) -> None:
    """Raise HistoryError unless all histories are of the same deployment and parties."""
    for one in own:
        for name in ("base_url", "parties"):
            first, other = own[0].header.get(name), one.header.get(name)
            if first != other:
                raise HistoryError(
                    f"the histories have different {name} ({first}; {other}): "
                    "audit them one at a time"
                )


def _imported(
    parts: Sequence[Foreign],
    contract: Contract,
    parties: Mapping[str, Party],
    base_url: str | None,
) -> tuple[History, tuple[str, ...]]:
    deployment = _deployment(parts, contract, base_url)
    exchanges: list[list[Exchange]] = []
    stripped: set[int] = set()
    numbers = itertools.count(1)
    for part in parts:
        asked = [
            one.exchange for one in part.entries if _deployment_of(contract, one) == deployment
        ]
        exchanges.append([replace(one, number=next(numbers)) for one in asked])
        stripped |= {one.number for one in exchanges[-1]} if part.stripped else set()
    ordered = sorted(skew.aligned(exchanges), key=lambda one: one.started)
    if not ordered:
        raise HistoryError(f"{parts[0].path}: {_nothing_of(parts, contract, deployment)}")
    began = ordered[0].started
    tagged, events = settled(contract, ordered, parties, stripped)
    whole = History(tagged, events, _header(contract, deployment.origin, began), _footer(ordered))
    return _shifted(whole, -began, 0), tuple(_notes(parts, ordered, stripped))


def _deployment_of(contract: Contract, entry: Entry) -> Deployment | None:
    """Where the deployment would be that an entry is of; None when it is of none."""
    prefix, found, _ = entry.exchange.request.path.partition(contract.base_path + "/")
    return Deployment(entry.origin, prefix) if found else None


def _deployment(parts: Sequence[Foreign], contract: Contract, base_url: str | None) -> Deployment:
    """The deployment that the recordings are of; where one origin has several, the most used."""
    if base_url:
        origin = har.origin_of(base_url)
        return Deployment(foreign.normal(origin), base_url[len(origin) :].rstrip("/"))
    found = _deployments(parts, contract)
    if not found:
        raise HistoryError(f"{parts[0].path}: holds no request below {contract.base_path}")
    origins = sorted({one.origin for one in found})
    if len(origins) > 1:
        listed = ", ".join(origins)
        raise HistoryError(f"{parts[0].path}: requests to {listed}; choose one with --base-url")
    return found.most_common(1)[0][0]


def _deployments(parts: Sequence[Foreign], contract: Contract) -> Counter[Deployment]:
    """How many requests each deployment got that the recordings may be of."""
    found = (_deployment_of(contract, entry) for part in parts for entry in part.entries)
    return Counter(one for one in found if one is not None)


def _nothing_of(parts: Sequence[Foreign], contract: Contract, wanted: Deployment) -> str:
    asked = ", ".join(sorted(str(one) for one in _deployments(parts, contract))) or "none"
    return (
        f"no request to {wanted}{contract.base_path}; it holds requests to: {asked}; "
        "choose one with --base-url"
    )


def _notes(
    parts: Sequence[Foreign], exchanges: Sequence[Exchange], stripped: set[int]
) -> Iterable[str]:
    for part in parts:
        if part.unread:
            more = f" (and {len(part.unread) - 1} more)" if len(part.unread) > 1 else ""
            yield f"{part.path}: {part.unread[0]}{more}"
    cut = sum(one.response is not None and one.response.truncated for one in exchanges)
    if cut:
        yield (
            f"{cut} answers were recorded without their whole bodies: "
            "only their status and fields are judged"
        )
    unknown = sum(one.tags.defect == UNKNOWN for one in exchanges)
    if unknown:
        yield f"{unknown} requests were recorded without their whole bodies: those are not judged"
    if stripped:
        yield (
            f"{len(stripped)} of {len(exchanges)} requests come from recordings without any "
            "Authorization field; it may have been left out of them, so who asked is taken as "
            "unknown"
        )


def _header(contract: Contract, origin: str, began: float) -> dict[str, Any]:
    at = datetime.datetime.fromtimestamp(began, datetime.UTC)
    return {
        "suite": "bugzy-conformance",
        "version": __version__,
        "recorded": True,
        "contract": contract.digest,
        "base_url": origin,
        "started_at": at.isoformat(timespec="seconds"),
        "limit": contract.rate_limit.limit,
        "window": contract.rate_limit.window,
        "parties": {},
        "unix_offset": began,
    }


def _footer(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    began = min((one.started for one in exchanges), default=0.0)
    ended = max((one.ended for one in exchanges), default=0.0)
    return {"complete": True, "reason": None, "duration": round(ended - began, 3)}


def _merged(histories: Sequence[History]) -> History:
    """The histories as one, on the clock of the first."""
    if len(histories) == 1:
        return histories[0]
    apart = [_apart(histories, place) for place in range(len(histories))]
    exchanges = numbered(one for part in apart for one in part.exchanges)
    events = sorted((one for part in apart for one in part.events), key=lambda one: one.started)
    reasons = [part.footer.get("reason") for part in histories if not part.footer.get("complete")]
    return History(
        exchanges=exchanges,
        events=tuple(events),
        header=_merged_header(histories),
        footer={
            **_footer(exchanges),
            "complete": not reasons,
            "reason": next(iter(reasons), None),
        },
    )


def _merged_header(histories: Sequence[History]) -> dict[str, Any]:
    header = dict(histories[0].header)
    if any(part.header.get("recorded") for part in histories):
        header["recorded"] = True
    return header


def _apart(histories: Sequence[History], place: int) -> History:
    """A history whose times, numbers and labels do not meet those of the ones before it."""
    one = histories[place]
    offset = _offset(one) - _offset(histories[0])
    same_run = any(other.header.get("run") == one.header.get("run") for other in histories[:place])
    taken: Counter[str] = Counter()
    for other in histories[:place] if not same_run else ():
        taken |= Counter({name: taken[name] + n for name, n in _labels(other).items()})
    return _relabelled(_shifted(one, offset, place * APART), taken)


def _offset(one: History) -> float:
    return float(one.header.get("unix_offset") or 0.0)


def _labels(one: History) -> Counter[str]:
    """How many labels of each kind a history uses."""
    labels = {event.data["key"] for event in one.events_of("issued")}
    labels |= {exchange.tags.key for exchange in one.exchanges} - {None}
    highest: Counter[str] = Counter()
    for found in filter(None, map(LABEL.fullmatch, map(str, labels))):
        highest[found[1]] = max(highest[found[1]], int(found[2]))
    return highest


def _shifted(one: History, seconds: float, numbers: int) -> History:
    return replace(
        one,
        exchanges=tuple(_moved(exchange, seconds, numbers) for exchange in one.exchanges),
        events=tuple(
            replace(event, started=event.started + seconds, ended=event.ended + seconds)
            for event in one.events
        ),
    )


def _moved(one: Exchange, seconds: float, numbers: int) -> Exchange:
    repeats = one.tags.repeats
    return replace(
        one,
        number=one.number + numbers,
        started=one.started + seconds,
        ended=one.ended + seconds,
        tags=replace(one.tags, repeats=None if repeats is None else repeats + numbers),
    )


def _relabelled(one: History, taken: Mapping[str, int]) -> History:
    """The history with its keys numbered after those that are taken."""
    if not any(taken.values()):
        return one

    def renamed(text: str) -> str:
        return LABEL.sub(lambda found: f"{found[1]}#{int(found[2]) + taken.get(found[1], 0)}", text)

    return replace(
        one,
        exchanges=tuple(_renamed(exchange, renamed) for exchange in one.exchanges),
        events=tuple(_renamed_event(event, renamed) for event in one.events),
    )


def _renamed(one: Exchange, renamed: Rename) -> Exchange:
    def marked(text: str) -> str:
        return MARK.sub(lambda found: renamed(found[0]), text)

    def message(part: Message) -> Message:
        return replace(
            part,
            fields=tuple((name, marked(text)) for name, text in part.fields),
            body=marked(part.body.decode("latin-1")).encode("latin-1"),
        )

    return replace(
        one,
        request=replace(message(one.request), target=marked(one.request.target)),
        response=message(one.response) if one.response else None,
        tags=replace(one.tags, key=renamed(one.tags.key) if one.tags.key else None),
    )


def _renamed_event(event: Event, renamed: Rename) -> Event:
    told = ("key", "replaces", "same_as")
    changed = {name: renamed(event.data[name]) for name in told if event.data.get(name)}
    return replace(event, data={**event.data, **changed})
