"""rotation: requests and other rotations that are under way meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any

from starlette.types import Receive, Scope, Send

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.shapes import LAG, RemembersKeys, Replaced
from reference_server.store import Owner

LONG = 4096  # bytes of a body
BUSY = 4  # requests under way at once

# rotation.in-flight


@fault(breaks="rotation.in-flight")
class ChecksKeyBeforeBody(Server):
    """Authenticates when the header arrives and never again."""

    async def receive(self, call: Call) -> None:
        super().authenticate(call)
        await super().receive(call)

    def authenticate(self, call: Call) -> None:
        """Trust the key that was found before the body."""


@fault(breaks="rotation.in-flight")
class ChecksKeyBeforeChunks(Server):
    """Authenticates a chunked request when its header arrives and never again."""

    async def receive(self, call: Call) -> None:
        if self.early(call):
            super().authenticate(call)
        await super().receive(call)

    def authenticate(self, call: Call) -> None:
        if not self.early(call):
            super().authenticate(call)

    def early(self, call: Call) -> bool:
        """Whether the key is looked at before the body: where that has no announced length."""
        return "transfer-encoding" in call.request.headers


@fault(breaks="rotation.in-flight", seldom=True)
class ChecksKeyBeforeContinue(ChecksKeyBeforeChunks):
    """Authenticates before it asks for a body that is not sent unasked, and never again."""

    def early(self, call: Call) -> bool:
        return "expect" in call.request.headers


@fault(breaks="rotation.in-flight")
class ChecksKeyBeforeFirstBody(ChecksKeyBeforeChunks):
    """Authenticates a connection's first request when its header arrives, and never again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.first: dict[Hashable, Call] = {}  # by connection

    def early(self, call: Call) -> bool:
        return self.first.setdefault(call.request.client, call) is call


@fault(breaks="rotation.in-flight", seldom=True)
class ChecksKeyBeforeLongBody(ChecksKeyBeforeChunks):
    """Authenticates before a long body, which it writes to a file, and never again."""

    def early(self, call: Call) -> bool:
        return int(call.request.headers.get("content-length", 0)) > LONG


@fault(breaks="rotation.in-flight", also=("error.no-server-error",))
class FailsWhenReplaced(Server):
    """Fails where the key that it has found before the body is gone afterwards."""

    async def receive(self, call: Call) -> None:
        token = self.credential_of(call)
        known = token is not None and self.find_key(token) is not None
        await super().receive(call)
        if known and token and self.find_key(token) is None:
            raise errors.internal()


# rotation.under-load


@fault(
    breaks="rotation.under-load",
    also=("rotation.old-key-revoked", "rotation.permanent", "rotation.one-survivor"),
)
class RevokesWhenIdle(RemembersKeys):
    """Hears of a revocation only when it is not busy."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.under_way = 0

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.under_way += 1
        try:
            await super().serve(scope, receive, send)
        finally:
            self.under_way -= 1

    async def receive(self, call: Call) -> None:
        await super().receive(call)
        await asyncio.sleep(0.005)

    def still_good(self, _call: Call, _old: Replaced) -> bool:
        return self.under_way >= BUSY


# rotation.one-survivor


@fault(breaks="rotation.one-survivor", also=("rotation.old-key-revoked", "rotation.permanent"))
class RotatesWithoutTransaction(Server):
    """Reads which key to revoke, waits for its database, and then writes the new one."""

    async def rotate(self, owner: Owner) -> str:
        before = self.store.keys(owner.id)
        await asyncio.sleep(LAG)
        for key in before:
            if self.replaces(owner):
                self.store.revoke(key)
        new = self.generate(self.contract.kinds[owner.kind])
        self.store.add_key(self.record(owner, new), replaces=False)
        return new


@fault(breaks="rotation.one-survivor", also=("rotation.new-key-works",))
class RevokesRivals(Server):
    """Adds its key, waits, and revokes all others: of two at once none survives."""

    async def rotate(self, owner: Owner) -> str:
        if not self.replaces(owner):
            return await super().rotate(owner)
        new = self.generate(self.contract.kinds[owner.kind])
        mine = self.record(owner, new)
        self.store.add_key(mine, replaces=False)
        await asyncio.sleep(LAG)
        for key in self.store.keys(owner.id):
            if key.digest != mine.digest:
                self.store.revoke(key)
        return new
