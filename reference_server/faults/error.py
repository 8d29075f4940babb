"""error: one format, which says what it has to and no more."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, operation, page

DEEPEST = 100  # objects in one another

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


@fault(breaks="error.content-type", also=("schema.responses",), seldom=True)
class SendsErrorsAsPreferred(Server):
    """Says of an error that it is of the type that the client likes best."""

    def refuse(self, call: Call, refusal: Refusal) -> Response:
        response, likes = super().refuse(call, refusal), call.request.headers.get("accept", "")
        preferred = likes.partition(",")[0]
        if "/" in preferred and "*" not in preferred:
            response.headers["Content-Type"] = preferred
        return response


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


@fault(breaks="error.no-server-error")
class FailsWithoutMediaType(Server):
    """Looks what a body is said to be, but not whether anything is said of it."""

    def validate_media_type(self, call: Call) -> None:
        assert "content-type" in call.request.headers
        super().validate_media_type(call)


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


@fault(breaks="error.no-server-error")
class FailsOnHugeNumbers(Server):
    """Rounds the numbers of a body, and does not expect one beyond what it can hold."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        json.loads(call.body, parse_float=lambda text: round(float(text)))
        return content


@fault(breaks="error.no-server-error")
class FailsOnApostrophes(Server):
    """Writes what a body holds between the apostrophes of a query, as it is."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if "'" in json.dumps(content):
            raise errors.internal()
        return content


@fault(breaks="error.no-server-error")
class FailsOnDepth(Server):
    """Fails at what is nested deeper than it can follow."""

    def decode(self, call: Call) -> Any:
        if call.body.count(b"{") > DEEPEST:
            raise errors.internal()
        return super().decode(call)
