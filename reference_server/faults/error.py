"""error: one format."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import RedirectResponse, Response

from reference_server import errors
from reference_server.app import Call, Server
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, default_page, operation, page

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LIMIT = re.compile(rb"((?:^|&)limit=-?[0-9]+)[^&]*")  # in a query: the number, and its rest
DEEP = 20  # levels of JSON that FailsOnDeepJson has room for
FIVE_HUNDRED = (
    "error.envelope",
    "error.content-type",
    "error.code-matches",
    "rate.headers-present",
    "error.malformed-json",
    "error.invalid-body",
)

# error.envelope


@fault(
    breaks="error.envelope",
    also=(
        "error.code-matches",
        "rotation.old-key-revoked",
        "rate.enforced",
        "schema.responses",
    ),
)
class FlattensErrors(Server):
    """Sends code and message without the object around them."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        return {"code": self.code(refusal), "message": self.message(call, refusal)}


@fault(breaks="error.envelope", also=("error.code-matches", "error.unknown-route"))
class SendsDetailOnUnknownRoutes(Server):
    """Leaves unknown routes to its framework, which says ``detail`` and nothing else."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        found = self.contract.match(call.request.scope["path"])
        return super().envelope(call, refusal) if found else {"detail": "Not Found"}


@fault(breaks="error.envelope")
class SendsEmptyMessage(Server):
    """Has no words for a 404."""

    def message(self, call: Call, refusal: Refusal) -> str:
        missing = refusal.status == HTTPStatus.NOT_FOUND
        return "" if missing else super().message(call, refusal)


@fault(breaks="error.envelope")
class ListsMistakes(Server):
    """Sends in a 400 a list of what is wrong instead of a message."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        if refusal.status != HTTPStatus.BAD_REQUEST:
            return super().envelope(call, refusal)
        return {"error": {"code": self.code(refusal), "message": [refusal.message]}}


@fault(breaks="error.envelope", also=("error.code-matches",))
class SendsErrorAsText(Server):
    """Sends what went wrong as the text ``error``."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        return {"error": self.message(call, refusal)}


@fault(breaks="error.envelope", also=("error.content-type", "error.code-matches"))
class SendsNothingUnauthorized(Server):
    """Sends a 401 without a body."""

    async def finish(self, _: Call, response: Response) -> Response:
        empty = response.status_code == HTTPStatus.UNAUTHORIZED
        return page(response, "", None) if empty else response


# error.content-type


class Types(Server):
    """Sends some errors under another media type."""

    media_type = "text/plain"

    async def finish(self, _: Call, response: Response) -> Response:
        if self.types(response.status_code):
            response.headers["content-type"] = self.media_type
        return response

    def types(self, status: int) -> bool:
        """Whether responses with this status are sent under another type."""
        return status >= HTTPStatus.BAD_REQUEST


@fault(breaks="error.content-type")
class SendsErrorsAsText(Types):
    """Sends errors as text/plain."""


@fault(breaks="error.content-type")
class SendsProblems(Types):
    """Sends the documented body as application/problem+json."""

    media_type = "application/problem+json"


@fault(breaks="error.content-type")
class SendsNotFoundWithoutType(Server):
    """Does not say of which type the body of a 404 is."""

    async def finish(self, _: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.NOT_FOUND:
            del response.headers["content-type"]
        return response


# error.code-matches


class Codes(Server):
    """Has other codes for some statuses."""

    codes: Mapping[int, str] = {}

    def code(self, refusal: Refusal) -> str:
        return self.codes.get(refusal.status) or super().code(refusal)


@fault(
    breaks="error.code-matches",
    also=(
        "auth.required",
        "rotation.old-key-revoked",
        "error.unknown-route",
    ),
)
class SaysInvalidApiKey(Codes):
    """Says INVALID_API_KEY instead of UNAUTHORIZED."""

    codes = {401: "INVALID_API_KEY"}  # noqa: RUF012 - a table


@fault(breaks="error.code-matches", also=("rate.enforced",))
class SaysTooManyRequests(Codes):
    """Says TOO_MANY_REQUESTS instead of RATE_LIMITED."""

    codes = {429: "TOO_MANY_REQUESTS"}  # noqa: RUF012 - a table


@fault(breaks="error.code-matches", also=("error.unknown-route",))
class SaysRouteNotFound(Server):
    """Says ROUTE_NOT_FOUND of an unknown route."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        if refusal.status != HTTPStatus.NOT_FOUND or operation(self, call):
            return super().envelope(call, refusal)
        return {"error": {"code": "ROUTE_NOT_FOUND", "message": refusal.message}}


# error.documented-status


