"""rate: when a request is counted: at once, after its key is known, before any work."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from http import HTTPStatus

from starlette.responses import Response

from reference_server import errors, keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import UUID, RemembersKeys, addressed
from reference_server.windows import Window

# rate.concurrent


@fault(
    breaks="rate.concurrent",
    also=(
        "rate.remaining-counts",
        "rate.enforced",
        "rate.reset-stable",
    ),
)
class CountsLate(Server):
    """Reads the count, waits as if for a database, and only then writes it back."""

    async def take(self, call: Call) -> Window:
        counter = self.counter(call)
        window = self.windows.peek(counter, call.now).after_one()
        await asyncio.sleep(0.01)
        return self.windows.keep(counter, window)


@fault(
    breaks="rate.concurrent",
    also=(
        "rate.remaining-counts",
        "rate.enforced",
        "rate.remaining-honest",
    ),
)
class CountsAfterwards(Server):
    """Looks at the count before a request and counts it when it has been answered."""

    async def take(self, call: Call) -> Window:
        return self.windows.peek(self.counter(call), call.now).after_one()

    async def finish(self, call: Call, response: Response) -> Response:
        if call.window:
            await asyncio.sleep(0.005)
            self.windows.take(self.counter(call), call.now)
        return response


# rate.before-work


class Postpones(Server):
    """Counts at once, and refuses later."""

    async def answer(self, call: Call) -> Response:
        try:
            return await super().answer(call)
        except Refusal as refusal:
            if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
                self.work(call)
            raise

    def work(self, _: Call) -> None:
        """Do what comes before the refusal."""


# Where answers are slow, several requests at once are over the limit.
OVER_THE_LIMIT = ("rate.enforced", "rate.concurrent")


@fault(breaks="rate.before-work", also=OVER_THE_LIMIT)
class ValidatesBeforeLimiting(Postpones):
    """Answers 400 to an exhausted key that sends an invalid body or parameter."""

    def work(self, call: Call) -> None:
        if route := self.route(call):
            call.operation, call.ids = route
            self.validate(call)


@fault(breaks="rate.before-work")
class ReadsIdsBeforeLimiting(Postpones):
    """Answers 404 to an exhausted key in whose path an id is none."""

    def work(self, call: Call) -> None:
        route = self.route(call)
        if route and not all(UUID.fullmatch(id) for id in route[1].values()):
            raise errors.not_found()


@fault(breaks="rate.before-work", seldom=True)
class LooksUpProjectsBeforeLimiting(Postpones):
    """Answers 404 to an exhausted key whose event names a project that the team has not."""

    def work(self, call: Call) -> None:
        asked, named = self.route(call), _project(call)
        if asked is None or named is None or asked[0].id != "sendTeamEvent":
            return
        if not self.reaches(asked[1]["teamId"], named):
            raise errors.not_found()


def _project(call: Call) -> str | None:
    """The project that a body names."""
    try:
        return str(json.loads(call.body)["project_id"])
    except (ValueError, KeyError, TypeError):
        return None


@fault(breaks="rate.no-bypass")
class FindsNoSlashWhenExhausted(Server):
    """Answers 404 to an exhausted key where a path ends with a slash, and 429 elsewhere."""

    async def count(self, call: Call) -> None:
        try:
            await super().count(call)
        except Refusal:
            if call.request.scope["path"].endswith("/"):
                raise errors.not_found() from None
            raise


@fault(breaks="rate.before-work", also=OVER_THE_LIMIT)
class LocatesBeforeLimiting(Postpones):
    """Answers 404 to an exhausted key that asks for what it does not reach."""

    def work(self, call: Call) -> None:
        self.locate(call)


@fault(breaks="rate.before-work", also=("scope.no-side-effect",))
class WritesBeforeLimiting(Postpones):
    """Does what was asked and only then refuses to tell of it."""

    def work(self, call: Call) -> None:
        if addressed(self, call) and call.request.method == "POST":
            try:
                self.locate(call)
                self.validate(call)
                self.perform(call)
            except Refusal:
                return


# rate.revoked-is-401


@fault(breaks="rate.revoked-is-401", also=("rotation.old-key-revoked", "rotation.same-as-unknown"))
class LimitsBeforeAuthenticating(Server):
    """Looks at a token's window before it looks whether the token is a key."""

    def authenticate(self, call: Call) -> None:
        token = self.credential_of(call)
        window = self.windows.peek(keys.digest(token), call.now) if token else None
        if window and not window.after_one().admitted:
            call.window = window.after_one()
            raise errors.limited(self.retry_after(call, window))
        super().authenticate(call)


@fault(breaks="rate.revoked-is-401", also=("rotation.old-key-revoked", "rotation.same-as-unknown"))
class LimitsWritesBeforeAuthenticating(LimitsBeforeAuthenticating):
    """Looks at a token's window first where something is to be written."""

    def authenticate(self, call: Call) -> None:
        if call.request.method == "GET":
            Server.authenticate(self, call)
        else:
            super().authenticate(call)


@fault(
    breaks="rate.revoked-is-401",
    also=("rotation.old-key-revoked", "rotation.same-as-unknown"),
    seldom=True,
)
class LimitsOneReadBeforeAuthenticating(LimitsBeforeAuthenticating):
    """Looks at a token's window first where the onboarding is read."""

    def authenticate(self, call: Call) -> None:
        if call.request.scope["path"].endswith("/onboarding"):
            super().authenticate(call)
        else:
            Server.authenticate(self, call)


@fault(
    breaks="rate.revoked-is-401",
    also=("rotation.old-key-revoked", "rotation.same-as-unknown", "rate.retry-after"),
)
class LimitsBeforeAuthenticatingAnew(LimitsBeforeAuthenticating):
    """Looks at a token's window first, and says of one that is no key that it begins just now."""

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            if call.window and not self.find_key(self.credential_of(call) or ""):
                call.window = replace(call.window, reset=self.windows.end(call.now))
            raise


@fault(breaks="rate.revoked-is-401", also=("rotation.old-key-revoked", "rotation.same-as-unknown"))
class HidesFromExhaustedOldKeys(RemembersKeys):
    """Finds nothing for a key that was replaced, as long as its window is used up."""

    def no_valid_key(self, call: Call) -> Refusal:
        old = self.old_key(call)
        if old and not self.windows.peek(old.key.digest, call.now).after_one().admitted:
            return errors.not_found()
        return super().no_valid_key(call)


@fault(breaks="rate.before-work")
class RoutesBeforeRefusing(Server):
    """Looks for the route before it says that a key is over its limit."""

    async def count(self, call: Call) -> None:
        try:
            await super().count(call)
        except Refusal:
            if self.contract.match(call.request.scope["path"]):
                raise
