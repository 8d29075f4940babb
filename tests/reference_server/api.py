"""How the tests talk to a server: paths and keys by the names of the seeded credentials."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from reference_server.embedded import Running

BASE = "/api/v1"
ABSENT = "00000000-0000-4000-8000-000000000000"


class Api:
    """A client of one running server."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.client = httpx.Client(base_url=running.base_url, trust_env=False)
        self.keys = {name: each.key for name, each in running.credentials.items()}
        self.ids = {name: each.id for name, each in running.credentials.items()}

    def send(
        self, method: str, path: str, key: str | None = "project", **more: Any
    ) -> httpx.Response:
        """Send a request with the key of this name; ``{project}`` in *path* is its id."""
        headers = {**self.authorization(key), **more.pop("headers", {})}
        return self.client.request(method, BASE + self.path(path), headers=headers, **more)

    def path(self, path: str) -> str:
        """Return *path* with the ids in their places."""
        return path.format(**self.ids, absent=ABSENT)

    def authorization(self, key: str | None) -> dict[str, str]:
        """Return the field for a key by its name, for a key itself, or for none."""
        return {"Authorization": f"Bearer {self.keys.get(key, key)}"} if key else {}

    def generate(self, name: str) -> str:
        """Generate a key for a project or team; from now on it is the one of this name."""
        kind = name.removeprefix("other_")
        url = f"{self.running.control_url}/{kind}s/{self.ids[name]}/keys"
        self.keys[name] = self.client.post(url).raise_for_status().text.strip()
        return self.keys[name]


Serve = Callable[..., Api]


def connect(base_url: str) -> socket.socket:
    """Return a connection to write to by hand."""
    address = urlsplit(base_url)
    return socket.create_connection((address.hostname, address.port), timeout=5)


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one response: status, fields, body."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        lines = iter(stream.readline, b"\r\n")
        fields = dict(line.decode().strip().lower().split(": ", 1) for line in lines)
        return status, fields, stream.read(int(fields["content-length"]))
