"""The pages where keys are generated (API Keys, Generating a Project Key).

They work without scripts; those add copying, and a view of the last requests that stays current.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from reference_server.activity import Seen
from reference_server.app import Server
from reference_server.guard import local
from reference_server.tokens import Forged, Tokens

if TYPE_CHECKING:
    from reference_server.keys import Key
    from reference_server.store import Owner

PATH = "/dashboard"
HERE = Path(__file__).parent / "pages"
LONGEST_FORM = 4096  # bytes
UUID = re.compile(r"\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TITLES = {403: "Not done", 404: "Not found"}


def _asset(name: str) -> tuple[Markup, str]:
    """A file that stands in every page, and how the page's security policy knows it."""
    text = (HERE / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704 - a file of our own


STYLE, STYLE_HASH = _asset("style.css")
SCRIPT, SCRIPT_HASH = _asset("script.js")
HEADERS = {
    "Cache-Control": "no-store",  # a key is on the page once
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {STYLE_HASH}; script-src {SCRIPT_HASH}; "
        "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is shown of one key: its prefix, its window as last told, and its last requests."""

    shown: str
    limit: int
    left: int
    seconds: int | None  # until Reset; None: no window is under way
    reset: str
    requests: list[Seen]


def create(server: Server) -> Starlette:
    """Return the ASGI application with the pages of *server*."""
    dashboard = Dashboard(server)
    settings = f"{PATH}/{{id}}"
    return Starlette(
        routes=[
            Route(PATH, local(dashboard.show_all), methods=["GET"]),
            Route(settings, local(dashboard.show_settings), methods=["GET"]),
            Route(f"{settings}/activity", local(dashboard.show_activity), methods=["GET"]),
            Route(f"{settings}/generate", local(dashboard.generate_key), methods=["POST"]),
            Route(f"{settings}/revoke", local(dashboard.revoke_key), methods=["POST"]),
        ],
        exception_handlers={HTTPException: dashboard.show_problem},
    )


class Dashboard:
    """The endpoints."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tokens = Tokens()
        self.pages = _environment(server)

    async def show_all(self, request: Request) -> Response:
        """Show which teams and projects there are, and how a first call is made."""
        owners = self.server.store.owners()
        teams = [one for one in owners if one.kind == "team"]
        projects = [one for one in owners if one.kind == "project"]
        first = next(iter(projects), None)
        return self._page(
            "all.html",
            teams=[(team, [one for one in projects if one.team == team.id]) for team in teams],
            loose=[one for one in projects if one.team is None],
            first=first,
            first_key=self._only(first) if first else "",
            url=self._url(request, first) if first else "",
            keyless=self.server.activity.of(None),
        )

    async def show_settings(self, request: Request) -> Response:
        """Show the settings of a project or team: of its keys only the prefixes."""
        return self._settings(request, self._owner(request))

    async def show_activity(self, request: Request) -> Response:
        """Show, as a part of the settings page, each key's window and last requests."""
        return self._page("activity.html", views=list(self._views(self._owner(request))))

    async def generate_key(self, request: Request) -> Response:
        """Generate a key and show it, on this page only."""
        owner = self._owner(request)
        form = await _form(request)
        if not self._first_time(form):
            return _back(owner)
        if self.server.replaces(owner) and form.get("replaces", "") != self._only(owner):
            return self._settings(request, owner, note="stale")
        return self._settings(request, owner, new_key=await self.server.rotate(owner))

    async def revoke_key(self, request: Request) -> Response:
        """Revoke the key that is shown like this, and return to the settings."""
        owner = self._owner(request)
        form = await _form(request)
        if self._first_time(form):
            self.server.revoke(owner, form.get("key", ""))
        return _back(owner)

    async def show_problem(self, _: Request, problem: Exception) -> Response:
        """Show why a page is not shown, or a form not acted on."""
        assert isinstance(problem, HTTPException)
        page = self._page(
            "problem.html",
            title=TITLES.get(problem.status_code, "Not possible"),
            detail=problem.detail,
        )
        page.status_code = problem.status_code
        return page

    def _settings(
        self, request: Request, owner: Owner, *, new_key: str | None = None, note: str = ""
    ) -> Response:
        """The settings page; with a new key when it has just been generated."""
        return self._page(
            "settings.html",
            owner=owner,
            team=self.server.store.owner(owner.team) if owner.team else None,
            keys=self.server.display(owner),
            views=list(self._views(owner)),
            new_key=new_key,
            note=note,
            replaces=self.server.replaces(owner),
            url=self._url(request, owner),
        )

    def _only(self, owner: Owner) -> str:
        """What is shown of the key that a new one replaces; nothing if there is none."""
        return next(iter(self.server.display(owner)), "")

    def _views(self, owner: Owner) -> Iterator[View]:
        for key in self.server.store.keys(owner.id):
            yield self._view(key)

    def _view(self, key: Key) -> View:
        """What a key's last answer said of its window; a full one where that is over."""
        requests = self.server.activity.of(key.digest)
        shown, limit, now = self.server.displayed(key), self.server.limit, self.server.now()
        window = next((one.window for one in requests if one.window), None)
        if window is None or now >= window.reset:
            return View(
                shown=shown,
                limit=limit,
                left=limit,
                seconds=None,
                reset="",
                requests=requests,
            )
        return View(
            shown=shown,
            limit=window.limit,
            left=window.remaining,
            seconds=math.ceil(window.reset - now),
            reset=f"{_time(window.reset)} UTC",
            requests=requests,
        )

    def _url(self, request: Request, owner: Owner) -> str:
        """Where the first call to a project or team goes."""
        contract = self.server.contract
        path = next(
            (
                operation.path.replace(f"{{{operation.owner}}}", owner.id)
                for operation in contract.operations
                if operation.kind.name == owner.kind and operation.method == "GET"
            ),
            "",
        )
        return f"{request.url.scheme}://{request.url.netloc}{contract.base_path}{path}"

    def _owner(self, request: Request) -> Owner:
        owner = self.server.store.owner(request.path_params["id"])
        if owner is None:
            raise HTTPException(404, "There is no such project or team.")
        return owner

    def _first_time(self, form: Mapping[str, str]) -> bool:
        """Whether a form is to be acted on: a reloaded page sends it again."""
        try:
            return self.tokens.spend(form.get("token", ""))
        except Forged as reason:
            raise HTTPException(403, f"Nothing was changed: {reason}.") from None

    def _page(self, template: str, **values: object) -> Response:
        text = self.pages.get_template(template).render(values, token=self.tokens.issue())
        return HTMLResponse(text, headers=HEADERS)


def _environment(server: Server) -> Environment:
    pages = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["clock"] = _time
    pages.filters["brief"] = _brief
    pages.globals |= {
        "path": PATH,
        "style": STYLE,
        "script": SCRIPT,
        "limit": server.limit,
        "seconds": server.seconds,
        "deviates": _deviation(server),
    }
    return pages


def _deviation(server: Server) -> str:
    """What a faulty or odd server says of itself; nothing for the sound one."""
    return "" if type(server) is Server else (type(server).__doc__ or "").strip()


def _brief(path: str) -> str:
    """A path whose uuids are cut to what tells them apart: a whole one fills a phone's line."""
    return UUID.sub(r"\1" + "\u2026", path)


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M:%S}"


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form, one value each."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            raise HTTPException(413, "Nothing was changed: no form of these pages is that long.")
    return {name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()}


def _back(owner: Owner) -> Response:
    return RedirectResponse(f"{PATH}/{owner.id}", 303, headers={"Cache-Control": "no-store"})
