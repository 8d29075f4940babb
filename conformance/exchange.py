"""An exchange: one request and what came back, with what the probe said it was."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

Fields = tuple[tuple[str, str], ...]


def values(fields: Fields, name: str) -> list[str]:
    """Every value of a field, in the order received; names are case-insensitive (RFC 9110, 5.1)."""
    return [value for field, value in fields if field.lower() == name.lower()]


GATEWAY = frozenset({502, 503, 504})  # what a gateway says when the way failed (RFC 9110, 15.6)


def _json(body: bytes) -> Any:
    """A body as JSON, which is in UTF-8 and knows no NaN (RFC 8259, 8.1 and 6)."""
    try:
        text = body.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@lru_cache(maxsize=64)
def _time(date: str) -> float | None:
    """An HTTP date as Unix time; answers of the same second have the same."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a request is, as its probe meant it. No expectation is written here."""

    probe: str = ""
    operation: str | None = None  # operationId; None off the documented surface
    route: str | None = None  # the path template; None where there is no such route
    credential: str = "anonymous"  # project, other_project, team, other_team, forged, anonymous
    key: str | None = None  # the issued key that is in the request in some form: project#1
    form: str = "bearer"  # bearer: as documented; else how it was presented or altered
    resource: str = "own"  # own, foreign, absent; cross: of the other type; none: no such route
    nested: str | None = None  # the same, of the id below the owner
    defect: str | None = None  # what was made invalid, for example body.missing:taskSlug
    twist: str | None = None  # what must not matter to the counter: forwarded, query, slash...
    group: str | None = None  # joins exchanges that belong to one observation
    generated: str | None = None  # positive or negative: made by schemathesis
    level: str = "must"  # hardening: only hardening judges look at it
    repeats: int | None = None  # the number of the exchange that this one repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was sent. Keys are masked."""

    method: str
    target: str  # path and query, as sent
    fields: Fields = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path that was asked for, without its query."""
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        return _json(self.body)


@dataclass(frozen=True, kw_only=True)
class Response:
    """What came back. Keys are masked."""

    status: int
    fields: Fields = ()
    body: bytes = b""
    version: str = "HTTP/1.1"
    reason: str = ""  # the reason phrase, where it is known (RFC 9112, 4)
    truncated: bool = False  # the body was longer than the suite reads

    def values(self, name: str) -> list[str]:
        """Every value of a field, in the order received."""
        return self._by_name.get(name.lower(), [])

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name.lower(), []).append(value)
        return found

    def value(self, name: str) -> str | None:
        """The first value of a field."""
        return next(iter(self.values(name)), None)

    def number(self, name: str) -> int | None:
        """The value of a field that is given once as a non-negative decimal integer."""
        found = self.values(name)
        if len(found) != 1 or not (found[0].isascii() and found[0].isdigit()):
            return None
        return int(found[0]) if len(found[0]) < 20 else None

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return (self.value("Content-Type") or "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        return _json(self.body)

    @cached_property
    def code(self) -> str | None:
        """The code of an error envelope; None when the body is not one."""
        error = self.json.get("error") if isinstance(self.json, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) else None

    @cached_property
    def date(self) -> float | None:
        """The server's clock, in Unix seconds, from its Date field (RFC 9110, 6.6.1)."""
        return _time(self.value("Date") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back, as seen on the wire."""

    number: int
    request: Request
    response: Response | None  # None: no answer; the request may or may not have been served
    started: float  # seconds on the run's clock
    ended: float
    tags: Tags = Tags()
    connection: str | None = None  # names the connection it went over
    failure: str | None = None  # why there is no answer

    @property
    def status(self) -> int | None:
        """The status of the answer; None without one."""
        return self.response.status if self.response else None

    @property
    def code(self) -> str | None:
        """The code of an error envelope; None without one."""
        return self.response.code if self.response else None

    @property
    def succeeded(self) -> bool:
        """Whether the answer is a success (RFC 9110, 15.3)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def admitted(self) -> bool:
        """Whether the answer shows that the key was accepted and within its limit."""
        return self.status is not None and self.status not in (401, 403, 429)

    @property
    def plain_key(self) -> bool:
        """Whether an issued key was presented just as documented."""
        return self.tags.key is not None and self.tags.form == "bearer"

    def precedes(self, other: Exchange) -> bool:
        """Whether this exchange was over before *other* began."""
        return self.ended < other.started
