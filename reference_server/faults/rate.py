"""rate: what the fields of the limit say."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.shapes import WITH_MANY_COUNTERS, default_page, names_project
from reference_server.windows import Window, Windows

# rate.headers-form, rate.limit-value


@fault(breaks="rate.headers-form")
class RepeatsFields(Server):
    """Sends each field twice, as its gateway adds its own."""

    async def finish(self, call: Call, response: Response) -> Response:
        for name, value in self.rate_fields(call).items():
            response.headers.append(name, value)
        return response


@fault(breaks="rate.headers-form", also=("rate.refusal-headers",))
class SendsFraction(Server):
    """Computes what remains with floating point numbers."""

    def remaining_field(self, call: Call, window: Window) -> str:
        return super().remaining_field(call, window) + ".0"


@fault(breaks="rate.headers-form", also=("rate.refusal-headers",))
class SendsNegative(Server):
    """Says how far over the limit a refused request was."""

    def remaining_field(self, _: Call, window: Window) -> str:
        return str(window.limit - window.used)


@fault(breaks="rate.headers-form", also=("rate.limit-value",))
class SendsPolicyInLimit(Server):
    """Says the window's length with the limit, as an early draft of the RateLimit fields did."""

    def limit_field(self, _: Call, window: Window) -> str:
        return f"{window.limit}, {window.limit};w={self.seconds}"


@fault(breaks="rate.headers-form")
class SendsWordToStrangers(Server):
    """Says "unknown" of the window of a request without a valid key."""

    def reset_field(self, call: Call, window: Window) -> str:
        return super().reset_field(call, window) if call.window else "unknown"


@fault(breaks="rate.limit-value", also=("rate.remaining-counts",))
class AnnouncesOtherLimit(Server):
    """Announces the limit of another plan."""

    def limit_field(self, _call: Call, _window: Window) -> str:
        return "100"


@fault(breaks="rate.limit-value")
class AnnouncesHourlyLimit(Server):
    """Announces to team keys how many requests they have in an hour."""

    def limit_field(self, call: Call, window: Window) -> str:
        team = call.window is not None and call.key.kind == "team"
        return str(window.limit * 60) if team else super().limit_field(call, window)


@fault(breaks="rate.limit-value")
class AnnouncesOtherLimitToStrangers(Server):
    """Announces to a request without a valid key the limit of its address."""

    def limit_field(self, call: Call, window: Window) -> str:
        return super().limit_field(call, window) if call.window else "30"


# rate.remaining-counts, rate.remaining-honest


@fault(breaks="rate.remaining-counts", also=("rate.remaining-honest",))
class SaysRemainingBefore(Server):
    """Says what was left before the request."""

    def remaining_field(self, _: Call, window: Window) -> str:
        return str(max(window.limit - window.used + 1, 0))


@fault(breaks="rate.remaining-counts", also=("rate.remaining-honest",))
class SaysRemainingLate(Server):
    """Computes what remains once in five requests."""

    def remaining_field(self, _: Call, window: Window) -> str:
        return str(min(window.remaining + -window.remaining % 5, window.limit - 1))


@fault(
    breaks="rate.remaining-counts",
    also=(
        "rate.enforced",
        "rate.reset-stable",
        "rate.remaining-honest",
        "rate.all-endpoints",
        *WITH_MANY_COUNTERS,
    ),
)
class CountsPerWorker(Server):
    """Has two workers in turn, each with counters of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.turn = 0

    def counter(self, call: Call) -> Hashable:
        self.turn += 1
        return super().counter(call), self.turn % 2


@fault(breaks="rate.remaining-counts")
class CountsWritesTwice(Server):
    """Counts a write as two requests."""

    async def take(self, call: Call) -> Window:
        if call.request.method == "POST":
            await super().take(call)
        return await super().take(call)


@fault(breaks="rate.remaining-counts", elsewhere=("error",))
class CountsNamedProjectTwice(Server):
    """Counts an event for one of the team's projects as two requests."""

    def perform(self, call: Call) -> object:
        if names_project(call) and self.reaches(call.owner, call.content["project_id"]):
            call.window = self.windows.take(self.counter(call), call.now)
        return super().perform(call)


