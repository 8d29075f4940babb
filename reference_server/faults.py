"""Servers that are wrong in one decision each: what the suite must catch.

A fault names the requirement that it breaks, and those that cannot hold besides (``also``). Its
docstring says what it does wrong; its name on the command line is the class's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from starlette.responses import Response

from reference_server.app import Call, Server
from reference_server.choice import ChoiceError
from reference_server.errors import Refusal
from reference_server.keys import Key
from reference_server.store import Owner, Resource
from reference_server.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A faulty server, and which requirements it does not meet."""

    name: str
    server: type[Server]
    breaks: str
    also: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What the server does wrong."""
        return (self.server.__doc__ or "").strip()


FAULTS: dict[str, Fault] = {}


def fault(*, breaks: str, also: tuple[str, ...] = ()) -> Callable[[type[Server]], type[Server]]:
    """Collect a class under its kebab-case name."""

    def register(server: type[Server]) -> type[Server]:
        name = kebab(server)
        FAULTS[name] = Fault(name=name, server=server, breaks=breaks, also=also)
        return server

    return register


def kebab(server: type[Server]) -> str:
    """Return the class's name as it is written on a command line."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", server.__name__).lower()


def find(name: str) -> Fault:
    """Return the fault with this name; raise ChoiceError if there is none."""
    if name not in FAULTS:
        raise ChoiceError(f"no fault is named {name}; --list-faults names them all")
    return FAULTS[name]


# auth: who gets in


@fault(breaks="auth.header-only")
class TakesKeyFromQuery(Server):
    """Accepts a valid key in the query parameter api_key."""

    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(call) or call.request.query_params.get("api_key")


@fault(breaks="auth.prefix-bound")
class ComparesSecretOnly(Server):
    """Finds a key by the part after its prefix, whichever documented prefix it has."""

    def find_key(self, token: str) -> Key | None:
        prefixes = [kind.prefix for kind in self.contract.kinds.values()]
        secrets = [token.removeprefix(each) for each in prefixes if token.startswith(each)]
        found = (super(ComparesSecretOnly, self).find_key(p + s) for p in prefixes for s in secrets)
        return next((key for key in found if key), None)


@fault(breaks="auth.before-all", also=("leak.unauthenticated",))
class ValidatesBeforeRefusing(Server):
    """Answers 400 to an invalid body or parameter that came without a valid key."""

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            if route := self.route(call):
                call.operation, call.ids = route
                self.validate(call)
            raise


# scope: what a key reaches


@fault(
    breaks="scope.project-isolation",
    also=("scope.no-side-effect", "leak.same-answer", "leak.before-validation", "leak.nested"),
)
class ForgetsProject(Server):
    """Lets a project key reach every project there is."""

    def accepts_owner(self, call: Call) -> bool:
        owner = self.store.owner(call.owner)
        return super().accepts_owner(call) or (
            owner is not None and owner.kind == call.key.kind == "project"
        )


@fault(breaks="scope.project-key-on-team", also=("scope.no-side-effect",))
class LendsTeamToProject(Server):
    """Lets a project key call the operations of the team that owns the project."""

    def accepts_kind(self, call: Call) -> bool:
        return super().accepts_kind(call) or call.key.kind == "project"

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or self.reaches(call.owner, call.key.owner)


@fault(breaks="scope.nested", also=("leak.nested",))
class FindsNestedAnywhere(Server):
    """Looks a nested resource up by its id alone."""

    def find_resource(self, call: Call, resource_id: str, collection: str) -> Resource:
        owners = [owner.id for owner in self.store.owners()]
        found = (self.store.resource(owner, collection, resource_id) for owner in owners)
        return next((each for each in found if each), None) or super().find_resource(
            call, resource_id, collection
        )


# rotation: a new key revokes the old


