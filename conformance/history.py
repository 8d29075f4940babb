"""The history: everything that was sent, received and done, append-only, one JSON object a line."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, TextIO

from conformance.exchange import Exchange, Request, Response, Tags


class HistoryError(Exception):
    """A file is no history; the message names the file, the line and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something other than an exchange that judges need to know.

    Kinds: ``issued`` (a key was given or generated), ``shown`` (what the settings page says of a
    key), ``declined`` (no key was generated where two were asked for at once), ``planned`` (the
    requirements that some probe serves), ``skipped`` (a probe could not run, and what to add),
    ``lacking`` (a probe found no operation that it needs, and what to add), ``hindered`` (something
    kept a probe from its work), ``waited`` (for a window to end),
    ``stopped`` (the run ended early, and why).
    """

    kind: str
    started: float  # seconds on the run's clock
    ended: float
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)  # a history is itself: judges remember what they derive
class History:
    """A run, finished or not, as judges and reports see it."""

    exchanges: tuple[Exchange, ...] = ()
    events: tuple[Event, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    footer: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_number(self) -> Mapping[int, Exchange]:
        """The exchanges by their number."""
        return {exchange.number: exchange for exchange in self.exchanges}

    @cached_property
    def answered(self) -> tuple[Exchange, ...]:
        """The exchanges that got an answer."""
        return tuple(exchange for exchange in self.exchanges if exchange.response is not None)

    @cached_property
    def judged(self) -> tuple[Exchange, ...]:
        """The answered exchanges that every judge may look at: no hardening probe sent them."""
        return tuple(one for one in self.answered if one.tags.level != "hardening")

    @property
    def recorded(self) -> bool:
        """Whether it is traffic that the suite did not send."""
        return bool(self.header.get("recorded"))

    @cached_property
    def reproduced(self) -> frozenset[int]:
        """The numbers of exchanges whose repetition was answered with the same status."""
        pairs = ((one, self.by_number.get(one.tags.repeats or 0)) for one in self.exchanges)
        return frozenset(
            first.number for again, first in pairs if first and first.status == again.status
        )

    def events_of(self, kind: str) -> tuple[Event, ...]:
        """The events of one kind, in order."""
        return tuple(event for event in self.events if event.kind == kind)


def numbered(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """The exchanges of all workers in the order they began, numbered from 1."""
    ordered = sorted(exchanges, key=attrgetter("started", "number"))
    numbers = {one.number: place for place, one in enumerate(ordered, 1)}
    return tuple(_renumbered(one, numbers) for one in ordered)


def _renumbered(one: Exchange, numbers: Mapping[int, int]) -> Exchange:
    number, repeats = numbers[one.number], numbers.get(one.tags.repeats or 0)
    if (number, repeats) == (one.number, one.tags.repeats):
        return one
    return replace(one, number=number, tags=replace(one.tags, repeats=repeats))


class Recorder:
    """Appends to a history, in memory and, line by line, to a file if there is one.

    *spare*: the file is given up when it cannot be written; what is in memory is written at the
    end, or it is said then that it cannot be.
    """

    def __init__(self, file: TextIO | None = None, *, spare: bool = False) -> None:
        self.exchanges: list[Exchange] = []
        self.events: list[Event] = []
        self._file = file
        self._spare = spare

    def exchange(self, exchange: Exchange) -> None:
        """Append an exchange whose keys are masked."""
        self.exchanges.append(exchange)
        if self._file is not None:
            self._write(_line("exchange", encode_exchange(exchange)))

    def event(self, event: Event) -> None:
        """Append an event that holds no key."""
        self.events.append(event)
        if self._file is not None:
            self._write(_line("event", asdict(event)))

    def _write(self, line: str) -> None:
        assert self._file is not None
        try:
            self._file.write(line)
            self._file.flush()
        except OSError:
            if not self._spare:
                raise
            self._file = None


def write(history: History, path: Path) -> None:
    """Write a whole history to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_line("header", dict(history.header)))
        file.writelines(_line("exchange", encode_exchange(one)) for one in history.exchanges)
        file.writelines(_line("event", asdict(one)) for one in history.events)
        file.write(_line("footer", dict(history.footer)))


