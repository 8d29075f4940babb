"""HAR files that somebody else wrote: what a recorder kept of each request and answer.

Recorders leave out, cut off or replace much of what was sent. What an entry does not hold is said
to be missing, never taken for what was sent.
"""

from __future__ import annotations

import binascii
import datetime
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from conformance.classify import UNKNOWN
from conformance.exchange import Exchange, Fields, Request, Response, Tags, values
from conformance.history import HistoryError
from conformance.report import har

BODYLESS = frozenset({204, 205, 304})  # statuses without a body (RFC 9110, 6.4.1)
WRITING = frozenset({"POST", "PUT", "PATCH"})  # methods whose requests have bodies
GZIP = b"\x1f\x8b"  # how a coded body begins, which a recorder should have decoded (RFC 1952)
ROUNDING = 0.001  # seconds: recorders write times in whole milliseconds
CREDIBLE = range(1990, 2200)  # years
LONGEST = 30.0  # seconds that an exchange may have lasted of which that is not known

NAMED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "value": {"type": ["string", "null"]}},
    },
}
ENTRY = {  # what is needed of an entry; the format asks for more
    "type": "object",
    "required": ["startedDateTime", "request", "response"],
    "properties": {
        "startedDateTime": {"type": "string"},
        "time": {"type": ["number", "null"]},
        "request": {
            "type": "object",
            "required": ["method", "url", "headers"],
            "properties": {
                "method": {"type": "string"},
                "url": {"type": "string"},
                "headers": NAMED,
                "postData": {
                    "type": ["object", "null"],
                    "properties": {"text": {"type": ["string", "null"]}, "params": NAMED},
                },
            },
        },
        "response": {
            "type": "object",
            "required": ["status", "headers"],
            "properties": {
                "status": {"type": "integer"},
                "headers": NAMED,
                "httpVersion": {"type": ["string", "null"]},
                "content": {
                    "type": ["object", "null"],
                    "properties": {"text": {"type": ["string", "null"]}},
                },
            },
        },
    },
}
# What stands in an entry is not shown: it may be a key.
VALIDATOR = jsonschema_rs.validator_for(ENTRY, mask="what stands there")


@dataclass(frozen=True)
class Entry:
    """One entry of a HAR that somebody else wrote."""

    origin: str
    exchange: Exchange  # hardly tagged, its times in Unix seconds, its keys as they were sent


@dataclass(frozen=True)
class Foreign:
    """A HAR that somebody else wrote."""

    path: Path
    entries: tuple[Entry, ...]
    unread: tuple[str, ...] = ()  # which entries could not be read, and why

    @property
    def stripped(self) -> bool:
        """Whether the recorder may have left credentials out, as browsers do unless told."""
        return not any(values(one.exchange.request.fields, "Authorization") for one in self.entries)


def read(path: Path, log: Mapping[str, Any]) -> Foreign:
    """The entries of a HAR's log; raise HistoryError when none of them can be read."""
    entries, unread = [], []
    for number, one in enumerate(log["entries"], 1):
        if problem := _problem(one):
            unread.append(f"entry {number} is left out: {problem}")
        elif not _local(one):
            entries.append(_entry(number, one))
    if unread and not entries:
        raise HistoryError(f"{path}: no entry can be read; {unread[0]}")
    return Foreign(path, tuple(entries), tuple(unread))


def _problem(entry: Any) -> str | None:
    """Why an entry cannot be read."""
    for error in VALIDATOR.iter_errors(entry):
        place = ".".join(map(str, error.instance_path))
        return f"{place}: {error.message}" if place else error.message
    try:
        json.dumps(entry, ensure_ascii=False).encode()
        if datetime.datetime.fromisoformat(entry["startedDateTime"]).year not in CREDIBLE:
            return "startedDateTime: is no time of a recording"
        har.content(entry["response"].get("content") or {})
    except UnicodeEncodeError:
        return "it holds half of a surrogate pair, which is no text"
    except binascii.Error:
        return "response.content.text: is not base64"
    except ValueError as error:
        return f"startedDateTime: {error}"
    return None


