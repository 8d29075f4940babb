"""Windows and clocks of another kind."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.variants.registry import variant
from reference_server.windows import Window, Windows

HOUR = 3600
STRANGERS = 40  # requests without any key in a window and from an address


class AlignedWindows(Windows):
    """Windows that begin with each full minute, or whatever the window's length is."""

    def end(self, start: float) -> int:
        return int((start // self.seconds + 1) * self.seconds)


class FractionalWindows(Windows):
    """Windows that last a little longer than the whole second that they say."""

    def peek(self, counter: object, now: float) -> Window:
        return super().peek(counter, now - 0.9)

    def end(self, start: float) -> int:
        return int(start + 0.9 + self.seconds)


@variant()
class AlignsWindows(Server):
    """Its windows follow the clock (a fixed window need not begin with the first request)."""

    def make_windows(self) -> Windows:
        return AlignedWindows(self.limit, self.seconds)


@variant()
class RoundsResetDown(Server):
    """Its windows end within the second after the Reset, which is a whole number."""

    def make_windows(self) -> Windows:
        return FractionalWindows(self.limit, self.seconds)


@variant()
class IsAnHourAhead(Server):
    """Its clock is an hour ahead (times are judged by the server's own clock)."""

    def now(self) -> float:
        return super().now() + HOUR


@variant()
class IsAnHourLate(Server):
    """Its clock is an hour late."""

    def now(self) -> float:
        return super().now() - HOUR


@variant()
class KeepsDate(Server):
    """It is busy: it makes a Date every two seconds, and sends it till the next one is made."""

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers["date"] = formatdate(self.now() // 2 * 2, usegmt=True)
        return response


@variant()
class OmitsDate(Server):
    """It has no clock to tell the date by (RFC 9110, 6.6.1)."""

    async def finish(self, _: Call, response: Response) -> Response:
        del response.headers["date"]
        return response


@variant()
class OmitsRetryAfter(Server):
    """It leaves it to the Reset how long to wait (RFC 6585, 4: "MAY")."""

    async def finish(self, _: Call, response: Response) -> Response:
        del response.headers["retry-after"]
        return response


@variant()
class RetriesAtDate(Server):
    """It says as a date how long to wait (RFC 9110, 10.2.3)."""

    async def finish(self, call: Call, response: Response) -> Response:
        if "retry-after" in response.headers and call.window:
            response.headers["Retry-After"] = formatdate(call.window.reset, usegmt=True)
        return response


@variant()
class SendsDraftFields(Server):
    """It sends the fields of the IETF's draft besides."""

    def rate_fields(self, call: Call) -> dict[str, str]:
        fields = super().rate_fields(call)
        remaining = fields[self.contract.fields.remaining]
        left = int(fields[self.contract.fields.reset]) - int(call.now)
        policy = {"RateLimit-Policy": f'"default";q={self.limit};w={self.seconds}'}
        return fields | policy | {"RateLimit": f'"default";r={remaining};t={left}'}


@variant()
class TellsStrangersNothing(Server):
    """It says 0 of what is left and of the Reset where no key's window is known."""

    def remaining_field(self, call: Call, window: Window) -> str:
        return super().remaining_field(call, window) if call.window else "0"

    def reset_field(self, call: Call, window: Window) -> str:
        return super().reset_field(call, window) if call.window else "0"


@variant()
class LimitsStrangers(Server):
    """It limits requests without any key by their address, in the contract's format."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.strangers = Windows(STRANGERS, self.seconds)

    def no_valid_key(self, call: Call) -> Refusal:
        if self.excuses(call):
            return super().no_valid_key(call)
        address = call.request.client.host if call.request.client else None
        window = self.strangers.take(address, call.now)
        if window.admitted:
            return super().no_valid_key(call)
        call.window = replace(window, limit=self.limit, used=self.limit + 1)
        return errors.limited(self.retry_after(call, window))

    def excuses(self, call: Call) -> bool:
        """Whether a request without a valid key is not counted."""
        return "authorization" in call.request.headers


@variant()
class LimitsUnknownKeys(LimitsStrangers):
    """It limits requests without a valid key by their address, those with a replaced one too."""

    def excuses(self, _: Call) -> bool:
        return False