@fault(breaks="rate.remaining-counts", also=("rate.remaining-honest",))
class ChargesNotFoundAfterwards(Server):
    """Charges one more for a 404 once it is answered, as its log of errors does."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.NOT_FOUND and call.window:
            self.windows.take(self.counter(call), call.now)
        return response


class RefusesAt(Server):
    """Refuses some requests although more are said to remain."""

    hides = True  # says with the refusal that nothing is left

    async def count(self, call: Call) -> None:
        await super().count(call)
        if call.window and self.refuses(call, call.window):
            if self.hides:
                call.window = replace(call.window, used=call.window.limit)
            raise errors.limited(self.retry_after(call, call.window))

    def refuses(self, _call: Call, _window: Window) -> bool:
        """Whether the request is refused within the limit."""
        return False


@fault(breaks="rate.remaining-honest")
class RefusesEarly(RefusesAt):
    """Refuses when five requests are left, to be on the safe side."""

    def refuses(self, _: Call, window: Window) -> bool:
        return window.used > window.limit - 5


@fault(breaks="rate.remaining-honest")
class RefusesTheLast(RefusesAt):
    """Refuses the last request that it said was left."""

    def refuses(self, _: Call, window: Window) -> bool:
        return window.used == window.limit


@fault(breaks="rate.remaining-honest", also=("rate.remaining-counts",))
class NeverSaysNone(Server):
    """Says of the last request that a window admits that there is one more."""

    def remaining_field(self, _: Call, window: Window) -> str:
        return str(max(window.remaining, int(window.admitted)))


@fault(
    breaks="rate.remaining-honest",
    also=(
        "rate.all-endpoints",
        "rate.refusal-headers",
    ),
)
class LimitsWritesSecretly(RefusesAt):
    """Has another limit, of ten writes in a window, which no field tells of."""

    hides = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.writes = Windows(10, self.seconds)

    def refuses(self, call: Call, _: Window) -> bool:
        if call.request.method != "POST":
            return False
        return not self.writes.take(call.key.digest, call.now).admitted


# rate.reset-timestamp, rate.reset-stable


@fault(
    breaks="rate.reset-timestamp",
    also=(
        "rate.recovers",
        "rate.retry-after",
    ),
)
class SendsMilliseconds(Server):
    """Says the Reset in milliseconds."""

    def reset_field(self, _: Call, window: Window) -> str:
        return str(window.reset * 1000)


@fault(
    breaks="rate.reset-timestamp",
    also=(
        "rate.reset-stable",
        "rate.refusal-headers",
        "rate.recovers",
        "rate.retry-after",
    ),
)
class SendsSecondsLeft(Server):
    """Says in how many seconds the window resets."""

    def reset_field(self, call: Call, window: Window) -> str:
        return str(window.reset - int(call.now))


@fault(breaks="rate.headers-form", also=("rate.reset-timestamp",))
class SendsDate(Server):
    """Says the Reset as an HTTP date."""

    def reset_field(self, _: Call, window: Window) -> str:
        return formatdate(window.reset, usegmt=True)


@fault(
    breaks="rate.reset-timestamp",
    also=(
        "rate.recovers",
        "rate.retry-after",
    ),
)
class SendsStart(Server):
    """Says when the window began."""

    def reset_field(self, _: Call, window: Window) -> str:
        return str(window.reset - self.seconds)


@fault(
    breaks="rate.reset-timestamp",
    also=(
        "rate.recovers",
        "rate.retry-after",
    ),
)
class SendsLocalTime(Server):
    """Says the Reset by the clock of its time zone, an hour ahead."""

    def reset_field(self, _: Call, window: Window) -> str:
        return str(window.reset + 3600)


@fault(
    breaks="rate.reset-stable",
    also=(
        "rate.refusal-headers",
        "rate.refusals-free",
        "rate.recovers",
        "rate.retry-after",
    ),
)
class SlidesReset(Server):
    """Announces a window that begins anew with every request."""

    def reset_field(self, call: Call, window: Window) -> str:
        return str(self.windows.end(call.now)) if call.window else super().reset_field(call, window)


@fault(
    breaks="rate.reset-stable",
    also=(
        "rate.reset-timestamp",
        "rate.refusal-headers",
        "rate.retry-after",
    ),
)
class AlternatesReset(Server):
    """Has two workers whose clocks differ by two seconds."""

    def reset_field(self, _: Call, window: Window) -> str:
        return str(window.reset - 2 * (window.used % 2))


@fault(breaks="rate.reset-stable", also=("rate.reset-timestamp",))
class MovesResetOnErrors(Server):
    """Announces another Reset with a 404, past in a short window: a limiter of its own says it."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.NOT_FOUND and call.window:
            response.headers[self.contract.fields.reset] = str(call.window.reset - 5)
        return response


# A page of its gateway's (breaks the format as well as the count)


@fault(
    breaks="rate.headers-present",
    also=("rate.refusal-headers", "error.envelope", "error.content-type", "error.code-matches"),
)
class LimitsInProxy(Server):
    """Has its limit kept by a proxy, which refuses with a page of its own."""

    async def finish(self, _: Call, response: Response) -> Response:
        refused = response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        return default_page(response) if refused else response
