"""What several faults are made of."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from reference_server.app import Call, Server
from reference_server.contract import Operation
from reference_server.errors import Refusal
from reference_server.store import Owner


class Undocumented(Server):
    """Gives a status that the table of errors lacks its own code."""

    def code(self, refusal: Refusal) -> str:
        return self.contract.codes.get(refusal.status) or HTTPStatus(refusal.status).name


def forbidden() -> Refusal:
    """The key does not reach what was asked for; the table of errors has no 403."""
    return Refusal(HTTPStatus.FORBIDDEN, "Forbidden")


def operation(server: Server, call: Call) -> Operation | None:
    """Return the operation that is called, also where nobody has looked yet."""
    route = server.route(call)
    return route[0] if route else None


def addressed(server: Server, call: Call) -> Owner | None:
    """Return the project or team that the path names, if it exists."""
    found = (server.store.owner(part) for part in call.request.scope["path"].split("/"))
    return next((owner for owner in found if owner), None)


def foreign(server: Server, call: Call) -> bool:
    """Whether a valid key was used on what exists and belongs to somebody else."""
    owner = addressed(server, call)
    return bool(owner and call.window and owner.id != call.key.owner)


def page(response: Response, text: str, media_type: str | None) -> Response:
    """Return another body in the place of a response's, under the same fields."""
    own = ("content-length", "content-type")
    fields = {name: value for name, value in response.headers.items() if name not in own}
    return Response(text, response.status_code, fields, media_type)


def default_page(response: Response) -> Response:
    """Return what a framework or a proxy answers by itself: its own page and no fields of ours."""
    phrase = HTTPStatus(response.status_code).phrase
    text = f"<html><body><h1>{response.status_code} {phrase}</h1></body></html>"
    return Response(text, response.status_code, {"Date": response.headers["date"]}, "text/html")
