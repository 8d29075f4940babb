"""scope: whose something is, mixed up: two ids, two kinds, two spellings, two requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response

from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.scope import Reaches

PAUSE = 0.003  # seconds that a database takes


def named(call: Call) -> str:
    """Return the project or team that the query names, if it does."""
    query = parse_qs(str(call.request.scope["query_string"], "latin-1"))
    return query.get(call.operation.owner, [""])[0]


@fault(
    breaks="scope.project-isolation", also=("scope.team-isolation", "leak.same-answer"), seldom=True
)
class AsksQueryWhoseItIs(Reaches):
    """Takes the project or team that the query names for the one that the path does."""

    def lets_reach(self, call: Call) -> bool:
        return named(call) == call.key.owner


@fault(breaks="scope.own-only", also=("scope.no-side-effect",), seldom=True)
class MergesParameters(Server):
    """Merges the parameters of path and query once it has looked at the key: the query's win."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        call.ids = {**call.ids, call.operation.owner: named(call) or call.owner}
        return super().contents(call)


@fault(breaks="scope.project-isolation", also=("scope.team-isolation",), seldom=True)
class ReachesEscaped(Reaches):
    """Looks whose a project or team is in the path as it was sent, which may be escaped."""

    def lets_reach(self, call: Call) -> bool:
        return call.owner.encode() not in call.request.scope["raw_path"]


@fault(
    breaks="scope.project-key-on-team",
    also=("scope.team-key-on-project", "error.no-server-error"),
    seldom=True,
)
class ForgetsKindOfOwnId(Server):
    """Looks whether an id is the one of its key, and not of which kind the path is."""

    def accepts_kind(self, call: Call) -> bool:
        return super().accepts_kind(call) or call.owner == call.key.owner


@fault(breaks="scope.own-only", seldom=True)
class KeepsTenantOfAll(Server):
    """Keeps whose list is asked for in one place, for all requests that wait for its database."""

    owner = ""

    async def answer(self, call: Call) -> Response:
        await self.receive(call)
        self.authenticate(call)
        await self.count(call)
        self.locate(call)
        self.validate(call)
        self.owner = call.owner
        await asyncio.sleep(PAUSE)
        return self.succeed(call, self.perform(call))

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        call.ids = {**call.ids, call.operation.owner: self.owner}
        return super().contents(call) or [{}]
