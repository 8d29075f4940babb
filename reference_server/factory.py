"""Puts a server together from what the command line or an embedding program asks for."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import RedirectResponse

from reference_server import choice, contract, control, dashboard, faults, variants
from reference_server.app import Server
from reference_server.choice import ChoiceError
from reference_server.clock import Clock
from reference_server.contract import Contract
from reference_server.store import Store


def create(
    clock: Clock,
    *,
    openapi: Path | None = None,
    limit: int | None = None,
    window: float | None = None,
    fault: str | None = None,
    variant: str | None = None,
    db: str = ":memory:",
) -> Server:
    """Return a server that is ready to be served, its store as it is found.

    Raises ChoiceError for an unusable OpenAPI file, and for an unknown fault or variant.
    """
    kept = Contract.read(contract.find(openapi))
    server = chosen(fault, variant)(kept, clock=clock, store=Store(db), limit=limit, window=window)
    server.mounts = {page.PATH: page.create(server) for page in (control, dashboard)}
    server.mounts["/"] = RedirectResponse(dashboard.PATH)  # for whoever opens it in a browser
    return server


def chosen(fault: str | None, variant: str | None) -> type[Server]:
    """Return the class of a sound server, of a faulty one, or of a lawful but unusual one."""
    if fault and variant:
        raise ChoiceError("a server has either a fault or a variant")
    if fault and fault not in faults.FAULTS:
        raise choice.unknown("fault", fault, faults.FAULTS)
    if variant and variant not in variants.VARIANTS:
        raise choice.unknown("variant", variant, variants.VARIANTS)
    if fault:
        return faults.find(fault).server
    return variants.find(variant).server if variant else Server