def _local(entry: Mapping[str, Any]) -> bool:
    """Whether no server answered just then: caches, workers, redirects of HSTS, other schemes."""
    request, response = entry["request"], entry["response"]
    kept = entry.get("_fromCache") or response.get("_fetchedViaServiceWorker")
    redirected = values(_fields(response), "Non-Authoritative-Reason")
    return bool(kept or redirected) or not request["url"].startswith("http")


def _entry(number: int, entry: Mapping[str, Any]) -> Entry:
    request, response = entry["request"], entry["response"]
    written = har.origin_of(request["url"])
    began = datetime.datetime.fromisoformat(entry["startedDateTime"]).timestamp()
    known = _body_is_known(request)
    exchange = Exchange(
        number=number,
        request=_request(request, written),
        response=_response(response) if response["status"] else None,
        started=began - ROUNDING,
        ended=began + _seconds(entry) + ROUNDING,
        tags=Tags() if known else Tags(defect=UNKNOWN),
        connection=entry.get("connection"),
        failure=None if response["status"] else str(response.get("_error") or "no answer"),
    )
    return Entry(normal(written), exchange)


def normal(origin: str) -> str:
    """An origin in lower case, without the port that its scheme has anyway (RFC 9110, 4.2.3).

    Nor is a user and password kept.
    """
    scheme, _, host = origin.lower().partition("://")
    host = host.rpartition("@")[2]
    port = {"http": ":80", "https": ":443"}.get(scheme, ":")
    return f"{scheme}://{host.removesuffix(port)}"


def _seconds(entry: Mapping[str, Any]) -> float:
    """How long an exchange lasted; when that is not known, the longest that it may have."""
    milliseconds = entry.get("time") or 0
    return float(milliseconds) / 1000 if milliseconds > 0 else LONGEST


def _fields(message: Mapping[str, Any]) -> Fields:
    """The fields as they were sent: without HTTP/2's pseudo-fields, each line its own."""
    return tuple(
        (one["name"], line)
        for one in message["headers"]
        if not one["name"].startswith(":")
        for line in (one.get("value") or "").split("\n")
    )


def _request(request: Mapping[str, Any], origin: str) -> Request:
    return Request(
        method=request["method"].upper(),
        target=request["url"][len(origin) :].partition("#")[0] or "/",
        fields=_fields(request),
        body=_sent(request),
    )


def _sent(request: Mapping[str, Any]) -> bytes:
    """A request's body as far as it was kept."""
    data = request.get("postData") or {}
    if not data.get("text") and data.get("params"):
        pairs = [(one["name"], one.get("value") or "") for one in data["params"]]
        return urllib.parse.urlencode(pairs).encode()
    return har.content(data)


def _body_is_known(request: Mapping[str, Any]) -> bool:
    """Whether a request's body was kept as it was sent."""
    if (request.get("postData") or {}).get("params"):
        return True
    told = _length(_fields(request))
    size = request.get("bodySize", -1)
    kept = len(_sent(request))
    if told is None and (not isinstance(size, int) or size < 0):
        return kept > 0 or request["method"].upper() not in WRITING
    return kept == (size if told is None else told)


def _length(fields: Fields) -> int | None:
    """The Content-Length of a body that was not coded (RFC 9110, 8.6)."""
    said = values(fields, "Content-Length")
    coded = values(fields, "Content-Encoding") or values(fields, "Transfer-Encoding")
    return int(said[0]) if len(said) == 1 and said[0].isdecimal() and not coded else None


def _response(response: Mapping[str, Any]) -> Response:
    fields = _fields(response)
    content = response.get("content") or {}
    body = har.content(content)
    size = content.get("size")
    whole = max(_length(fields) or 0, size if isinstance(size, int) else 0)
    coded = body.startswith(GZIP) and bool(values(fields, "Content-Encoding"))
    missing = coded or len(body) < whole or (content.get("text") is None and size != 0)
    return Response(
        status=response["status"],
        fields=fields,
        body=body,
        version=response.get("httpVersion") or "HTTP/1.1",
        truncated=missing and response["status"] not in BODYLESS,
    )
