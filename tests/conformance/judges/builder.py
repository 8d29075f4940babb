"""Short hand-written histories: a sound server answers, except where a test says otherwise.

``exchange(404, operation="getExecution", resource="foreign")`` is a whole exchange: the path, a
valid body, the fields and the envelope follow from what it is said to be. ``history(...)`` puts
exchanges and events one after the other, numbers them, and fills in each key's window.
"""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from conformance import contract as contracts
from conformance import sample
from conformance.contract import Operation
from conformance.exchange import Exchange, Fields, Request, Response, Tags
from conformance.finding import Doubt, Evidence, Finding, Judge, Need
from conformance.history import Event, History

CONTRACT = contracts.load()
UNIX = 1_700_000_000  # the server's time when the run's clock says 0
STEP = 0.1  # seconds from one exchange to the next
MARKER = "conformance-ab12cd"
BEFORE = -1.0  # when the keys were given that the run began with
LATER = float("-inf")  # a time that history() decides
AUTO = "<auto>"  # a field that history() decides

WORDS = {Finding: "failed", Doubt: "doubtful", Evidence: "passed", Need: "wanting"}

OTHERS = {"project": "other_project", "team": "other_team"}
OTHERS |= {other: main for main, other in OTHERS.items()}

FieldValues = Mapping[str, str | list[str] | None]


def identifier(name: str) -> str:
    """The uuid that stands for a name, always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def exchange(
    status: int | None,
    *,
    operation: str | None = "listExecutions",
    credential: str = "project",
    resource: str = "own",
    body: Any = None,
    fields: FieldValues | None = None,
    method: str | None = None,
    target: str | None = None,
    query: str = "",
    sent: Any = None,
    sent_fields: Fields = (),
    started: float = LATER,
    ended: float = LATER,
    number: int = 0,
    connection: str | None = "127.0.0.1:5000",
    failure: str | None = None,
    truncated: bool = False,
    **tags: Any,
) -> Exchange:
    """One exchange. *status* None: it got no answer. A field given as None is left out.

    *body* and *sent* may be bytes, or anything that becomes JSON. Other arguments are tags.
    """
    asked = CONTRACT.by_id.get(operation or "")
    tagged = _tags(asked, credential, resource, tags)
    if target is None:
        target = _path(asked, tagged)
    response = None
    if status is not None:
        content = _answer(status, asked, tagged) if body is None else body
        response = Response(
            status=status,
            fields=_fields(status, fields or {}),
            body=_bytes(content),
            reason=http.client.responses[status],
            truncated=truncated,
        )
    return Exchange(
        number=number,
        request=Request(
            method=method or (asked.method if asked else "GET"),
            target=target + (f"?{query}" if query else ""),
            fields=sent_fields,
            body=_sent(asked, tagged) if sent is None else _bytes(sent),
        ),
        response=response,
        started=started,
        ended=ended,
        tags=tagged,
        connection=connection,
        failure=failure if response or failure else "ReadTimeout: no answer",
    )


def anonymous(status: int | None, **arguments: Any) -> Exchange:
    """An exchange without any credential."""
    return exchange(status, credential="anonymous", **arguments)


def issued(
    key: str,
    replaces: str | None = None,
    *,
    started: float = LATER,
    ended: float = LATER,
    generated: bool = True,
    **data: Any,
) -> Event:
    """A key was given or generated; ``issued("project#2", "project#1")`` is a rotation."""
    facts: dict[str, Any] = {
        "party": key.partition("#")[0],
        "key": key,
        "replaces": replaces,
        "generated": generated,
        "same_as": None,
        "prefixed": True,
        "secret_length": 40,
        "alphabet": ["lower", "upper", "digit"],
    }
    return event("issued", started=started, ended=ended, **facts | data)


def event(kind: str, *, started: float = LATER, ended: float = LATER, **data: Any) -> Event:
    """Something that happened between exchanges."""
    return Event(kind=kind, started=started, ended=ended, data=data)


def history(
    *happenings: Exchange | Event,
    events: Iterable[Event] = (),
    header: Mapping[str, Any] | None = None,
    footer: Mapping[str, Any] | None = None,
) -> History:
    """A history of these, in this order: numbers, times and each key's window where not given.

    Keys of which no event tells were given before it began.
    """
    exchanges: list[Exchange] = []
    happened = list(events)
    windows: dict[str | None, tuple[int, int]] = {}
    now = 0.0
    for one in happenings:
        now = max(now, one.started)
        began, over = _times(one, now)
        now = max(now, over) + STEP / 2
        if isinstance(one, Event):
            happened.append(replace(one, started=began, ended=over))
        else:
            number = one.number or len(exchanges) + 1
            placed = replace(one, started=began, ended=over, number=number)
            exchanges.append(_windowed(placed, windows))
    return History(
        tuple(exchanges),
        (*_given(exchanges, happened), *happened),
        {"marker": MARKER, **(header or {})},
        {"complete": True, **(footer or {})},
    )


def _given(exchanges: Iterable[Exchange], events: Iterable[Event]) -> Iterator[Event]:
    told = [one.data for one in events if one.kind == "issued"]
    known = {data["key"] for data in told}
    used = [one.tags.key for one in exchanges] + [data["replaces"] for data in told]
    for key in dict.fromkeys(used):
        if key and key not in known:
            yield issued(key, started=BEFORE, ended=BEFORE, generated=False)


def opinions(judge: Judge, *happenings: Exchange | Event, **arguments: Any) -> str:
    """What a judge makes of a history, in one word: passed, failed, doubtful, wanting or nothing.

    ``failed`` is a Finding, whatever else there is; ``doubtful`` a Doubt without one; ``wanting``
    a Need and nothing else.
    """
    found = list(judge(CONTRACT, history(*happenings, **arguments)))
    for kind, word in WORDS.items():
        if any(isinstance(one, kind) for one in found):
            return word
    return "nothing"


def findings(judge: Judge, *happenings: Exchange | Event, **arguments: Any) -> list[Finding]:
    """The findings of a judge on a history."""
    found = judge(CONTRACT, history(*happenings, **arguments))
    return [one for one in found if isinstance(one, Finding)]


def _tags(asked: Operation | None, credential: str, resource: str, tags: dict[str, Any]) -> Tags:
    issued_to = credential in OTHERS
    forms = {"anonymous": "none", "forged": "forged:project"}
    nested = resource if resource in ("own", "foreign", "absent") else "own"
    defaults = {
        "operation": asked.id if asked else None,
        "route": asked.path if asked else None,
        "credential": credential,
        "key": f"{credential}#1" if issued_to else None,
        "form": forms.get(credential, "bearer"),
        "resource": resource,
        "nested": nested if asked and asked.nested else None,
    }
    return Tags(**defaults | tags)


def _path(asked: Operation | None, tags: Tags) -> str:
    if asked is None and tags.route is None:
        return CONTRACT.base_path + "/conformance-unknown"
    path = tags.route or ""
    for name in contracts.parameters(path):
        kind = name.removesuffix("Id")
        owner = kind if kind in CONTRACT.kinds else None
        relation = tags.resource if owner else tags.nested or "own"
        party = _party(owner or (asked.kind if asked else "project"), tags.credential, relation)
        value = party if owner else f"{party}/{name}/1"
        path = path.replace(f"{{{name}}}", identifier(value))
    return CONTRACT.base_path + path


def _party(kind: str, credential: str, relation: str) -> str:
    mine = credential if credential in (kind, OTHERS[kind]) else kind
    return {"foreign": OTHERS[mine], "cross-foreign": OTHERS[kind], "absent": "absent"}.get(
        relation, mine
    )


def _sent(asked: Operation | None, tags: Tags) -> bytes:
    if asked is None or asked.body is None:
        return b""
    return b"{}" if tags.defect else _bytes(sample.body(asked, f"{MARKER}-1"))


def _answer(status: int, asked: Operation | None, tags: Tags) -> Any:
    if status >= 400:
        code = CONTRACT.codes.get(status, "ERROR")
        return {"error": {"code": code, "message": "What was wrong"}}
    if asked is None or status >= 300:
        return b""
    return {"data": success(asked.id, _party(asked.kind, tags.credential, tags.resource))}


def success(operation: str, party: str) -> Any:
    """What a sound server says of a party's resources."""

    def id(name: str, number: int = 1) -> str:
        return identifier(f"{party}/{name}/{number}")

    def execution(number: int = 1) -> dict[str, str]:
        return {
            "executionId": id("executionId", number),
            "taskSlug": "run-tests",
            "status": "queued",
            "createdAt": "2023-11-14T22:13:20Z",
        }

    environment = {"environmentId": id("environmentId"), "name": "staging"}
    received = {"eventId": id("eventId"), "outcome": "accepted"}
    bodies: dict[str, Any] = {
        "listExecutions": [execution(1), execution(2)],
        "createExecution": execution(3),
        "getExecution": execution(1),
        "listTestRuns": [{"testRunId": id("testRunId"), "status": "passed"}],
        "listBugReports": [{"bugReportId": id("bugReportId"), "title": "t", "status": "open"}],
        "getOnboarding": {"status": "done", "completedSteps": []},
        "sendProjectEvent": received,
        "listIntegrations": [{"provider": "generic", "status": "on"}],
        "listEnvironments": [environment],
        "createEnvironment": environment,
        "getEnvironment": environment,
        "putVariables": {"variables": []},
        "listAutomations": [{"automationId": id("automationId"), "enabled": True}],
        "sendTeamEvent": received,
    }
    return bodies[operation]


