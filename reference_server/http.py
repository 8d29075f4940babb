"""The HTTP layer: uvicorn, where what it refuses by itself is refused in the one format too."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import cast

import uvicorn
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from reference_server.app import Server

GRACE = 3  # seconds that requests under way have when the process is asked to end
TURNS = 3  # of the loop, after which a connection that was accepted is known and can be closed

log = logging.getLogger(__name__)
# What is refused is answered, and not logged, as elsewhere: a suite sends much of it on purpose.
log.setLevel(logging.ERROR)


class Protocol(HttpToolsProtocol):
    """Answers what is not HTTP like every other invalid request (API Keys, Error Responses)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, and log under this server's name instead of uvicorn's."""
        self.logger = log
        super().connection_made(cast(Server, self.config.app).wired(transport))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Refuse and close: where the next request would begin is not known."""
        server = cast(Server, self.config.app)
        self.transport.write(wire(server.malformed()))
        self.transport.close()


def wire(response: Response) -> bytes:
    """Return *response* as it is sent on a connection that ends with it (RFC 9112)."""
    fields = [*response.raw_headers, (b"connection", b"close")]
    head = b"".join(b"%s: %s\r\n" % field for field in fields)
    return b"%s%s\r\n%s" % (STATUS_LINE[response.status_code], head, bytes(response.body))


def config(server: Server) -> uvicorn.Config:
    """Return how uvicorn is to serve: in one thread, and with nothing of its own in the answers.

    One thread, so that a key's replacement and a request with it have an order. The Date field is
    the server's, as its clock may have been moved.
    """
    return uvicorn.Config(
        server,
        http=Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE,
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one. Raises OSError where none can be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers without delay only where the protocol is spelled out.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def url(listener: socket.socket) -> str:
    """Return the URL by which this machine reaches *listener*, also if it takes all addresses."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - binds nothing
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(server: Server, listener: socket.socket) -> None:
    """Serve until the process is asked to end, be it before uvicorn is there to be asked."""
    with contextlib.suppress(asyncio.CancelledError):
        uvicorn.Server(config(server)).run([listener])


class Service(uvicorn.Server):
    """A uvicorn that another thread can stop at once."""

    def __init__(self, server: Server) -> None:
        super().__init__(config(server))
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until stopped."""
        self._loop.run_until_complete(self.serve([listener]))
        self._loop.close()

    def stop(self) -> None:
        """Let serve_on return; to be called by another thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Wait to be stopped, where uvicorn would look ten times a second."""
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything, whatever is under way: nobody waits for its answer."""
        for listener in sockets or []:
            self._loop.remove_reader(listener)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            cast(HttpToolsProtocol, connection).transport.abort()
        if tasks := set(self.server_state.tasks):
            _, asleep = await asyncio.wait(tasks, timeout=0.1)
            for task in asleep:
                task.cancel()
