"""scope: what a list holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.shapes import addressed, foreign
from reference_server.store import NAMESPACE


class Mixes(Server):
    """Puts others' things into some lists."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        if not self.mixes(call):
            return super().contents(call)
        limit, collection = call.query.get("limit"), call.operation.collection
        found = [self.store.resources(owner.id, collection) for owner in self.store.owners()]
        return [each.content for resources in found for each in resources][:limit]

    def mixes(self, _: Call) -> bool:
        """Whether the list holds everybody's."""
        return True


@fault(breaks="scope.own-only", seldom=True)
class ListsSiblings(Server):
    """Lists also what another project of the same team, which is not told here, has run."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        found = super().contents(call)
        if call.operation.id != "listExecutions" or not found:
            return found
        sibling = str(uuid.uuid5(NAMESPACE, f"{call.owner}/sibling"))
        return [*found, {**found[-1], "executionId": sibling}][: call.query.get("limit")]


@fault(breaks="scope.own-only")
class KeepsTenant(Server):
    """Lists executions of the project that the key was refused just before: it is still set."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.left: dict[str, str] = {}  # the id of the other project, by the key's hash

    async def finish(self, call: Call, response: Response) -> Response:
        owner = addressed(self, call) if call.window else None
        if owner and response.status_code == HTTPStatus.NOT_FOUND and foreign(self, call):
            self.left[call.key.digest] = owner.id
        return response

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        if call.operation.id != "listExecutions":
            return super().contents(call)
        owner = self.left.pop(call.key.digest, call.owner)
        found = self.store.resources(owner, call.operation.collection, call.query.get("limit"))
        return [resource.content for resource in found]


@fault(breaks="scope.own-only")
class ListsEverything(Mixes):
    """Lists what there is, whosever it is."""

    def mixes(self, call: Call) -> bool:
        return call.operation.id != "getOnboarding"


@fault(breaks="scope.own-only")
class ListsEverythingWithLimit(Mixes):
    """Loses the filter by owner where a limit is given."""

    def mixes(self, call: Call) -> bool:
        return call.query.get("limit") is not None