@fault(breaks="error.unknown-method", also=("error.documented-status", "error.code-matches"))
class AnswersMethodNotAllowed(Undocumented):
    """Answers 405 to a method that the path lacks."""

    def no_route(self, call: Call) -> Refusal:
        if self.contract.match(call.request.scope["path"]):
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed")
        return super().no_route(call)


@fault(breaks="error.documented-status", also=("error.invalid-body", "error.code-matches"))
class AnswersUnprocessable(Undocumented):
    """Answers 422 to JSON that is against the schema."""

    def validate_body(self, call: Call) -> None:
        try:
            super().validate_body(call)
        except Refusal as refusal:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, refusal.message) from None


@fault(breaks="error.documented-status", also=("error.media-type", "error.code-matches"))
class AnswersUnsupportedMediaType(Undocumented):
    """Answers 415 to another media type."""

    def validate_media_type(self, call: Call) -> None:
        try:
            super().validate_media_type(call)
        except Refusal as refusal:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, refusal.message) from None


@fault(breaks="error.documented-status", also=("error.code-matches",))
class AnswersConflict(Undocumented):
    """Answers 409 to a new environment with a name that the team has already."""

    def perform(self, call: Call) -> object:
        if call.operation.id == "createEnvironment" and self.has(call, call.content["name"]):
            raise Refusal(HTTPStatus.CONFLICT, "The team has an environment of this name")
        return super().perform(call)

    def has(self, call: Call, name: str) -> bool:
        """Whether one of the team's environments has this name."""
        known = self.store.resources(call.owner, call.operation.collection)
        return any(each.content["name"] == name for each in known)


# error.malformed-json


@fault(breaks="error.no-server-error", also=("error.malformed-json",))
class FailsOnMalformedJson(Server):
    """Does not expect that a body is not JSON."""

    def decode(self, call: Call) -> Any:
        return json.loads(call.body)


@fault(breaks="error.malformed-json")
class TakesFirstOfTwo(Server):
    """Reads a body's first value and ignores what follows it; an empty one is {}."""

    def decode(self, call: Call) -> Any:
        try:
            return super().decode(call)
        except Refusal:
            if call.body.startswith(b"{}"):
                call.body = b"{}"
                return DEFAULTS[call.operation.id]
            raise


@fault(breaks="error.malformed-json")
class TakesEmptyForDefault(Server):
    """Takes an empty body for a request with the usual values."""

    def decode(self, call: Call) -> Any:
        return super().decode(call) if call.body.strip() else DEFAULTS[call.operation.id]


DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "createExecution": {"taskSlug": "run-tests"},
    "createEnvironment": {"name": "default"},
    "putVariables": {"variables": []},
    "sendProjectEvent": {"event_type": "ping"},
    "sendTeamEvent": {"event_type": "ping"},
}
UNNAMED = {"name": "UNNAMED", "value": ""}  # what a variable is without them


@fault(
    breaks="error.envelope",
    also=(
        "error.malformed-json",
        "error.content-type",
        "error.code-matches",
        "rate.headers-present",
    ),
)
class LeavesJsonToFramework(Server):
    """Has a framework that answers what is not JSON with a page of its own."""

    async def finish(self, _: Call, response: Response) -> Response:
        return default_page(response) if b"is not JSON" in response.body else response


# error.invalid-body


class Overlooks(Server):
    """Overlooks some rules of a body's schema."""

    rules: tuple[str, ...] = ()

    def validate_body(self, call: Call) -> None:
        assert call.operation.body
        mistakes = call.operation.body.iter_errors(call.content)
        if any(mistake.schema_path[-1] not in self.rules for mistake in mistakes):
            super().validate_body(call)


@fault(breaks="error.invalid-body")
class TakesUnknownMembers(Overlooks):
    """Ignores members of a body that are not documented."""

    rules = ("additionalProperties",)


@fault(breaks="error.invalid-body", also=("schema.responses",))
class TakesAnyText(Overlooks):
    """Validates types only: lengths and patterns are left to the pages that send them."""

    rules = ("pattern", "maxLength", "minLength")


@fault(breaks="error.invalid-body")
class TakesIncompleteBodies(Overlooks):
    """Fills in what a body lacks."""

    rules = ("required",)

    def validate_body(self, call: Call) -> None:
        super().validate_body(call)
        call.content = {**DEFAULTS[call.operation.id], **call.content}
        if variables := call.content.get("variables"):
            call.content["variables"] = [{**UNNAMED, **one} for one in variables]


@fault(breaks="error.invalid-body", also=("schema.responses",))
class TakesNumbersForText(Overlooks):
    """Takes a number where a text is asked, and makes a text of it."""

    rules = ("type",)

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if not isinstance(content, dict):
            return content
        return {k: str(v) if isinstance(v, int) else v for k, v in content.items()}

    def validate_body(self, call: Call) -> None:
        Server.validate_body(self, call)


