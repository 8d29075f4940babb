"""error: what is answered where there is no route or method."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, RedirectResponse, Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.contract import Operation
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, default_page, operation, page

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


@fault(breaks="error.unknown-route", seldom=True)
class ListsWhateverIsAskedFor(Server):
    """Answers a read of anything below one's own project or team with an empty list."""

    async def finish(self, call: Call, response: Response) -> Response:
        *_, owner, _ = call.request.scope["path"].rsplit("/", 2)
        known = self.contract.match(call.request.scope["path"])
        read = call.request.method == "GET" and response.status_code == HTTPStatus.NOT_FOUND
        if known or not read or not call.window or owner != call.key.owner:
            return response
        fields = {name: response.headers[name] for name in response.headers if name[:2] == "x-"}
        return JSONResponse({"data": []}, headers=fields)


@fault(breaks="error.unknown-route", seldom=True)
class MountsOnboarding(Server):
    """Takes what follows the path of the onboarding for a part of it, whatever that is."""

    def route(self, call: Call) -> tuple[Operation, Mapping[str, str]] | None:
        head, mounted, _ = call.request.scope["path"].partition("/onboarding/")
        if mounted:
            call.request.scope["path"] = f"{head}/onboarding"
        return super().route(call)


@fault(breaks="error.unknown-route", seldom=True)
class MountsEvents(Server):
    """Takes an event at whatever follows the path for events, as the hooks of others have one."""

    def route(self, call: Call) -> tuple[Operation, Mapping[str, str]] | None:
        head, mounted, _ = call.request.scope["path"].partition("/events/")
        if mounted:
            call.request.scope["path"] = f"{head}/events"
        return super().route(call)


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


@fault(breaks="error.unknown-method", seldom=True)
class TakesPutForPost(Server):
    """Creates with PUT what POST is for."""

    def route(self, call: Call) -> tuple[Operation, Mapping[str, str]] | None:
        methods, ids = self.contract.match(call.request.scope["path"]) or ({}, {})
        put = call.request.method == "PUT" and "PUT" not in methods and "POST" in methods
        return (methods["POST"], ids) if put else super().route(call)


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
