"""A script: requests that are sent without a network, and all that is seen of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any
from urllib.parse import unquote

from reference_server import seed
from reference_server.app import Server
from reference_server.contract import Contract
from reference_server.store import Store
from tests.reference_server.api import ABSENT, BASE
from tests.reference_server.manual import ManualClock

LIMIT = 12
RUN = b'{"taskSlug": "run-tests"}'
JSON = ("content-type", "application/json")
RUN = b'{"taskSlug": "run-tests"}'
Fields = Iterable[tuple[str, str]]


class Script:
    """Sends requests to a server of its own and notes what is seen."""

    def __init__(self, server: type[Server], contract: Contract) -> None:
        self.clock = ManualClock()
        self.server = server(contract, clock=self.clock, store=Store(), limit=LIMIT)
        planted = seed.plant(self.server)
        self.ids = {name: each.id for name, each in planted.items()}
        self.keys = {name: each.key for name, each in planted.items()}
        self.names = {each.key: name for name, each in planted.items()}
        self.seen: list[str] = []

    async def send(
        self,
        method: str,
        path: str,
        key: str | None = "project",
        *,
        body: bytes = b"",
        fields: Fields = (),
        connection: int = 1,
        meanwhile: Callable[[], Coroutine[Any, Any, object]] | None = None,
        typed: bool = True,
    ) -> str:
        """Send a request and note its answer; *meanwhile* happens while its body arrives."""
        sent = [("authorization", f"Bearer {self.keys.get(key, key)}")] if key else []
        plain = typed and body and not dict(fields).get("content-type")
        sent += [JSON, *fields] if plain else [*fields]
        path, _, query = path.format(**self.ids, absent=ABSENT).partition("?")
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "server": ("test", 80),
            "client": ("127.0.0.1", connection),
            "path": BASE + unquote(path),
            "raw_path": (BASE + path).encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent],
        }
        answer: list[Any] = []
        received = asyncio.Event()

        async def receive() -> Any:
            if received.is_set():
                await asyncio.Event().wait()  # nobody hangs up
            if meanwhile:
                await meanwhile()
            received.set()
            return {"type": "http.request", "body": body}

        async def note(message: Any) -> None:
            answer.append(message)

        await self.server(scope, receive, note)
        return self.note(f"{method} {path}", answer)

    def note(self, request: str, answer: list[Any]) -> str:
        """Keep what was answered, without what is by chance."""
        fields = "; ".join(f"{n.decode()}={v.decode()}" for n, v in answer[0]["headers"])
        parts = [part["body"] for part in answer[1:]]
        text = f"{answer[0]['status']} {fields} {b''.join(parts).decode()} in {len(parts)}"
        for key, name in self.names.items():
            text = text.replace(key, f"<{name}>")
        text = re.sub(r"line \d+", "line", text)
        self.seen.append(f"{request}: {text}")
        return text

    async def rotate(self, name: str = "project") -> None:
        """Generate a key; note its form, and what is shown of it afterwards."""
        owner = self.server.store.owner(self.ids[name])
        assert owner
        new = await self.server.rotate(owner)
        again = " again" if new in self.names else ""
        prefix, secret = re.fullmatch(r"(bzy_[a-z]+_|)(.*)", new, re.DOTALL).groups()  # type: ignore[union-attr]
        kind = "digits" if secret.isdigit() else "text"
        looks = [self.display(name)[-1:], self.display(name)[-1:]]
        shown = [
            [each.replace(secret, "*").replace(secret[:4], "1234") for each in look]
            for look in looks
        ]
        shown = [[each.replace(secret[-8:], "tail") for each in look] for look in shown]
        self.seen.append(f"{prefix} {len(secret)} {kind}{again} {shown}")
        self.keys[name] = new
        self.names[new] = f"{name} {len(self.names)}"

    def display(self, name: str) -> list[str]:
        """Return what the settings page shows."""
        owner = self.server.store.owner(self.ids[name])
        assert owner
        return self.server.display(owner)

    async def exhaust(self, key: str = "project") -> None:
        """Use a window up."""
        own = {"project": "/projects/{project}/onboarding", "team": "/teams/{team}/automations"}
        for _ in range(LIMIT):
            await self.send("GET", own[key], key)

    async def nested(self, kind: str, name: str) -> str:
        """Return the path of something that belongs to a project or team."""
        collection, member = {
            "projects": ("executions", "executionId"),
            "teams": ("environments", "environmentId"),
        }[kind]
        content = self.server.store.resources(self.ids[name], collection)[-1].content
        return f"/{collection}/{content[member]}"