@fault(breaks="error.invalid-body")
class TakesManyVariables(Overlooks):
    """Takes more variables at once than the documented hundred."""

    rules = ("maxItems",)


@fault(breaks="error.invalid-body", also=("schema.responses",))
class TakesUnderscores(Server):
    """Takes underscores in a task's slug like hyphens."""

    def validate_body(self, call: Call) -> None:
        sent = call.content
        slug = sent.get("taskSlug") if isinstance(sent, dict) else None
        if isinstance(slug, str):
            call.content = {**sent, "taskSlug": slug.replace("_", "-")}
        super().validate_body(call)
        call.content = sent


@fault(breaks="error.invalid-body")
class TakesPrototype(Server):
    """Does not see a member named __proto__, as some parsers of JSON do not."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if isinstance(content, dict):
            content.pop("__proto__", None)
        return content


# error.invalid-parameters


@fault(breaks="error.invalid-parameters")
class IgnoresInvalidLimit(Server):
    """Takes an invalid limit for none."""

    def validate_parameters(self, call: Call) -> None:
        try:
            super().validate_parameters(call)
        except Refusal:
            call.query = {}


@fault(breaks="error.invalid-parameters")
class IgnoresRestOfLimit(Server):
    """Reads a limit as far as it is a number, as parseInt does."""

    def validate_parameters(self, call: Call) -> None:
        scope = call.request.scope
        scope["query_string"] = LIMIT.sub(rb"\1", scope["query_string"])
        super().validate_parameters(call)


@fault(breaks="error.no-server-error", also=("error.invalid-parameters",))
class FailsOnWords(Server):
    """Does not expect that a limit is no number."""

    def validate_parameters(self, call: Call) -> None:
        if limit := call.request.query_params.get("limit"):
            int(limit)
        super().validate_parameters(call)


@fault(breaks="error.no-server-error", also=("error.invalid-parameters",))
class FailsOnOddIds(Server):
    """Does not expect that an id is no uuid."""

    def locate(self, call: Call) -> None:
        if route := self.route(call):
            assert all(UUID.fullmatch(each) for each in route[1].values())
        super().locate(call)


# error.media-type


@fault(breaks="error.media-type")
class IgnoresMediaType(Server):
    """Reads every body as JSON."""

    def validate_media_type(self, call: Call) -> None:
        """Take any."""


@fault(breaks="error.no-server-error", also=("error.media-type",))
class FailsOnForms(Server):
    """Has no reader for a form, and does not expect one."""

    def validate_media_type(self, call: Call) -> None:
        if "json" not in call.request.headers.get("content-type", "json"):
            raise errors.internal()
        super().validate_media_type(call)


# error.unknown-route, error.unknown-method


@fault(breaks="error.unknown-route", also=("error.envelope", "error.content-type"))
class ServesPagesElsewhere(Server):
    """Answers an unknown route with the page of its single-page application, 200."""

    async def finish(self, call: Call, response: Response) -> Response:
        known = self.contract.match(call.request.scope["path"])
        if known or response.status_code != HTTPStatus.NOT_FOUND:
            return response
        response.status_code = HTTPStatus.OK
        return page(response, "<!doctype html><div id=root></div>", "text/html")


@fault(breaks="error.unknown-route")
class InvalidatesKeysElsewhere(Server):
    """Answers 401 to a valid key on an unknown route."""

    def no_route(self, call: Call) -> Refusal:
        known = self.contract.match(call.request.scope["path"])
        return super().no_route(call) if known else errors.unauthorized()


@fault(breaks="error.unknown-route", also=("rate.headers-present",))
class RedirectsElsewhere(Server):
    """Redirects an unknown route to its documentation."""

    async def finish(self, call: Call, response: Response) -> Response:
        known = self.contract.match(call.request.scope["path"])
        if known or response.status_code != HTTPStatus.NOT_FOUND:
            return response
        return RedirectResponse("/docs", HTTPStatus.FOUND)


@fault(
    breaks="error.envelope",
    also=(
        "error.unknown-route",
        "error.content-type",
        "error.code-matches",
        "rate.headers-present",
    ),
)
class LeavesRoutesToFramework(Server):
    """Has a framework that answers unknown routes with a page of its own."""

    async def finish(self, call: Call, response: Response) -> Response:
        known = self.contract.match(call.request.scope["path"])
        missing = response.status_code == HTTPStatus.NOT_FOUND and not known
        return default_page(response) if missing else response


@fault(
    breaks="error.no-server-error",
    also=("error.documented-status", "error.unknown-method", "error.code-matches"),
)
class AnswersNotImplemented(Undocumented):
    """Answers 501 to a method that it does not know."""

    def no_route(self, call: Call) -> Refusal:
        if self.contract.match(call.request.scope["path"]):
            return Refusal(HTTPStatus.NOT_IMPLEMENTED, "Not implemented")
        return super().no_route(call)


@fault(breaks="error.unknown-method")
class AnswersAnyMethod(Server):
    """Answers each method that a path lacks with nothing, 204, where the path exists."""

    async def finish(self, call: Call, response: Response) -> Response:
        known = self.contract.match(call.request.scope["path"])
        own = call.window and known and call.key.owner in known[1].values()
        if not own or operation(self, call) or response.status_code != HTTPStatus.NOT_FOUND:
            return response
        response.status_code = HTTPStatus.NO_CONTENT
        return page(response, "", None)


# error.no-server-error


@fault(breaks="error.no-server-error", also=("error.invalid-body",))
class FailsOnLists(Server):
    """Does not expect that JSON is anything but an object."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        content.get("id")
        return content


