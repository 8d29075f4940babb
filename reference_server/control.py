"""The control plane: what a person does at the dashboard, for a test's hooks.

Whoever reaches it can replace any key. There is no authentication, so it answers only to
programs on this machine (guard.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from reference_server.clock import MovableClock
from reference_server.guard import local

if TYPE_CHECKING:
    from reference_server.app import Server
    from reference_server.store import Owner

PATH = "/control"


def create(server: Server) -> Starlette:
    """Return the ASGI application that stands for the dashboard of *server*."""
    control = Control(server)
    keys, one_key, clock = f"{PATH}/{{kind}}s/{{id}}/keys", "/{shown}", f"{PATH}/clock"
    return Starlette(
        routes=[
            Route(clock, local(control.show_clock), methods=["GET"]),
            Route(clock, local(control.move_clock), methods=["POST"]),
            Route(keys, local(control.generate_key), methods=["POST"]),
            Route(keys, local(control.show_keys), methods=["GET"]),
            Route(keys + one_key, local(control.revoke_key), methods=["DELETE"]),
        ]
    )


class Control:
    """The endpoints. Those about keys answer in plain text, so that a shell needs no parser."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def generate_key(self, request: Request) -> Response:
        """Generate a key and show it, alone on its line, this once."""
        return PlainTextResponse(await self.server.rotate(self._owner(request)) + "\n")

    async def show_keys(self, request: Request) -> Response:
        """Show what the settings page shows of the valid keys, one a line."""
        lines = self.server.display(self._owner(request))
        return PlainTextResponse("".join(f"{line}\n" for line in lines))

    async def revoke_key(self, request: Request) -> Response:
        """Revoke the key that is shown like this."""
        shown = request.path_params["shown"]
        if not self.server.revoke(self._owner(request), shown):
            raise HTTPException(404, "No such key\n")
        return PlainTextResponse(f"{shown} is revoked\n")

    async def show_clock(self, _: Request) -> Response:
        """Show the server's time."""
        return JSONResponse({"now": self._clock().now()})

    async def move_clock(self, request: Request) -> Response:
        """Move the server's time on by ``{"advance": seconds}``."""
        clock = self._clock()
        try:
            now = clock.advance(float(json.loads(await request.body())["advance"]))
        except (ValueError, TypeError, KeyError):
            raise HTTPException(400, 'The body is to be {"advance": seconds}\n') from None
        return JSONResponse({"now": now})

    def _clock(self) -> MovableClock:
        if not isinstance(self.server.clock, MovableClock):
            raise HTTPException(404, "This server keeps real time\n")
        return self.server.clock

    def _owner(self, request: Request) -> Owner:
        owner = self.server.store.owner(request.path_params["id"])
        if owner is None or owner.kind != request.path_params["kind"]:
            raise HTTPException(404, "No such project or team\n")
        return owner
