"""The pages where keys are generated (API Keys, Generating a Project Key)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reference_server.guard import local

if TYPE_CHECKING:
    from reference_server.app import Server
    from reference_server.store import Owner

PATH = "/dashboard"
HEADERS = {
    "Cache-Control": "no-store",  # a key is on the page once
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}

pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True)


def create(server: Server) -> Starlette:
    """Return the ASGI application with the pages of *server*."""
    dashboard = Dashboard(server)
    settings = f"{PATH}/{{id}}"
    return Starlette(
        routes=[
            Route(PATH, local(dashboard.show_all), methods=["GET"]),
            Route(settings, local(dashboard.show_settings), methods=["GET"]),
            Route(f"{settings}/generate", local(dashboard.generate_key), methods=["POST"]),
            Route(f"{settings}/revoke/{{shown}}", local(dashboard.revoke_key), methods=["POST"]),
        ]
    )


class Dashboard:
    """The endpoints."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def show_all(self, _: Request) -> Response:
        """Show which projects and teams there are."""
        return _page("all.html", owners=self.server.store.owners())

    async def show_settings(self, request: Request) -> Response:
        """Show the settings of a project or team: of its keys only the prefixes."""
        return self._settings(self._owner(request))

    async def generate_key(self, request: Request) -> Response:
        """Generate a key and show it, on this page only."""
        owner = self._owner(request)
        return self._settings(owner, await self.server.rotate(owner))

    async def revoke_key(self, request: Request) -> Response:
        """Revoke the key that is shown like this, and return to the settings."""
        owner = self._owner(request)
        self.server.revoke(owner, request.path_params["shown"])
        return RedirectResponse(f"{PATH}/{owner.id}", 303)

    def _settings(self, owner: Owner, new_key: str | None = None) -> Response:
        return _page(
            "settings.html",
            owner=owner,
            keys=self.server.display(owner),
            new_key=new_key,
            replaces=self.server.replaces(owner),
        )

    def _owner(self, request: Request) -> Owner:
        owner = self.server.store.owner(request.path_params["id"])
        if owner is None:
            raise HTTPException(404, "No such project or team\n")
        return owner


def _page(template: str, **values: object) -> Response:
    return HTMLResponse(pages.get_template(template).render(values, path=PATH), headers=HEADERS)
