"""The server: one path through the code for every request, in decisions of one method each.

A seeded fault or a lawful variant is a subclass that decides one of them otherwise (see faults and
variants).
"""

from __future__ import annotations

import json
import logging
from asyncio import Transport
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from jsonschema_rs import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_server import errors, keys, mistake
from reference_server.activity import Activity
from reference_server.call import Call
from reference_server.clock import Clock
from reference_server.contract import Contract, KeyKind, Operation
from reference_server.errors import Refusal
from reference_server.keys import Key
from reference_server.settings import Settings
from reference_server.store import Resource, Store
from reference_server.windows import Window, Windows
from reference_server.work import WORK

BODY_LIMIT = 1_048_576  # bytes; what a longer body holds is not looked at
NOTHING: Scope = {"type": "http", "method": "", "path": "", "query_string": b"", "headers": []}

log = logging.getLogger(__name__)


class Server(Settings):
    """An ASGI application that keeps the contract."""

    def __init__(
        self,
        contract: Contract,
        *,
        clock: Clock,
        store: Store,
        limit: int | None = None,
        window: float | None = None,
    ) -> None:
        super().__init__(contract, store)
        self.clock = clock
        self.limit = limit or contract.limit
        self.seconds = window or contract.window_seconds
        self.windows = self.make_windows()
        self.activity = Activity(kind.prefix for kind in contract.kinds.values())
        self.mounts: dict[str, ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        first_segment = "/".join(scope["path"].split("/", 2)[:2])
        await self.mounts.get(first_segment, self.serve)(scope, receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to the API, or to anything that is not mounted."""
        call = Call(request=Request(scope, receive), now=self.now())
        try:
            response = await self.answer(call)
        except ClientDisconnect:
            return
        except Refusal as refusal:
            response = self.refuse(call, refusal)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            response = self.refuse(call, errors.internal())
        response = await self.finish(call, response)
        self.activity.note(call, response.status_code)
        await response(scope, receive, send)

    async def finish(self, _: Call, response: Response) -> Response:
        """Return the response as it is sent."""
        return response

    def malformed(self) -> Response:
        """Return the answer to what is not HTTP: also an error, so also in the one format."""
        call = Call(request=Request(NOTHING), now=self.now())
        return self.refuse(call, errors.invalid("Invalid HTTP request"))

    def now(self) -> float:
        """Return the server's time."""
        return self.clock.now()

    def wired(self, transport: Transport) -> Transport:
        """Return what a new connection's answers are written to."""
        return transport

    # The order of the decisions

    async def answer(self, call: Call) -> Response:
        """Decide about a request, in the one order that gives nothing away."""
        await self.receive(call)
        self.authenticate(call)
        await self.count(call)
        self.locate(call)
        self.validate(call)
        return self.succeed(call, self.perform(call))

    async def receive(self, call: Call) -> None:
        """Read the body to its end.

        Only then is the key looked at: one that was replaced meanwhile is no longer valid
        (API Keys, Generating a Project Key: "In-flight requests").
        """
        body = bytearray()
        async for part in call.request.stream():
            body += part[: BODY_LIMIT + 1 - len(body)]
        call.body = bytes(body)
        call.now = self.now()

    # Who is calling (API Keys; RFC 6750, 2.1)

    def authenticate(self, call: Call) -> None:
        """Find the key that the request was sent with; refuse it without a valid one."""
        token = self.credential_of(call)
        key = self.find_key(token) if token else None
        if key is None or not self.kind_of(key).available:
            raise self.no_valid_key(call)
        call.key = key

    def no_valid_key(self, _: Call) -> Refusal:
        """Return the answer to a request without a valid key, whatever it was sent with."""
        return errors.unauthorized()

    def credential_of(self, call: Call) -> str | None:
        """Return the token of the one Authorization field, or None."""
        fields = call.request.headers.getlist("authorization")
        return keys.bearer(fields[0]) if len(fields) == 1 else None

    def find_key(self, token: str) -> Key | None:
        """Return the valid key that *token* is, or None."""
        key = self.store.key(keys.digest(token))
        return key if key and keys.matches(token, key.digest) else None

    def kind_of(self, key: Key) -> KeyKind:
        """Return what is documented of keys like *key*."""
        return self.contract.kinds[key.kind]

    # How often (API Keys, Rate Limiting)

    def make_windows(self) -> Windows:
        """Return the windows that requests are counted in."""
        return Windows(self.limit, self.seconds)

    async def count(self, call: Call) -> None:
        """Count the request, whatever will become of it; refuse it beyond the limit."""
        call.window = await self.take(call)
        if not call.window.admitted:
            raise errors.limited(self.retry_after(call, call.window))

    async def take(self, call: Call) -> Window:
        """Take one request from the key's window."""
        return self.windows.take(self.counter(call), call.now)

    def counter(self, call: Call) -> Hashable:
        """Return what the request is counted under: its key and nothing else."""
        return call.key.digest

    def retry_after(self, call: Call, window: Window) -> int:
        """Return the seconds from the answer's Date to the window's end."""
        return window.reset - int(call.now)

    def rate_fields(self, call: Call) -> dict[str, str]:
        """Return the three header fields that every response carries."""
        window = call.window or self.fresh_window(call)
        names = self.contract.fields
        return {
            names.limit: self.limit_field(call, window),
            names.remaining: self.remaining_field(call, window),
            names.reset: self.reset_field(call, window),
        }

    def limit_field(self, _: Call, window: Window) -> str:
        """Return the maximum of requests per window."""
        return str(window.limit)

    def remaining_field(self, _: Call, window: Window) -> str:
        """Return what is left after the request."""
        return str(window.remaining)

    def reset_field(self, _: Call, window: Window) -> str:
        """Return when the window is over, in Unix seconds."""
        return str(window.reset)

    def fresh_window(self, call: Call) -> Window:
        """Return what a request without a valid key is told: the same whoever sends it."""
        return Window(limit=self.limit, used=1, reset=self.windows.end(call.now))

    # What is addressed (API Keys, Error Codes: "to avoid leaking existence")

    def locate(self, call: Call) -> None:
        """Find what the path names; refuse what is absent and what is another's alike."""
        route = self.route(call)
        if route is None:
            raise self.no_route(call)
        call.operation, call.ids = route
        if not self.accepts_kind(call):
            raise self.wrong_kind(call)
        if not self.accepts_owner(call):
            raise self.wrong_owner(call)
        for parameter, collection in call.operation.nested:
            call.resource = self.find_resource(call, call.ids[parameter], collection)

    def route(self, call: Call) -> tuple[Operation, Mapping[str, str]] | None:
        """Return the operation that is called, and the path's parameters.

        HEAD is GET without the content, which the HTTP layer leaves out (RFC 9110, 9.3.2).
        """
        method = "GET" if call.request.method == "HEAD" else call.request.method
        methods, ids = self.contract.match(call.request.scope["path"]) or ({}, {})
        return (methods[method], ids) if method in methods else None

    def no_route(self, _: Call) -> Refusal:
        """Return the answer to an unknown path, and to a method that the path lacks.

        The table of errors has no 405.
        """
        return errors.not_found()

    def accepts_kind(self, call: Call) -> bool:
        """Whether the operation is for keys of this kind."""
        return call.key.kind == call.operation.kind.name

    def wrong_kind(self, _: Call) -> Refusal:
        """Return the answer to a project key on a team operation, and the reverse."""
        return errors.not_found()

    def accepts_owner(self, call: Call) -> bool:
        """Whether the key belongs to the project or team that the path names."""
        return call.key.owner == call.owner

    def wrong_owner(self, _: Call) -> Refusal:
        """Return the answer to a project or team that is not the key's, or is none at all."""
        return errors.not_found()

    def find_resource(self, call: Call, resource_id: str, collection: str) -> Resource:
        """Return a resource of the project or team; refuse any other.

        Looked up by all three at once, so that another's takes no longer than an absent one.
        """
        resource = self.store.resource(call.owner, collection, resource_id)
        if resource is None:
            raise self.no_resource(call, resource_id)
        return resource

    def no_resource(self, _call: Call, _resource_id: str) -> Refusal:
        """Return the answer to a resource that is absent, or is another's."""
        return errors.not_found()

    def reaches(self, team_id: str, project_id: str) -> bool:
        """Whether the project that a body names is one of the team's."""
        project = self.store.owner(project_id)
        return project is not None and project.team == team_id

    # Whether it is valid

    def validate(self, call: Call) -> None:
        """Refuse parameters and a body that do not conform to the contract."""
        self.validate_parameters(call)
        if call.operation.body:
            self.validate_media_type(call)
            call.content = self.decode(call)
            self.validate_body(call)

    def validate_parameters(self, call: Call) -> None:
        """Read the query parameters; those that are not documented are ignored."""
        sent = parse_qs(
            call.request.scope["query_string"].decode("latin-1"), keep_blank_values=True
        )
        try:
            call.query = {
                each.name: each.read(sent.get(each.name, [])) for each in call.operation.query
            }
        except ValueError as reason:
            raise errors.invalid(f"Invalid parameter: {reason}") from None

    def validate_media_type(self, call: Call) -> None:
        """Refuse a body that is not said to be of the documented media type."""
        fields = call.request.headers.getlist("content-type")
        media_type = fields[0].partition(";")[0].strip().lower() if len(fields) == 1 else None
        if media_type != call.operation.media_type:
            raise errors.invalid(f"The body is to be sent as {call.operation.media_type}")

    def decode(self, call: Call) -> Any:
        """Return the JSON value that the body is (RFC 8259)."""
        if len(call.body) > BODY_LIMIT:
            raise errors.invalid("The body is too long")
        try:
            return json.loads(call.body.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise errors.invalid("The body is not JSON") from None

    def validate_body(self, call: Call) -> None:
        """Refuse a body that does not conform to its schema."""
        assert call.operation.body
        try:
            found = next(iter(call.operation.body.iter_errors(call.content)), None)
        except UnicodeEncodeError:
            raise errors.invalid("The body holds half a character") from None
        if found:
            raise self.wrong_body(call, found)

    def wrong_body(self, _: Call, found: ValidationError) -> Refusal:
        """Return the answer to a body with this mistake: what and where, and no value of it."""
        return errors.invalid(f"Invalid request body: {mistake.told(found)}")

    # What is done

    def perform(self, call: Call) -> object:
        """Do the operation's work and return the answer's data."""
        return WORK[call.operation.id](self, call)

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        """Return what the project or team has of the operation's collection, newest first."""
        limit = call.query.get("limit")
        found = self.store.resources(call.owner, call.operation.collection, limit)
        return [resource.content for resource in found]

    def create(self, call: Call, id_member: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep a new resource in the operation's collection and return it as the API shows it."""
        collection = call.operation.collection
        new_id = self.store.next_id(call.owner, collection)
        whole = {id_member: new_id, **content}
        self.store.put(Resource(id=new_id, owner=call.owner, collection=collection, content=whole))
        return whole

    def timestamp(self, call: Call) -> str:
        """Return when the call was made (RFC 3339)."""
        return datetime.fromtimestamp(call.now, UTC).isoformat(timespec="seconds")

    # How it is answered

    def succeed(self, call: Call, data: object) -> Response:
        """Return the documented success."""
        return self.respond(call, call.operation.success, {"data": data})

    def refuse(self, call: Call, refusal: Refusal) -> Response:
        """Return an error in the one format (API Keys, Error Responses)."""
        content = self.envelope(call, refusal)
        return self.respond(call, refusal.status, content, refusal.headers)

    def envelope(self, call: Call, refusal: Refusal) -> object:
        """Return the body that all errors have."""
        return {"error": {"code": self.code(refusal), "message": self.message(call, refusal)}}

    def message(self, _: Call, refusal: Refusal) -> str:
        """Return what the error says to a person: nothing that was sent."""
        return refusal.message

    def code(self, refusal: Refusal) -> str:
        """Return the documented code of the refusal's status (API Keys, Error Codes)."""
        return self.contract.codes[refusal.status]

    def respond(
        self, call: Call, status: int, content: object, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return a response: all of them are made here."""
        date = formatdate(int(call.now), usegmt=True)
        fields = {"Date": date, **self.rate_fields(call), **(headers or {})}
        return JSONResponse(content, status, fields)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is Python's, not JSON's")