@fault(breaks="error.no-server-error", also=FIVE_HUNDRED)
class CrashesOutsideFormat(Server):
    """Fails on JSON that is no object, and leaves it to its framework to say so."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        content.get("id")
        return content

    async def finish(self, _: Call, response: Response) -> Response:
        failed = response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        return default_page(response) if failed else response


@fault(breaks="error.no-server-error", also=("error.documented-status", *FIVE_HUNDRED))
class AnswersBadGateway(Server):
    """Has a worker that dies of what is not JSON, and a proxy that says so: 502, its own page."""

    async def finish(self, _: Call, response: Response) -> Response:
        if b"is not JSON" not in response.body:
            return response
        response.status_code = HTTPStatus.BAD_GATEWAY
        return default_page(response)


@fault(breaks="error.no-server-error", also=("schema.valid-accepted",))
class FailsOnNullParameters(Server):
    """Does not expect that a parameter of an execution is null."""

    def perform(self, call: Call) -> object:
        if call.operation.id == "createExecution":
            assert None not in call.content.get("parameters", {}).values()
        return super().perform(call)


@fault(breaks="error.no-server-error", also=("schema.valid-accepted",))
class FailsOnDeepJson(Server):
    """Fails on JSON that is nested more than twenty levels deep."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        assert depth(content) <= DEEP
        return content


def depth(node: Any) -> int:
    """Return how many objects and arrays there are around the innermost value."""
    parts = list(node.values()) if isinstance(node, dict) else node
    return 1 + max(map(depth, parts), default=0) if isinstance(parts, list) else 0


# error.not-in-success


@fault(
    breaks="error.not-in-success",
    also=(
        "schema.responses",
        "error.invalid-body",
        "error.malformed-json",
        "error.invalid-parameters",
        "error.media-type",
    ),
)
class AnswersOkWithMistakes(Server):
    """Answers 200 to an invalid request, with the error inside."""

    async def finish(self, _: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.BAD_REQUEST:
            response.status_code = HTTPStatus.OK
        return response


@fault(breaks="error.not-in-success")
class SendsErrorBesideData(Server):
    """Accepts an event and says in the same body that its delivery failed."""

    async def finish(self, call: Call, response: Response) -> Response:
        asked = operation(self, call)
        if response.status_code != HTTPStatus.OK or asked is None or asked.collection != "events":
            return response
        failure = {"code": "DELIVERY_FAILED", "message": "No connection"}
        content = {**json.loads(bytes(response.body)), "error": failure}
        return page(response, json.dumps(content), "application/json")


# error.no-internals


class Discloses(Server):
    """Says more of what is behind an error than anyone needs to know."""

    def message(self, call: Call, refusal: Refusal) -> str:
        return self.internals(call, refusal) or super().message(call, refusal)

    def internals(self, _call: Call, _refusal: Refusal) -> str:
        """Return what the error says in the place of its message, if anything."""
        return ""


@fault(breaks="error.no-internals")
class DisclosesTrace(Discloses):
    """Says in a 400 where in its source the body was refused."""

    def internals(self, _: Call, refusal: Refusal) -> str:
        if refusal.status != HTTPStatus.BAD_REQUEST:
            return ""
        return "".join(traceback.format_exception(refusal)[:4])


@fault(breaks="error.no-internals")
class DisclosesQuery(Discloses):
    """Says in a 404 what it asked its database."""

    def internals(self, _: Call, refusal: Refusal) -> str:
        found = refusal.status == HTTPStatus.NOT_FOUND
        return "no rows: SELECT id, owner FROM resources WHERE id = $1" if found else ""
