"""A reference server in a process of its own: in real time, and as far away as is asked."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import httpx
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from reference_server import contract, control, factory, http, seed
from reference_server.app import Server
from reference_server.call import Call
from reference_server.clock import RealClock
from reference_server.contract import Contract
from reference_server.store import Store

COUNT = "/served"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What kind of server is wanted."""

    latency: float = 0.0  # seconds
    window: float = 60.0  # seconds
    limit: int = 60
    fault: str | None = None
    variant: str | None = None


class Distant(Server):
    """A server whose answers take their time, and which counts them."""

    latency: ClassVar[float] = 0.0
    served = 0

    async def finish(self, call: Call, response: Response) -> Response:
        """Wait as long as the way to a distant client takes."""
        self.served += 1
        await asyncio.sleep(self.latency)
        return await super().finish(call, response)

    async def count_served(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say how many requests to the API have been answered (ASGI)."""
        await PlainTextResponse(str(self.served))(scope, receive, send)


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that runs in another process."""

    base_url: str
    credentials: Mapping[str, Mapping[str, str]]  # id and key, by party

    def requests(self) -> int:
        """How many requests to the API it has answered."""
        return int(httpx.get(self.base_url + COUNT, trust_env=False).text)


@contextmanager
def served(setting: Setting) -> Iterator[Served]:
    """Start a server, and end its process with the context."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(setting))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def created(setting: Setting) -> Distant:
    """The server that is wanted."""
    base = factory.chosen(setting.fault, setting.variant)
    kind: Callable[..., Distant] = type("Distant", (Distant, base), {"latency": setting.latency})
    kept = Contract.read(contract.find(None))
    server = kind(
        kept,
        clock=RealClock(),
        store=Store(":memory:"),
        limit=setting.limit,
        window=setting.window,
    )
    server.mounts = {control.PATH: control.create(server), COUNT: server.count_served}
    return server


def main() -> None:
    """Serve until the process is asked to end."""
    server = created(Setting(**json.loads(sys.argv[1])))
    credentials = {name: asdict(one) for name, one in seed.plant(server).items()}
    listener = http.listen("127.0.0.1", 0)
    announced: dict[str, Any] = {"base_url": http.url(listener), "credentials": credentials}
    print(json.dumps(announced), flush=True)  # noqa: T201 - read by the process that started this one
    http.run(server, listener)


if __name__ == "__main__":
    main()
