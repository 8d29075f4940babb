"""scope: what a list holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from reference_server.app import Call, Server
from reference_server.faults.registry import fault
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


@fault(breaks="scope.own-only")
class ListsSiblings(Server):
    """Lists also what another project of the same team, which is not told here, has run."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        found = super().contents(call)
        if call.operation.id != "listExecutions" or not found:
            return found
        sibling = str(uuid.uuid5(NAMESPACE, f"{call.owner}/sibling"))
        return [*found, {**found[-1], "executionId": sibling}][: call.query.get("limit")]


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
