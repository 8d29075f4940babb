"""Servers that write bytes by hand: nothing that a server does to a client is impossible here."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], None]  # what is done with a connection after its request


@dataclass
class Wire:
    """A listening server, and the heads of the requests that it has read."""

    url: str
    heads: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)  # the test is done


@contextlib.contextmanager
def serving(*behaviours: Behaviour) -> Iterator[Wire]:
    """Serve one request per connection, each as the next behaviour does; the last one stays."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listener, wire, behaviours), daemon=True).start()
        yield wire
        wire.over.set()
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, wire: Wire, behaviours: tuple[Behaviour, ...]) -> None:
    with contextlib.suppress(OSError):
        for number in range(1_000):
            connection, _ = listener.accept()
            behave = behaviours[min(number, len(behaviours) - 1)]
            threading.Thread(target=_serve, args=(connection, wire, behave), daemon=True).start()


def _serve(connection: socket.socket, wire: Wire, behave: Behaviour) -> None:
    with connection, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (read := connection.recv(65536)):
                return
            head += read
        wire.heads.append(head.decode("latin-1"))
        behave(connection)


def answer(
    body: bytes = b"{}", status: str = "200 OK", fields: str = "", length: int | None = None
) -> Behaviour:
    """Answer and close."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\n{fields}Content-Length: {size}\r\nConnection: close\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def raw(data: bytes) -> Behaviour:
    """Write these bytes and close."""
    return lambda connection: connection.sendall(data)


def hang(wait: float = 20.0) -> Behaviour:
    """Say nothing until the client goes away."""

    def behave(connection: socket.socket) -> None:
        connection.settimeout(wait)
        connection.recv(1)

    return behave


def drip(piece: bytes = b"x", every: float = 0.02) -> Behaviour:
    """Begin a body that grows a byte at a time and has no end."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        pause = threading.Event()
        for _ in range(1_000):
            connection.sendall(piece)
            pause.wait(every)

    return behave


def flood(piece: bytes = b"x" * 65536, fields: str = "") -> Behaviour:
    """Send a body as fast as it is read, without end."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{fields}Connection: close\r\n\r\n".encode())
        while True:
            connection.sendall(piece)

    return behave
