"""Addresses: which ids stand in a path so that it leads to one's own, another's, or nothing."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from typing import Any

from conformance.contract import Contract, Operation
from conformance.target import Target

OTHERS = {
    "project": "other_project",
    "other_project": "project",
    "team": "other_team",
    "other_team": "team",
}
CROSS = {"project": "team", "team": "project"}  # the main party of the other kind


def relative(party: str) -> dict[str, str]:
    """The parties that are meant where a probe is for *party* and says own, other or cross."""
    cross = CROSS.get(party, party)
    return {
        "own": party,
        "other": OTHERS.get(party, party),
        "cross": cross,
        "cross-other": OTHERS.get(cross, cross),
    }


class Addresses:
    """Turns a relation (own, foreign, absent, cross) into the ids of a path."""

    def __init__(self, contract: Contract, target: Target) -> None:
        self._contract = contract
        self._target = target
        self._rng = random.Random(f"{target.seed}/absent")
        self.nested: dict[str, str] = {}  # "project/executionId" -> an id that exists

    def absent(self) -> str:
        """A well-formed id that was never issued."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def owner(self, operation: Operation, credential: str, resource: str) -> str | None:
        """The party that a relation leads to; None when it leads to none, or none is given."""
        name = credential if credential in self._target.parties else operation.kind
        same_kind = name in self._target.parties and (
            self._target.parties[name].kind == operation.kind
        )
        mine = name if same_kind else operation.kind
        party = {"own": mine, "cross": operation.kind, "foreign": OTHERS[mine]}.get(resource)
        if resource == "cross-foreign":
            party = OTHERS[operation.kind]
        return party if party in self._target.parties else None

    def nested_id(self, party: str | None, operation: Operation) -> str | None:
        """A known id of a party's resource that the operation's second parameter takes."""
        return self.nested.get(f"{party}/{operation.nested}") if operation.nested else None

    def path(self, operation: Operation, owner: str | None, nested: str | None) -> str:
        """The path of an operation; *owner* and *nested* are ids, None: one never issued."""
        path = operation.path.replace(f"{{{operation.owner}}}", owner or self.absent())
        if operation.nested:
            path = path.replace(f"{{{operation.nested}}}", nested or self.absent())
        return path

    def learn(self, operation: Operation, party: str, document: Any) -> None:
        """Remember the ids in a list's answer, for operations that address one of them."""
        items = document.get("data") if isinstance(document, Mapping) else None
        if not operation.lists or not isinstance(items, list):
            return
        for parameter in self._parameters_below(operation):
            found = [item.get(parameter) for item in items if isinstance(item, Mapping)]
            for id in found:
                taken = id in self.nested.values()  # another party's list shows it as well
                if isinstance(id, str) and id.replace("-", "").isalnum() and not taken:
                    self.nested.setdefault(f"{party}/{parameter}", id)

    def written(self, path: str) -> Operation | None:
        """The operation on a path that takes a body, if one does."""
        operations = self._contract.operations
        return next((op for op in operations if op.path == path and op.body is not None), None)

    def teaching(self, kind: str) -> list[Operation]:
        """Reads that need no other id, those first whose answers show ids that others need."""
        reads = [op for op in self._contract.of_kind(kind) if not op.writes and not op.nested]
        return sorted(reads, key=lambda op: not self._parameters_below(op))

    def _parameters_below(self, operation: Operation) -> set[str]:
        below = operation.path + "/{"
        return {
            other.nested
            for other in self._contract.operations
            if other.nested and other.path.startswith(below)
        }
