"""Recordings: traffic that was not sent now, read from history files and HAR files."""

from __future__ import annotations

import binascii
import datetime
import json
import re
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from conformance import __version__, history
from conformance.classify import below
from conformance.contract import Contract
from conformance.exchange import Exchange, Request, Response, values
from conformance.history import Event, History, HistoryError, numbered
from conformance.report import har
from conformance.settle import settled
from conformance.target import Party

APART = 10_000_000  # numbers between the exchanges of two files
FORM = "application/x-www-form-urlencoded"
BODYLESS = frozenset({204, 205, 304})  # statuses without a body (RFC 9110, 6.4.1)
ROUNDING = 0.001  # seconds: recorders write times in whole milliseconds
LABEL = re.compile(r"\b([a-z_]+)#(\d+)")
MARK = re.compile(r"\[key [a-z_]+#\d+\]")

Rename = Callable[[str], str]
Message = TypeVar("Message", Request, Response)


@dataclass(frozen=True)
class Entry:
    """One entry of a HAR that somebody else wrote."""

    origin: str
    exchange: Exchange  # untagged, its times in Unix seconds, its keys as they were sent


@dataclass(frozen=True)
class Foreign:
    """A HAR that somebody else wrote."""

    path: Path
    entries: tuple[Entry, ...]

    @property
    def stripped(self) -> bool:
        """Whether the recorder may have left credentials out, as browsers do unless told."""
        return not any(values(one.exchange.request.fields, "Authorization") for one in self.entries)


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
        raise HistoryError(f"{path}: neither a history nor a HAR: it is not UTF-8 text") from None
    except (json.JSONDecodeError, RecursionError, TypeError) as error:
        raise HistoryError(f"{path}: neither a history nor a HAR: {error}") from None


def _is_history(text: str) -> bool:
    first = text.lstrip().partition("\n")[0]
    try:
        return "type" in json.loads(first)
    except (ValueError, TypeError):
        return False


def _har(path: Path, document: Any) -> Part:
    try:
        log = document["log"]
        if har.is_own(log):
            return har.restore(log)
        found = [_entry(number, entry) for number, entry in enumerate(log["entries"], 1)]
        return Foreign(path, tuple(one for one in found if one is not None))
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error) as error:
        raise HistoryError(f"{path}: not a HAR: {error!r} in it") from None


def _entry(number: int, entry: Mapping[str, Any]) -> Entry | None:
    """An entry; None of what no server answered just then: caches, workers, redirects of HSTS."""
    request, response = entry["request"], entry["response"]
    fields = _fields(response)
    local = entry.get("_fromCache") or response.get("_fetchedViaServiceWorker")
    if local or values(fields, "Non-Authoritative-Reason") or not request["url"].startswith("http"):
        return None
    origin = har.origin_of(request["url"])
    began = datetime.datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    exchange = Exchange(
        number=number,
        request=_request(request, origin),
        response=_response(response, fields) if response["status"] else None,
        started=began - ROUNDING,
        ended=began + max(0.0, entry["time"]) / 1000 + ROUNDING,
        connection=entry.get("connection"),
        failure=None if response["status"] else str(response.get("_error") or "no answer"),
    )
    return Entry(origin.lower(), exchange)


def _fields(message: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The fields as they were sent: without HTTP/2's pseudo-fields, each line its own."""
    return tuple(
        (name, line)
        for name, value in har.fields_of(message["headers"])
        if not name.startswith(":")
        for line in value.split("\n")
    )


def _request(request: Mapping[str, Any], origin: str) -> Request:
    data = request.get("postData") or {}
    text = data.get("text")
    if text is None and data.get("params"):
        pairs = [(one["name"], one.get("value", "")) for one in data["params"]]
        text = urllib.parse.urlencode(pairs)
    return Request(
        method=request["method"].upper(),
        target=request["url"][len(origin) :].partition("#")[0] or "/",
        fields=_fields(request),
        body=(text or "").encode(),
    )


def _response(response: Mapping[str, Any], fields: tuple[tuple[str, str], ...]) -> Response:
    content = response["content"]
    missing = content.get("text") is None and content.get("size") != 0
    return Response(
        status=response["status"],
        fields=fields,
        body=har.content(content),
        version=response.get("httpVersion") or "HTTP/1.1",
        truncated=missing and response["status"] not in BODYLESS,
    )


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
    origin = _origin(parts, contract, base_url)
    exchanges: list[Exchange] = []
    stripped: set[int] = set()
    unseen = 0
    for part in parts:
        for one in _of_api(part, contract, origin):
            if one.response is not None and one.response.truncated:
                unseen += 1
                continue
            exchanges.append(replace(one, number=len(exchanges) + 1))
            stripped |= {len(exchanges)} if part.stripped else set()
    notes = tuple(_notes(len(exchanges), unseen, stripped))
    if not exchanges:
        raise HistoryError(f"{parts[0].path}: {notes[0] if notes else 'no answers to judge'}")
    exchanges.sort(key=lambda one: one.started)
    began = exchanges[0].started
    tagged, events = settled(contract, exchanges, parties, stripped)
    whole = History(tagged, events, _header(contract, origin, began), _footer(exchanges))
    return _shifted(whole, -began, 0), notes


def _of_api(part: Foreign, contract: Contract, origin: str) -> Iterable[Exchange]:
    """The exchanges below the base path of the deployment."""
    for entry in part.entries:
        if entry.origin == origin and below(contract, entry.exchange.request.target) is not None:
            yield entry.exchange


def _origin(parts: Sequence[Foreign], contract: Contract, base_url: str | None) -> str:
    """The deployment that the recordings are of."""
    asked = Counter(
        entry.origin
        for part in parts
        for entry in part.entries
        if below(contract, entry.exchange.request.target) is not None
    )
    if base_url:
        return har.origin_of(base_url).lower()
    if not asked:
        raise HistoryError(f"{parts[0].path}: holds no request below {contract.base_path}")
    if len(asked) > 1:
        found = ", ".join(sorted(asked))
        raise HistoryError(f"{parts[0].path}: requests to {found}; choose one with --base-url")
    return next(iter(asked))


def _notes(kept: int, unseen: int, stripped: set[int]) -> Iterable[str]:
    if unseen:
        yield f"{unseen} answers were recorded without their bodies and are left out"
    if stripped:
        yield (
            f"{len(stripped)} of {kept} requests come from recordings without any Authorization "
            "field; it may have been left out of them, so who asked is taken as unknown"
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
