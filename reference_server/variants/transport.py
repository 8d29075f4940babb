"""Answers that are sent otherwise."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import secrets
import zlib
from asyncio import Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from starlette.responses import Response, StreamingResponse

from reference_server.app import Server
from reference_server.call import Call
from reference_server.contract import Operation
from reference_server.errors import Refusal
from reference_server.variants.registry import variant

CHANCE = secrets.SystemRandom()

Head = tuple[bytes, list[bytes]]  # the status line, and a line for each field


class Rewritten:
    """A transport on which the heads of responses are written otherwise."""

    def __init__(self, inner: Transport, rewrite: Callable[[bytes, list[bytes]], Head]) -> None:
        self._inner = inner
        self._rewrite = rewrite

    def write(self, data: bytes) -> None:
        """Write what was given, a head in its other form."""
        if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 100"):
            head, _, rest = data.partition(b"\r\n\r\n")
            status, *fields = head.split(b"\r\n")
            status, fields = self._rewrite(status, fields)
            data = b"\r\n".join([status, *fields]) + b"\r\n\r\n" + rest
        self._inner.write(data)

    def __getattr__(self, name: str) -> Any:
        """Leave all else to the transport that is written to."""
        return getattr(self._inner, name)


class Rewrites(Server):
    """Writes the heads of its responses otherwise."""

    def wired(self, transport: Transport) -> Transport:
        return cast(Transport, Rewritten(transport, self.rewrite))

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        """Return a head in its other form."""
        return status, fields


@variant()
class WritesFieldsInCapitals(Rewrites):
    """It writes the names of fields in capitals (RFC 9110, 5.1: they have no letter case)."""

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        named = (line.partition(b":") for line in fields)
        return status, [b"".join([name.upper(), *rest]) for name, *rest in named]


@variant()
class ShufflesFields(Rewrites):
    """It writes fields in another order each time."""

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        return status, CHANCE.sample(fields, len(fields))


@variant()
class OmitsReasons(Rewrites):
    """It writes no reason phrase (RFC 9112, 4), and blanks around values."""

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        padded = (line.replace(b": ", b":  \t", 1) + b" " for line in fields)
        return status[: len(b"HTTP/1.1 200 ")], list(padded)


@variant()
class SpeaksOldHttp(Rewrites):
    """It speaks HTTP/1.0: a response ends with its connection."""

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers["Connection"] = "close"
        return response

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        if b"connection: close" not in fields:  # the control plane or the dashboard
            return status, fields
        kept = [line for line in fields if not line.startswith(b"content-length:")]
        return status.replace(b"HTTP/1.1", b"HTTP/1.0"), kept


@variant()
class WarmsUp(Server):
    """It takes 10 milliseconds longer for a path that it has not seen yet, whatever is there."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seen: set[str] = set()

    async def finish(self, call: Call, response: Response) -> Response:
        path = call.request.scope["path"]
        if path not in self.seen:
            self.seen.add(path)
            await asyncio.sleep(0.01)
        return response


@variant()
class TakesItsTime(Server):
    """It takes 1 to 9 milliseconds for an answer."""

    async def finish(self, _: Call, response: Response) -> Response:
        await asyncio.sleep(CHANCE.uniform(0.001, 0.009))
        return response


@variant()
class SendsChunks(Server):
    """It does not announce the length of what it sends."""

    async def finish(self, _: Call, response: Response) -> Response:
        body, fields = bytes(response.body), dict(response.headers)
        fields.pop("content-length")
        parts = iter([body[:10], body[10:]])
        return StreamingResponse(parts, response.status_code, fields)


@variant()
class Compresses(Server):
    """It compresses what it sends to whoever takes it so."""

    async def finish(self, call: Call, response: Response) -> Response:
        response.headers["Vary"] = "Accept-Encoding"
        if "gzip" in call.request.headers.get("accept-encoding", ""):
            response.body = gzip.compress(bytes(response.body))
            response.headers["Content-Encoding"] = "gzip"
            response.headers["content-length"] = str(len(response.body))
        return response


@variant()
class ClosesConnections(Server):
    """It closes the connection after each response."""

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers["Connection"] = "close"
        return response


