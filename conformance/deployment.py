"""The deployment: the contract as it is held to it, and the parties that it has operations for."""

from __future__ import annotations

from dataclasses import replace

from conformance.contract import Contract, load
from conformance.source import TargetError, suggestion
from conformance.target import Target


def contract_of(target: Target) -> Contract:
    """The contract as this deployment is held to it; raises TargetError for a wrong exclusion."""
    whole = load(target.openapi)
    for name in target.exclude:
        if name not in whole.by_id:
            hint = suggestion(name, whole.by_id)
            raise TargetError(f"operations.exclude: {name} is not known; {hint}")
    contract = whole.narrowed(frozenset(target.exclude))
    if not contract.of_kind("project"):
        raise TargetError("operations.exclude leaves no operation of a project")
    limit = target.limit or contract.rate_limit.limit
    return contract.limited(limit, target.window or contract.rate_limit.window)


def fitted(target: Target, contract: Contract) -> Target:
    """The target without the projects or teams of which the deployment has no operation."""
    kept = {name: one for name, one in target.parties.items() if contract.of_kind(one.kind)}
    return replace(target, parties=kept)
