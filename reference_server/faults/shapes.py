"""What several faults are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.contract import Operation
from reference_server.errors import Refusal
from reference_server.keys import Key
from reference_server.store import Owner

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LAG = 0.05  # seconds that a replica is behind

# What cannot hold where a fresh counter is to be had by other means than waiting.
WITH_MANY_COUNTERS = (
    "rate.remaining-counts",
    "rate.enforced",
    "rate.no-bypass",
    "rate.before-work",
    "rate.recovers",
    "rate.concurrent",
    "rate.reset-stable",
)


class Undocumented(Server):
    """Gives a status that the table of errors lacks its own code."""

    def code(self, refusal: Refusal) -> str:
        return self.contract.codes.get(refusal.status) or HTTPStatus(refusal.status).name


class LetsIn(Server):
    """Lets some requests in without a valid key: as if with one of what they address."""

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            owner = addressed(self, call) if self.lets_in(call) else None
            if owner is None:
                raise
            call.key = self.lent(call, owner)

    def lets_in(self, _: Call) -> bool:
        """Whether the request gets in nevertheless."""
        return False

    def lent(self, call: Call, owner: Owner) -> Key:
        """Return a key of the project or team that the path names, with a window of its own."""
        token = self.credential_of(call) or "nobody"
        return Key(digest=keys.digest(token), owner=owner.id, kind=owner.kind, shown="")

    def sent_nothing(self, call: Call) -> bool:
        """Whether the request has no Authorization field."""
        return "authorization" not in call.request.headers


@dataclass(frozen=True, slots=True)
class Replaced:
    """A key that was replaced, and when."""

    key: Key
    at: float


class RemembersKeys(Server):
    """Remembers each replaced key, and decides anew whether it is still good."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.replaced: dict[str, Replaced] = {}

    def issue(self, owner: Owner) -> str:
        if self.replaces(owner):
            for key in self.store.keys(owner.id):
                self.replaced[key.digest] = Replaced(key, self.now())
        return super().issue(owner)

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            old = self.old_key(call)
            if old is None or not self.still_good(call, old):
                raise
            call.key = old.key

    def old_key(self, call: Call) -> Replaced | None:
        """Return the replaced key that was sent, or None."""
        token = self.credential_of(call)
        return self.replaced.get(keys.digest(token)) if token else None

    def latest(self, owner: str) -> Replaced:
        """Return the key of a project that was replaced last."""
        return [each for each in self.replaced.values() if each.key.owner == owner][-1]

    def still_good(self, _call: Call, _old: Replaced) -> bool:
        """Whether the old key still gets in."""
        return False


class Betrays(Server):
    """Answers otherwise to a valid key on what exists and is another's."""

    async def finish(self, call: Call, response: Response) -> Response:
        missing = response.status_code == HTTPStatus.NOT_FOUND
        owner = addressed(self, call) if missing and foreign(self, call) else None
        if owner and self.concerns(call, owner):
            await self.betray(response, owner)
        return response

    def concerns(self, call: Call, owner: Owner) -> bool:
        """Whether this answer tells what it should not."""
        return call.key.kind == owner.kind

    async def betray(self, response: Response, owner: Owner) -> None:
        """Change the response so that it tells that *owner* exists."""


def forbidden() -> Refusal:
    """The key does not reach what was asked for; the table of errors has no 403."""
    return Refusal(HTTPStatus.FORBIDDEN, "Forbidden")


def operation(server: Server, call: Call) -> Operation | None:
    """Return the operation that is called, also where nobody has looked yet."""
    route = server.route(call)
    return route[0] if route else None


def names_project(call: Call) -> bool:
    """Return whether a team's event is for one of its projects, or for what is said to be one."""
    return call.operation.id == "sendTeamEvent" and call.content.get("project_id") is not None


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
