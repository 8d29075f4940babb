"""rate: 60 requests per minute per key."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors, keys
from reference_server.app import Call, Server
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, addressed, default_page, operation
from reference_server.windows import Window, Windows

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

# rate.headers-present


class Omits(Server):
    """Omits the rate limit's fields from some responses."""

    async def finish(self, call: Call, response: Response) -> Response:
        if self.omits(call, response.status_code):
            for name in self.rate_fields(call):
                del response.headers[name]
        return response

    def omits(self, _call: Call, _status: int) -> bool:
        """Whether a response with this status lacks them."""
        return True


@fault(breaks="rate.headers-present", also=("schema.responses", "rate.refusal-headers"))
class OmitsFieldsOnErrors(Omits):
    """Sends the rate limit's fields with successes only."""

    def omits(self, _: Call, status: int) -> bool:
        return status >= HTTPStatus.BAD_REQUEST


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnUnauthorized(Omits):
    """Has its limiter behind the authentication: a 401 lacks the fields."""

    def omits(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.UNAUTHORIZED


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnInvalid(Omits):
    """Sends a 400 without the fields."""

    def omits(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.BAD_REQUEST


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnUnknownRoutes(Omits):
    """Has its limiter on the routes that there are: the 404 of another lacks the fields."""

    def omits(self, call: Call, status: int) -> bool:
        return status == HTTPStatus.NOT_FOUND and operation(self, call) is None


@fault(breaks="rate.headers-present", also=("schema.responses", "rate.refusal-headers"))
class OmitsFieldsOnRefusals(Omits):
    """Sends a 429 without the fields."""

    def omits(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.TOO_MANY_REQUESTS


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnCreation(Omits):
    """Sends what answers a write, if it succeeds, without the fields."""

    def omits(self, call: Call, status: int) -> bool:
        return status < HTTPStatus.BAD_REQUEST and call.request.method == "POST"


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsReset(Server):
    """Never says when the window resets."""

    async def finish(self, _: Call, response: Response) -> Response:
        del response.headers[self.contract.fields.reset]
        return response


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
    also=("rate.enforced", "rate.reset-stable", "rate.remaining-honest", *WITH_MANY_COUNTERS),
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


@fault(breaks="rate.reset-stable")
class MovesResetOnErrors(Server):
    """Announces another Reset with a 404: it comes from a limiter of its own."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.NOT_FOUND and call.window:
            response.headers[self.contract.fields.reset] = str(call.window.reset - 5)
        return response


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


# rate.recovers, rate.refusals-free


class LateWindows(Windows):
    """Windows that last longer than they say."""

    def peek(self, counter: Hashable, now: float) -> Window:
        return super().peek(counter, now - 10)


class ShortWindows(Windows):
    """Windows that are emptied before they are over."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__(limit, seconds)
        self._emptied: dict[Hashable, int] = {}

    def peek(self, counter: Hashable, now: float) -> Window:
        window = super().peek(counter, now)
        late = now >= window.reset - self.seconds / 3
        if not late or self._emptied.get(counter) == window.reset:
            return window
        self._emptied[counter] = window.reset
        return replace(window, used=0)


class CarryingWindows(Windows):
    """Windows that begin with what went over the limit of the one before."""

    def peek(self, counter: Hashable, now: float) -> Window:
        before, window = self._open.get(counter), super().peek(counter, now)
        over = max(before.used - self.limit, 0) if before and before is not window else 0
        return replace(window, used=over) if over else window


class LockingWindows(Windows):
    """Windows that lock out for good who once went over the limit."""

    def peek(self, counter: Hashable, now: float) -> Window:
        before, window = self._open.get(counter), super().peek(counter, now)
        return replace(window, used=self.limit) if before and not before.admitted else window


@fault(
    breaks="rate.recovers",
    also=(
        "rate.reset-timestamp",
        "rate.retry-after",
    ),
)
class RecoversLate(Server):
    """Admits an exhausted key again ten seconds after the Reset that it announced."""

    def make_windows(self) -> Windows:
        return LateWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.remaining-counts", "rate.enforced"))
class RecoversEarly(Server):
    """Empties its counters when two thirds of the announced window are over."""

    def make_windows(self) -> Windows:
        return ShortWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.refusals-free", "rate.remaining-counts"))
class CarriesRefusalsOver(Server):
    """Begins a window with the requests that it refused in the last."""

    def make_windows(self) -> Windows:
        return CarryingWindows(self.limit, self.seconds)


@fault(breaks="rate.recovers", also=("rate.remaining-counts", "rate.refusals-free"))
class LocksOut(Server):
    """Locks a key that went over the limit out, until it is replaced."""

    def make_windows(self) -> Windows:
        return LockingWindows(self.limit, self.seconds)


@fault(
    breaks="rate.refusals-free",
    also=("rate.reset-stable", "rate.refusal-headers", "rate.recovers", "rate.reset-timestamp"),
)
class PenalizesRefusals(Server):
    """Pushes the Reset back by two seconds for each request over the limit."""

    async def take(self, call: Call) -> Window:
        window = await super().take(call)
        if window.admitted:
            return window
        return self.windows.keep(self.counter(call), replace(window, reset=window.reset + 2))


@fault(
    breaks="rate.recovers", also=("rate.refusals-free", "rate.reset-timestamp", "rate.retry-after")
)
class PenalizesSilently(Server):
    """Pushes the end of the window back for each request over the limit, and does not say so."""

    async def take(self, call: Call) -> Window:
        window = await super().take(call)
        if not window.admitted:
            self.windows.keep(self.counter(call), replace(window, reset=window.reset + 2))
        return window

    def reset_field(self, _: Call, window: Window) -> str:
        return str(self.told(window))

    def retry_after(self, call: Call, window: Window) -> int:
        return max(self.told(window) - int(call.now), 0)

    def told(self, window: Window) -> int:
        """Return when the window was to end before anything was refused."""
        return window.reset - 2 * max(window.used - window.limit - 1, 0)


@fault(
    breaks="rate.refusals-free",
    also=("rate.reset-stable", "rate.refusal-headers", "rate.recovers"),
)
class BeginsAnewWhenRefused(Server):
    """Begins the window anew with each request over the limit: it ends when nobody asks."""

    async def take(self, call: Call) -> Window:
        window = await super().take(call)
        if window.admitted:
            return window
        anew = replace(window, reset=self.windows.end(call.now))
        return self.windows.keep(self.counter(call), anew)


# rate.per-key


@fault(
    breaks="rate.per-key",
    also=(
        "rate.remaining-counts",
        "rate.new-key-window",
        "rate.remaining-honest",
        "rate.recovers",
        "rate.refusal-headers",
    ),
)
class CountsPerAddress(Server):
    """Keeps a window for each address."""

    def counter(self, call: Call) -> Hashable:
        return call.request.client.host if call.request.client else None


@fault(
    breaks="rate.per-key",
    also=(
        "rate.remaining-counts",
        "rate.new-key-window",
        "rate.remaining-honest",
        "rate.recovers",
        "rate.refusal-headers",
    ),
)
class CountsPerKind(Server):
    """Keeps one window for all project keys, and one for all team keys."""

    def counter(self, call: Call) -> Hashable:
        return call.key.kind


@fault(
    breaks="rate.per-key",
    also=(
        "rate.remaining-counts",
        "rate.new-key-window",
        "rate.remaining-honest",
        "rate.recovers",
        "rate.refusal-headers",
    ),
)
class CountsPerTeam(Server):
    """Keeps one window for a team and its projects."""

    def counter(self, call: Call) -> Hashable:
        owner = self.store.owner(call.key.owner)
        return owner.team or owner.id if owner else None


# rate.all-endpoints, rate.all-outcomes


class Exempts(Server):
    """Does not count some requests."""

    async def take(self, call: Call) -> Window:
        if self.exempts(call):
            window = self.windows.peek(self.counter(call), call.now)
            return replace(window, used=min(window.used, window.limit))
        return await super().take(call)

    def exempts(self, _: Call) -> bool:
        """Whether a request costs nothing."""
        return False


@fault(breaks="rate.all-endpoints", also=WITH_MANY_COUNTERS)
class CountsByPath(Server):
    """Keeps a window for each key and path."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.scope["path"]


@fault(breaks="rate.all-endpoints", also=(*WITH_MANY_COUNTERS, "rate.refusals-free"))
class CountsByMethod(Server):
    """Keeps a window for each key and method."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.method


@fault(
    breaks="rate.all-endpoints", also=("rate.remaining-counts", "rate.before-work", "rate.enforced")
)
class ExemptsOnboarding(Exempts):
    """Does not count one operation, which its own pages poll."""

    def exempts(self, call: Call) -> bool:
        asked = operation(self, call)
        return asked is not None and asked.id == "getOnboarding"


@fault(
    breaks="rate.all-endpoints",
    also=(
        "rate.remaining-counts",
        "rate.before-work",
        "rate.enforced",
        "rate.no-bypass",
        "rate.recovers",
        "rate.concurrent",
        "rate.per-key",
    ),
)
class ExemptsReads(Exempts):
    """Counts only what writes."""

    def exempts(self, call: Call) -> bool:
        return call.request.method == "GET"


@fault(
    breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.before-work", "rate.enforced")
)
class ExemptsUnknownRoutes(Exempts):
    """Counts in its routes, so not where there is none."""

    def exempts(self, call: Call) -> bool:
        return operation(self, call) is None


class Refunds(Server):
    """Takes back the count of some requests once it knows their outcome."""

    async def finish(self, call: Call, response: Response) -> Response:
        if call.window and call.window.admitted and self.refunds(call, response.status_code):
            back = replace(call.window, used=call.window.used - 1)
            call.window = self.windows.keep(self.counter(call), back)
            response.headers.update(self.rate_fields(call))
        return response

    def refunds(self, _call: Call, _status: int) -> bool:
        """Whether a request that was answered like this costs nothing."""
        return False


@fault(
    breaks="rate.all-outcomes",
    also=("rate.remaining-counts", "rate.concurrent", "rate.all-endpoints"),
)
class CountsSuccessesOnly(Refunds):
    """Counts what succeeds."""

    def refunds(self, _: Call, status: int) -> bool:
        return status >= HTTPStatus.BAD_REQUEST


@fault(breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.concurrent"))
class RefundsInvalid(Refunds):
    """Does not count what it answers with 400."""

    def refunds(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.BAD_REQUEST


@fault(breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.concurrent"))
class RefundsNotFound(Refunds):
    """Does not count what it answers with 404."""

    def refunds(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.NOT_FOUND


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


# rate.no-bypass


@fault(
    breaks="rate.no-bypass",
    also=(
        "rate.reset-stable",
        "rate.remaining-counts",
    ),
)
class CountsByForwardedFor(Server):
    """Keeps a window for each key and X-Forwarded-For, which anyone can write."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.headers.get("x-forwarded-for")


@fault(
    breaks="rate.no-bypass",
    also=(
        "rate.remaining-counts",
        "rate.concurrent",
        "rate.all-endpoints",
        "rate.reset-stable",
        "rate.enforced",
        "rate.before-work",
        "rate.recovers",
    ),
)
class CountsByConnection(Server):
    """Keeps a window for each key and connection."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.client


@fault(breaks="rate.no-bypass", also=WITH_MANY_COUNTERS)
class CountsByQuery(Server):
    """Keeps a window for each key and query string."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.url.query


@fault(
    breaks="rate.no-bypass",
    also=(
        "rate.remaining-counts",
        "rate.enforced",
        "rate.reset-stable",
    ),
)
class CountsByField(Server):
    """Keeps a window for each Authorization field, as it is spelled."""

    def counter(self, call: Call) -> Hashable:
        return call.request.headers.get("authorization")


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


@fault(breaks="rate.before-work", also=("rate.enforced",))
class ValidatesBeforeLimiting(Postpones):
    """Answers 400 to an exhausted key that sends an invalid body or parameter."""

    def work(self, call: Call) -> None:
        if route := self.route(call):
            call.operation, call.ids = route
            self.validate(call)


@fault(breaks="rate.before-work", also=("rate.enforced",))
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


# rate.new-key-window, rate.revoked-is-401


@fault(
    breaks="rate.new-key-window",
    also=(
        "rate.remaining-counts",
        "rate.refusal-headers",
    ),
)
class CountsByOwner(Server):
    """Keeps a window for each project or team: a new key goes on with the old one's."""

    def counter(self, call: Call) -> Hashable:
        return call.key.owner


@fault(breaks="rate.new-key-window")
class BeginsWithHalf(Server):
    """Admits half of the limit in the first window of a key."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.known: set[Hashable] = set()

    async def take(self, call: Call) -> Window:
        counter = self.counter(call)
        if counter not in self.known:
            self.known.add(counter)
            window = self.windows.peek(counter, call.now)
            self.windows.keep(counter, replace(window, used=window.limit // 2))
        return await super().take(call)


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
