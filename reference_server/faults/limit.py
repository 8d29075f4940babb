"""rate: that the limit is kept, what a refusal says, and when it ends."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from http import HTTPStatus

from starlette.responses import Response

from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, forbidden
from reference_server.windows import Window

# rate.enforced


class Admits(Server):
    """Admits some requests over the limit."""

    async def count(self, call: Call) -> None:
        try:
            await super().count(call)
        except Refusal:
            if call.window is None or not self.admits(call, call.window):
                raise

    def admits(self, _call: Call, _window: Window) -> bool:
        """Whether the request is admitted nevertheless."""
        return True


@fault(
    breaks="rate.enforced",
    also=("rate.concurrent", "rate.recovers", "rate.no-bypass", "rate.before-work"),
)
class NeverRefuses(Admits):
    """Counts, tells, and refuses nothing."""


@fault(breaks="rate.enforced", also=("rate.headers-present", "schema.responses"))
class HasNoLimiter(NeverRefuses):
    """Was deployed without its limiter: nothing is told, and nothing refused."""

    def rate_fields(self, _: Call) -> dict[str, str]:
        return {}


@fault(breaks="rate.enforced", also=("rate.concurrent",))
class AdmitsOneMore(Admits):
    """Compares with the limit before it has counted."""

    def admits(self, _: Call, window: Window) -> bool:
        return window.used == window.limit + 1


@fault(
    breaks="rate.enforced",
    also=(
        "rate.concurrent",
        "rate.recovers",
        "rate.no-bypass",
        "rate.before-work",
        "rate.all-endpoints",
    ),
)
class RefusesWritesOnly(Admits):
    """Counts everything and refuses only what writes."""

    def admits(self, call: Call, _: Window) -> bool:
        return call.request.method == "GET"


@fault(
    breaks="error.no-server-error",
    also=(
        "error.documented-status",
        "error.code-matches",
        "rate.enforced",
        "rate.refusal-headers",
        "rate.concurrent",
        "rate.before-work",
        "rate.no-bypass",
        "rate.recovers",
    ),
)
class AnswersUnavailable(Undocumented):
    """Answers 503 over the limit."""

    async def count(self, call: Call) -> None:
        try:
            await super().count(call)
        except Refusal as refusal:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, refusal.message) from None


@fault(
    breaks="rate.enforced",
    also=("error.documented-status", "error.code-matches", "rate.before-work"),
)
class ForbidsOverTheLimit(Undocumented):
    """Answers 403 over the limit."""

    async def count(self, call: Call) -> None:
        try:
            await super().count(call)
        except Refusal:
            raise forbidden() from None


# rate.refusal-headers


@fault(breaks="rate.refusal-headers")
class RefusesWithOneLeft(Server):
    """Says with a refusal that one request is left."""

    def remaining_field(self, call: Call, window: Window) -> str:
        return super().remaining_field(call, window) if window.admitted else "1"


@fault(
    breaks="rate.refusal-headers",
    also=(
        "rate.reset-stable",
        "rate.reset-timestamp",
        "rate.refusals-free",
        "rate.retry-after",
    ),
)
class RefusesWithNextReset(Server):
    """Says with a refusal when the next window will be over."""

    def reset_field(self, _: Call, window: Window) -> str:
        return str(window.reset if window.admitted else window.reset + self.seconds)


@fault(
    breaks="rate.refusal-headers",
    also=(
        "rate.remaining-counts",
        "rate.reset-stable",
        "rate.refusals-free",
        "rate.retry-after",
    ),
)
class RefusesWithFreshFields(Server):
    """Says with a refusal what a window says that begins now."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            call.window = None
            response.headers.update(self.rate_fields(call))
        return response


@fault(breaks="rate.refusal-headers", also=("rate.reset-stable", "rate.retry-after"))
class RefusesWithSlidingReset(Server):
    """Says with a refusal that a whole window is to be waited from now."""

    def reset_field(self, call: Call, window: Window) -> str:
        told = window.reset if window.admitted else self.windows.end(call.now)
        return str(told)


# rate.retry-after


@fault(breaks="rate.retry-after")
class RetriesAtOnce(Server):
    """Says one second, however long the window lasts."""

    def retry_after(self, _call: Call, _window: Window) -> int:
        return 1


@fault(breaks="rate.retry-after")
class RetriesAtWrongDate(Server):
    """Says as a date when to come back, and takes it an hour too late."""

    async def finish(self, call: Call, response: Response) -> Response:
        if "retry-after" in response.headers and call.window:
            response.headers["Retry-After"] = formatdate(call.window.reset + 3600, usegmt=True)
        return response


@fault(breaks="rate.concurrent")
class RacesOverWrites(Server):
    """Reads a write's window, lets others have their turn, and writes it."""

    async def take(self, call: Call) -> Window:
        if call.request.method == "GET":
            return await super().take(call)
        counter = self.counter(call)
        window = self.windows.peek(counter, call.now).after_one()
        await asyncio.sleep(0.02)
        now = self.windows.peek(counter, call.now)
        self.windows.keep(counter, now.after_one())
        return window


@fault(breaks="rate.concurrent", seldom=True)
class RacesOverTeams(RacesOverWrites):
    """Does that for the keys of teams only."""

    async def take(self, call: Call) -> Window:
        if call.key.kind != "team" or call.request.method == "GET":
            return await Server.take(self, call)
        return await super().take(call)