def read(path: Path) -> History:
    """Read a history file; one without a footer was cut off. Raises HistoryError."""
    header: Mapping[str, Any] = {}
    footer: Mapping[str, Any] = {"complete": False, "reason": "the file has no footer"}
    exchanges: list[Exchange] = []
    events: list[Event] = []
    for type, record in _records(path):
        if type == "header":
            header = record
        elif type == "footer":
            footer = record
        elif type == "exchange":
            exchanges.append(record)
        else:
            events.append(record)
    return History(tuple(exchanges), tuple(events), header, footer)


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _record(line)
            except (ValueError, AttributeError, KeyError, TypeError) as error:
                cut_off = isinstance(error, json.JSONDecodeError) and not line.endswith("\n")
                if cut_off and number > 1:
                    return  # whoever wrote it was killed
                raise HistoryError(
                    f"{path}, line {number}: not a history record: {error}"
                ) from None
            except HistoryError as error:
                raise HistoryError(f"{path}, line {number}: {error}") from None


def _record(line: str) -> tuple[str, Any]:
    """The type of a record, and what it holds."""
    record = json.loads(line)
    type = record.pop("type")
    match type:
        case "header" | "footer":
            return type, record
        case "exchange":
            return type, decode_exchange(record)
        case "event":
            return type, decode_event(record)
    raise ValueError(f"unknown type {type!r}")


def _line(type: str, record: dict[str, Any]) -> str:
    return json.dumps({"type": type, **record}, ensure_ascii=True) + "\n"


def encode_exchange(one: Exchange) -> dict[str, Any]:
    """An exchange as JSON; tags that say nothing are left out."""
    return {
        "number": one.number,
        "started": one.started,
        "ended": one.ended,
        "tags": _changed(one.tags),
        "connection": one.connection,
        "failure": one.failure,
        "request": {
            "method": one.request.method,
            "target": one.request.target,
            "fields": one.request.fields,
            "body": _text(one.request.body),
        },
        "response": None if one.response is None else _response(one.response),
    }


def decode_exchange(record: dict[str, Any]) -> Exchange:
    """An exchange from its JSON; raises HistoryError when it is none."""
    try:
        request, response = record["request"], record["response"]
        return Exchange(
            number=record["number"],
            started=record["started"],
            ended=record["ended"],
            tags=Tags(**record["tags"]),
            connection=record["connection"],
            failure=record["failure"],
            request=Request(**{**request, **_decoded(request)}),
            response=None if response is None else Response(**{**response, **_decoded(response)}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise HistoryError(f"exchange {record.get('number')}: {error!r}") from None


def decode_event(record: dict[str, Any]) -> Event:
    """An event from its JSON; raises HistoryError when it is none."""
    try:
        return Event(**record)
    except TypeError as error:
        raise HistoryError(f"event {record.get('kind')}: {error}") from None


def _response(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "fields": response.fields,
        "body": _text(response.body),
        "version": response.version,
        "reason": response.reason,
        "truncated": response.truncated,
    }


def _decoded(record: dict[str, Any]) -> dict[str, Any]:
    pairs = tuple((name, value) for name, value in record["fields"])
    return {"fields": pairs, "body": _bytes(record["body"])}


def _changed(tags: Tags) -> dict[str, Any]:
    return {
        one.name: getattr(tags, one.name)
        for one in fields(Tags)
        if getattr(tags, one.name) != one.default
    }


def _text(body: bytes) -> str | dict[str, str]:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode("ascii")}


def _bytes(body: str | dict[str, str]) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else base64.b64decode(body["base64"])
