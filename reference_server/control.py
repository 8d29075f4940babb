"""The control plane: what a person does at the dashboard, for a test's hooks.

Whoever reaches it can replace any key. There is no authentication, so it answers only to this
machine's loopback addresses, and not to the pages that a browser on it shows.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from reference_server.clock import ManualClock

if TYPE_CHECKING:
    from reference_server.app import Server
    from reference_server.store import Owner

PATH = "/control"

Endpoint = Callable[[Request], Awaitable[Response]]


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


def local(endpoint: Endpoint) -> Endpoint:
    """Refuse the endpoint to other machines, and to the scripts of web pages on this one."""

    async def guarded(request: Request) -> Response:
        if not _is_loopback(request) or "origin" in request.headers:
            raise HTTPException(403, "The control plane is for programs on this machine\n")
        return await endpoint(request)

    return guarded


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
        shown = request.path_params["shown"].removesuffix("...")
        for key in self.server.store.keys(self._owner(request).id):
            if key.shown == shown:
                self.server.store.revoke(key)
                return PlainTextResponse(f"{shown}... is revoked\n")
        raise HTTPException(404, "No such key\n")

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

    def _clock(self) -> ManualClock:
        if not isinstance(self.server.clock, ManualClock):
            raise HTTPException(404, "This server keeps real time\n")
        return self.server.clock

    def _owner(self, request: Request) -> Owner:
        owner = self.server.store.owner(request.path_params["id"])
        if owner is None or owner.kind != request.path_params["kind"]:
            raise HTTPException(404, "No such project or team\n")
        return owner


def _is_loopback(request: Request) -> bool:
    return request.client is not None and ip_address(request.client.host).is_loopback