@fault(breaks="rotation.in-flight")
class ChecksKeyBeforeBody(Server):
    """Authenticates when the header arrives and never again."""

    async def receive(self, call: Call) -> None:
        super().authenticate(call)
        await super().receive(call)

    def authenticate(self, call: Call) -> None:
        """Trust the key that was found before the body."""


@fault(
    breaks="rotation.old-key-revoked",
    also=(
        "rotation.permanent",
        "rotation.in-flight",
        "rotation.under-load",
        "rotation.one-survivor",
        "rate.revoked-is-401",
    ),
)
class KeepsOldKeys(Server):
    """Generates a key beside the one before it."""

    def replaces(self, _: Owner) -> bool:
        return False


@fault(breaks="rotation.shown-once")
class ShowsWholeKey(Server):
    """Keeps the key itself and shows it whenever the settings page is opened."""

    def shown(self, _: Owner, key: str) -> str:
        return key


# rate: 60 requests per minute per key


@fault(breaks="rate.headers-present", also=("schema.responses", "rate.refusal-headers"))
class OmitsFieldsOnErrors(Server):
    """Sends the rate limit's fields with successes only."""

    def refuse(self, call: Call, refusal: Refusal) -> Response:
        response = super().refuse(call, refusal)
        for name in self.rate_fields(call):
            del response.headers[name]
        return response


@fault(breaks="rate.reset-stable", also=("rate.refusal-headers", "rate.refusals-free"))
class SlidesReset(Server):
    """Announces a window that begins anew with every request."""

    def rate_fields(self, call: Call) -> dict[str, str]:
        if call.window:
            call.window = replace(call.window, reset=self.windows.end(call.now))
        return super().rate_fields(call)


@fault(
    breaks="rate.all-endpoints", also=("rate.remaining-counts", "rate.enforced", "rate.no-bypass")
)
class CountsByPath(Server):
    """Keeps a window for each key and path."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.scope["path"]


@fault(breaks="rate.concurrent")
class CountsLate(Server):
    """Reads the count, waits as if for a database, and only then writes it back."""

    async def take(self, call: Call) -> Window:
        counter = self.counter(call)
        window = self.windows.peek(counter, call.now).after_one()
        await asyncio.sleep(0.01)
        return self.windows.keep(counter, window)


# error: one format


@fault(breaks="error.envelope", also=("schema.responses",))
class FlattensErrors(Server):
    """Sends code and message without the object around them."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        return {"code": self.code(refusal), "message": self.message(call, refusal)}


@fault(breaks="error.documented-status", also=("error.unknown-method", "error.code-matches"))
class AnswersMethodNotAllowed(Server):
    """Answers 405 to a method that the path lacks."""

    def no_route(self, call: Call) -> Refusal:
        if self.contract.match(call.request.scope["path"]):
            return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed")
        return super().no_route(call)

    def code(self, refusal: Refusal) -> str:
        return self.contract.codes.get(refusal.status, "METHOD_NOT_ALLOWED")


# leak: 404 hides what exists


@fault(breaks="leak.same-answer")
class NamesForeign(Server):
    """Says of another's project or team that it is another's."""

    def wrong_owner(self, call: Call) -> Refusal:
        if self.store.owner(call.owner):
            return Refusal(HTTPStatus.NOT_FOUND, "Not accessible with this key")
        return super().wrong_owner(call)


@fault(breaks="leak.before-validation")
class ValidatesForeign(Server):
    """Validates what is sent to another's project or team, not what is sent to an absent one."""

    def wrong_owner(self, call: Call) -> Refusal:
        if self.store.owner(call.owner):
            self.validate(call)
        return super().wrong_owner(call)


# schema: openapi.yaml holds


@fault(breaks="schema.success-status", also=("schema.responses",))
class AnswersOkAlways(Server):
    """Answers 200 where another success is documented."""

    def respond(
        self, call: Call, status: int, content: object, headers: Mapping[str, str] | None = None
    ) -> Response:
        return super().respond(call, 200 if status < 300 else status, content, headers)
