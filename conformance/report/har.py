"""history.har: the history as HAR 1.2, for the network panel of a browser, and back again.

What HAR has no words for stands in members called ``_bugzy`` (custom members begin with an
underscore), so that an import of an export loses nothing.
"""

from __future__ import annotations

import base64
import datetime
import http
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from conformance import __version__
from conformance.exchange import Exchange, Fields, Request, Response
from conformance.history import Event, History, decode_exchange, encode_exchange

MEMBER = "_bugzy"
ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
NO_TYPE = "x-unknown"  # what browsers write where no media type was given


def build(history: History) -> dict[str, Any]:
    """The document."""
    origin = origin_of(str(history.header.get("base_url") or ""))
    offset = float(history.header.get("unix_offset") or 0.0)
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "bugzy-conformance", "version": __version__},
            "entries": [_entry(one, origin, offset) for one in history.exchanges],
            MEMBER: {
                "header": dict(history.header),
                "footer": dict(history.footer),
                "events": [_event(one) for one in history.events],
            },
        }
    }


def is_own(log: Mapping[str, Any]) -> bool:
    """Whether the log is an export of a history, every entry of it."""
    return MEMBER in log and all(MEMBER in entry for entry in log["entries"])


def restore(log: Mapping[str, Any]) -> History:
    """The history that was exported; what is not as it was written raises as JSON would."""
    kept = log[MEMBER]
    return History(
        exchanges=tuple(_restored(entry) for entry in log["entries"]),
        events=tuple(Event(**event) for event in kept["events"]),
        header=kept["header"],
        footer=kept["footer"],
    )


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as they are written."""
    found = ORIGIN.match(url)
    return found[0] if found else ""


def fields_of(entries: Any) -> Fields:
    """HAR's name-value objects as fields."""
    return tuple((str(one["name"]), str(one["value"])) for one in entries)


def content(entry: Mapping[str, Any]) -> bytes:
    """The bytes of a content or postData member."""
    text = str(entry.get("text") or "")
    return base64.b64decode(text) if entry.get("encoding") == "base64" else text.encode()


def _event(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "started": event.started,
        "ended": event.ended,
        "data": dict(event.data),
    }


def _entry(one: Exchange, origin: str, offset: float) -> dict[str, Any]:
    took = round(max(0.0, one.ended - one.started) * 1000, 3)
    began = datetime.datetime.fromtimestamp(offset + one.started, datetime.UTC)
    return {
        "startedDateTime": began.isoformat(timespec="milliseconds"),
        "time": took,
        "request": _request(one.request, origin, one.response),
        "response": _response(one.response, one.failure),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        **({"connection": one.connection} if one.connection else {}),
        MEMBER: _kept(one),
    }


def _kept(one: Exchange) -> dict[str, Any]:
    """What HAR has no place for."""
    whole = encode_exchange(one)
    kept = {name: whole[name] for name in ("number", "started", "ended", "tags", "failure")}
    kept["request_body"] = whole["request"]["body"]
    if one.response is not None:
        kept["truncated"] = one.response.truncated
    return kept


def _request(request: Request, origin: str, response: Response | None) -> dict[str, Any]:
    query = urllib.parse.urlsplit(request.target).query
    found = {
        "method": request.method,
        "url": origin + request.target,
        "httpVersion": response.version if response else "HTTP/1.1",
        "cookies": [],
        "headers": _named(request.fields),
        "queryString": _named(urllib.parse.parse_qsl(query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        types = [value for name, value in request.fields if name.lower() == "content-type"]
        text = request.body.decode("utf-8", "replace")
        found["postData"] = {"mimeType": types[0] if types else NO_TYPE, "text": text}
    return found


def _response(response: Response | None, failure: str | None) -> dict[str, Any]:
    """The response; without one, what browsers write: a status of 0, and why."""
    answer = response or Response(status=0, version="")
    found = {
        "status": answer.status,
        "statusText": answer.reason or _phrase(answer.status),
        "httpVersion": answer.version,
        "cookies": [],
        "headers": _named(answer.fields),
        "content": _content(answer),
        "redirectURL": answer.value("Location") or "",
        "headersSize": -1,
        "bodySize": -1 if response is None or answer.truncated else len(answer.body),
    }
    if response is None:
        found["_error"] = failure or "no answer"
    return found


def _content(answer: Response) -> dict[str, Any]:
    found = {"size": len(answer.body), "mimeType": answer.value("Content-Type") or NO_TYPE}
    try:
        return {**found, "text": answer.body.decode()}
    except UnicodeDecodeError:
        encoded = base64.b64encode(answer.body).decode("ascii")
        return {**found, "text": encoded, "encoding": "base64"}


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _named(pairs: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _restored(entry: Mapping[str, Any]) -> Exchange:
    kept, request = entry[MEMBER], entry["request"]
    response = entry["response"] if "truncated" in kept else None
    return decode_exchange(
        {
            "number": kept["number"],
            "started": kept["started"],
            "ended": kept["ended"],
            "tags": kept["tags"],
            "failure": kept["failure"],
            "connection": entry.get("connection"),
            "request": {
                "method": request["method"],
                "target": request["url"].removeprefix(origin_of(request["url"])),
                "fields": fields_of(request["headers"]),
                "body": kept["request_body"],
            },
            "response": None if response is None else _answer(response, kept["truncated"]),
        }
    )


def _answer(response: Mapping[str, Any], truncated: bool) -> dict[str, Any]:
    kept = response["content"]
    encoded = kept.get("encoding") == "base64"
    return {
        "status": response["status"],
        "fields": fields_of(response["headers"]),
        "body": {"base64": kept["text"]} if encoded else kept["text"],
        "version": response["httpVersion"],
        "reason": response["statusText"],
        "truncated": truncated,
    }
