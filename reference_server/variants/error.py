"""Errors in other words."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.variants.registry import variant

KEY = re.compile(r"bzy_\w+")  # also what only looks like one
GERMAN = {
    400: "Ungültige Anfrage",
    401: "Ungültiger API-Schlüssel",
    404: "Nicht gefunden",
    429: "Zu viele Anfragen",
    500: "Interner Fehler",
}


@variant()
class EchoesPath(Server):
    """Its 404 repeats the path that was asked for; the hash of each body is its ETag."""

    def message(self, call: Call, refusal: Refusal) -> str:
        if refusal.status == errors.not_found().status:
            return f"{call.request.url.path} not found"
        return super().message(call, refusal)

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers["ETag"] = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:27]}"'
        return response


@variant()
class EchoesRequests(Server):
    """Its errors repeat method, path and query, and a field a query, as sent, but for keys."""

    def message(self, call: Call, refusal: Refusal) -> str:
        scope = call.request.scope
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        asked = f"{call.request.method} {KEY.sub('(a key)', target)}"
        return f"{asked}: {super().message(call, refusal)}"

    async def finish(self, call: Call, response: Response) -> Response:
        if query := call.request.url.query:
            response.headers["X-Query"] = KEY.sub("(a key)", query)
        return response


@variant()
class LinksToSettings(Server):
    """Its errors link to the page of its web application that helps."""

    def message(self, call: Call, refusal: Refusal) -> str:
        page = "https://bugzy.example/app/settings/api-keys"
        return f"{super().message(call, refusal)}: see {page}"


@variant()
class EchoesIds(Server):
    """Its 404 names the id that it did not find."""

    def message(self, call: Call, refusal: Refusal) -> str:
        if refusal.status == HTTPStatus.NOT_FOUND and call.ids:
            return f"{call.operation.owner} {next(iter(call.ids.values()))} not found"
        return super().message(call, refusal)


@variant()
class ShortensIds(Server):
    """Its 404 names the first part of the id that it did not find, as people do."""

    def message(self, call: Call, refusal: Refusal) -> str:
        if refusal.status == HTTPStatus.NOT_FOUND and call.ids:
            first, *_ = next(iter(call.ids.values())).split("-")
            return f"{call.operation.owner} {first} not found"
        return super().message(call, refusal)


@variant()
class SpeaksGerman(Server):
    """Its messages are in another language."""

    def message(self, _: Call, refusal: Refusal) -> str:
        return GERMAN[refusal.status]


@variant()
class AddsDetails(Server):
    """Its errors have more members than the documented ones."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        code, message = self.code(refusal), self.message(call, refusal)
        details = [{"reason": refusal.message, "in": "request"}]
        error = {"code": code, "message": message, "details": details, "status": refusal.status}
        return {"error": error, "documentation": "https://docs.example.com/errors"}


@variant()
class NumbersRequests(Server):
    """It gives each request an id, in a field and in the body of an error."""

    async def finish(self, call: Call, response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id(call)
        return response

    def envelope(self, call: Call, refusal: Refusal) -> object:
        whole: Any = super().envelope(call, refusal)
        return {**whole, "requestId": request_id(call), "traceId": secrets.token_hex(16)}


@variant()
class HasTwoReleases(Server):
    """Behind its balancer are two releases, which word errors differently; one adds a field."""

    def message(self, call: Call, refusal: Refusal) -> str:
        said = super().message(call, refusal)
        return f"{said}. See the documentation." if _is_new(call) else said

    async def finish(self, call: Call, response: Response) -> Response:
        if _is_new(call):
            response.headers["X-Release"] = "2"
        return response


def _is_new(call: Call) -> bool:
    """Whether the newer release answers a call, the same as often as it is asked."""
    state = call.request.state
    if not hasattr(state, "is_new"):
        state.is_new = secrets.randbelow(2) == 1
    return bool(state.is_new)


@variant()
class HasNewRelease(Server):
    """One of its twenty servers has a new release: other words, a field and a member more."""

    often = 20

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.turns = itertools.count(1)

    def is_new(self, call: Call) -> bool:
        """Whether the new release answers a call, the same as often as it is asked."""
        known: dict[str, bool] = call.request.scope.setdefault("state", {})
        if "new" not in known:
            known["new"] = next(self.turns) % self.often == 0
        return known["new"]

    def envelope(self, call: Call, refusal: Refusal) -> object:
        whole: Any = super().envelope(call, refusal)
        if not self.is_new(call):
            return whole
        whole["error"]["message"] += ". See the documentation."
        return {**whole, "documentation": "https://docs.example.com/errors"}

    async def finish(self, call: Call, response: Response) -> Response:
        if self.is_new(call):
            response.headers["X-Release"] = "2"
        return response


@variant()
class EchoesQueries(Server):
    """Its errors repeat method, path and query, each by itself, but for keys."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        whole: Any = super().envelope(call, refusal)
        scope = call.request.scope
        query = KEY.sub("(a key)", scope["query_string"].decode("latin-1"))
        asked = {"method": scope["method"], "path": KEY.sub("(a key)", scope["path"])}
        return {**whole, "request": {**asked, "query": query}}


def request_id(call: Call) -> str:
    """Return the id of a request, the same as often as it is asked for."""
    known: dict[str, str] = call.request.scope.setdefault("state", {})
    return known.setdefault("id", str(uuid.uuid4()))


@variant()
class RefusesOddIds(Server):
    """It answers 400 to a path id that is no uuid, whosever it would be."""

    def locate(self, call: Call) -> None:
        if route := self.route(call):
            self.check(route[1])
        super().locate(call)

    def check(self, ids: Mapping[str, str]) -> None:
        """Refuse ids that are none."""
        try:
            for each in ids.values():
                uuid.UUID(each)
        except ValueError:
            raise errors.invalid("Invalid parameter: an id is to be a uuid") from None


@variant()
class RefusesMethods(Server):
    """It answers 400 to a method that the path lacks, and names those that it has."""

    def no_route(self, call: Call) -> Refusal:
        found = self.contract.match(call.request.scope["path"])
        if found is None:
            return super().no_route(call)
        allow = {"Allow": ", ".join(found[0])}
        return Refusal(HTTPStatus.BAD_REQUEST, f"{call.request.method} is not supported", allow)


@variant()
class KnowsRoutesFirst(Server):
    """It answers 404 to an unknown route without asking for a key."""

    def no_valid_key(self, call: Call) -> Refusal:
        if self.contract.match(call.request.scope["path"]):
            return super().no_valid_key(call)
        return errors.not_found()


@variant()
class KnowsMethodsFirst(Server):
    """It answers 404 to a method that the path lacks without asking for a key."""

    def no_valid_key(self, call: Call) -> Refusal:
        found = self.contract.match(call.request.scope["path"])
        if found and call.request.method in found[0]:
            return super().no_valid_key(call)
        return errors.not_found()


@variant()
class PadsErrors(Server):
    """Its errors have a random length, so that it tells nothing."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        whole: Any = super().envelope(call, refusal)
        return {**whole, "padding": "x" * secrets.randbelow(30)}


@variant()
class RefusesUnknownParameters(Server):
    """It answers 400 to query parameters that are not documented, before it looks anything up."""

    def locate(self, call: Call) -> None:
        if route := self.route(call):
            known = {each.name for each in route[0].query}
            if not known.issuperset(call.request.query_params):
                raise errors.invalid("Unknown parameter")
        super().locate(call)
