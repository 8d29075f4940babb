"""The inventory: every probe there is, by operation and party, without sending or collecting."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module

from conformance.catalogue import AREAS
from conformance.contract import Contract
from conformance.pace import thrifty
from conformance.probe import Probe
from conformance.schedule import Slot, slot
from conformance.target import Target

Function = Callable[..., None]


def functions() -> Iterator[tuple[str, Function, Probe]]:
    """Each probe function, with its area, in the order of the files."""
    for area in AREAS:
        module = import_module(f"conformance.probes.{area}")
        for function in vars(module).values():
            if getattr(function, "__probe__", None) and function.__module__ == module.__name__:
                yield area, function, function.__probe__


def served() -> frozenset[str]:
    """The requirements that probes serve; others are judged by what is sent for those."""
    return frozenset(id for *_, probe in functions() for id in probe.serves)


def slots(contract: Contract, target: Target) -> Iterator[tuple[Slot, str]]:
    """Each probe for each operation or party, and the party meant by *own*."""
    saving = thrifty(contract, target)
    for area, function, declared in functions():
        probe = declared.in_time(thrifty=saving)
        name = f"{area}.{function.__name__.removeprefix('test_').replace('_', '-')}"
        for suffix, party in parameters(function, probe, contract):
            yield slot(name + suffix, probe, party, target), party


def parameters(function: Function, probe: Probe, contract: Contract) -> Iterator[tuple[str, str]]:
    """The suffix of a probe's id, and the party, for each of its parameters."""
    names = inspect.signature(function).parameters
    if "operation" in names:
        for operation in contract.operations:
            if operation.kind in probe.kinds and probe.where(operation):
                yield f"[{operation.id}]", operation.kind
    elif "party" in names:
        for party in probe.kinds:
            yield f"[{party.replace('_', '-')}]", party
    else:
        yield "", "project"