@variant()
class ClosesSometimes(Server):
    """It closes the connection after each seventh response."""

    often = 7

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sent = itertools.count(1)

    async def finish(self, _: Call, response: Response) -> Response:
        if next(self.sent) % self.often == 0:
            response.headers["Connection"] = "close"
        return response


@variant()
class ClosesSeldom(ClosesSometimes):
    """It closes the connection after each four hundredth response, as proxies do."""

    often = 400


@variant()
class SendsCharset(Server):
    """It says in which character set its JSON is."""

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        return response


@variant()
class AddsFields(Server):
    """It sends the fields that gateways add, some of them different each time."""

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers.update(
            {
                "Server": "gateway",
                "Via": "1.1 edge",
                "Strict-Transport-Security": "max-age=31536000",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
                "ETag": f'W/"{secrets.token_hex(8)}"',
                "CF-Ray": secrets.token_hex(8),
                "X-Response-Time": f"{CHANCE.random():.3f}ms",
            }
        )
        return response


@variant()
class SetsCookies(Server):
    """It sets cookies that are different each time."""

    async def finish(self, _: Call, response: Response) -> Response:
        response.set_cookie("session", secrets.token_urlsafe(12), httponly=True)
        response.set_cookie("__cf_bm", secrets.token_hex(20))
        return response


@variant()
class HasTwoWorkers(Server):
    """It has two workers that share their state; a field names the one that answered."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.turns = itertools.cycle(("a", "b"))

    async def finish(self, _: Call, response: Response) -> Response:
        response.headers["X-Served-By"] = f"worker-{next(self.turns)}"
        return response


@variant()
class HasShards(Server):
    """It has shards: the id in the path says which one answers, whoever it belongs to, if any."""

    shards = 8

    async def finish(self, call: Call, response: Response) -> Response:
        named = call.request.scope["path"].split("/")[4:5]  # behind /api/v1/projects
        response.headers["X-Shard"] = str(zlib.crc32("".join(named).encode()) % self.shards)
        return response


@variant()
class IsAwayForAMoment(Server):
    """It is started anew: for most of a second its gateway has nobody to ask (RFC 9110, 15.6.3)."""

    last = 400  # requests before that
    away = 0.8  # seconds

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked = itertools.count(1)
        self.since: float | None = None

    async def finish(self, _: Call, response: Response) -> Response:
        if next(self.asked) == self.last:
            self.since = self.now()
        if self.since is None or self.now() >= self.since + self.away:
            return response
        return Response("<html>Bad Gateway</html>", 502, media_type="text/html")


class Normalizes(Server):
    """Finds operations by paths that are written otherwise."""

    def route(self, call: Call) -> tuple[Operation, Any] | None:
        path = call.request.scope["path"]
        call.request.scope["path"] = self.normal(path)
        try:
            return super().route(call)
        finally:
            call.request.scope["path"] = path

    def normal(self, path: str) -> str:
        """Return the path as openapi.yaml writes it."""
        return path


@variant()
class ToleratesSlash(Normalizes):
    """A slash at the end of a path makes no difference."""

    def normal(self, path: str) -> str:
        return path.rstrip("/")


@variant()
class ToleratesCapitals(Normalizes):
    """Letter case makes no difference in a path."""

    def normal(self, path: str) -> str:
        written = path.lower()
        for operation in self.contract.operations:
            for part in operation.path.split("/"):
                written = written.replace(f"/{part.lower()}", f"/{part}")
        return written


@variant()
class RedirectsSlash(Server):
    """A path with a slash at its end leads to the one without: counted, and with the fields."""

    def no_route(self, call: Call) -> Refusal:
        path = call.request.url.path
        if not path.endswith("/") or not self.contract.match(path.rstrip("/")):
            return super().no_route(call)
        return Redirect(path.rstrip("/"))

    def refuse(self, call: Call, refusal: Refusal) -> Response:
        if isinstance(refusal, Redirect):
            return self.respond(call, refusal.status, {"data": None}, refusal.headers)
        return super().refuse(call, refusal)


class Redirect(Refusal):
    """The resource is found under another path."""

    def __init__(self, path: str) -> None:
        super().__init__(HTTPStatus.PERMANENT_REDIRECT, "Moved", {"Location": path})