def _fields(status: int, changes: FieldValues) -> Fields:
    limit = CONTRACT.rate_limit
    fields: dict[str, str | list[str] | None] = {
        "Date": AUTO,
        "Content-Type": "application/json",
        limit.limit_field: str(limit.limit),
        limit.remaining_field: AUTO,
        limit.reset_field: AUTO,
    }
    if status == 401:
        fields["WWW-Authenticate"] = "Bearer"
    fields |= changes
    return tuple(
        (name, value)
        for name, given in fields.items()
        for value in ([given] if isinstance(given, str) else given or [])
    )


def _times(one: Exchange | Event, now: float) -> tuple[float, float]:
    started = now if one.started == LATER else one.started
    return started, started + STEP / 2 if one.ended == LATER else one.ended


def _windowed(one: Exchange, windows: dict[str | None, tuple[int, int]]) -> Exchange:
    """Fill in Date, Remaining and Reset; a key's first request begins its window."""
    if one.response is None:
        return one
    limit = CONTRACT.rate_limit
    key = one.tags.key if one.status != 401 else None
    left, reset = windows.get(key, (limit.limit, 0))
    if one.ended + UNIX >= reset or key is None:
        left, reset = limit.limit, int(one.ended + UNIX + limit.window)
    if key is not None:
        left = 0 if one.status == 429 else max(0, left - 1)
        windows[key] = left, reset
    made = {
        "Date": formatdate(int(one.ended + UNIX), usegmt=True),
        limit.remaining_field: str(left),
        limit.reset_field: str(reset),
    }
    fields = tuple((k, made[k] if v == AUTO else v) for k, v in one.response.fields)
    return replace(one, response=replace(one.response, fields=fields))


def _bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()
