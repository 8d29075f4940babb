"""Everything about one requirement: how it is read, what is sent for it, and what proves it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from conformance import inventory
from conformance.address import relative
from conformance.catalogue import Requirement, requirement
from conformance.probe import Probe
from conformance.target import NEW_KEY

T = TypeVar("T")

WIDTH = 100  # characters
INDENT = " " * 12
SETTINGS = {"writes": "safety.allow_writes", "pace": "safety.max_requests_per_second"}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A probe that serves the requirement."""

    name: str
    does: str
    needs: tuple[str, ...]  # of the target


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A seeded fault that the requirement must catch, or that breaks it besides another."""

    name: str
    does: str
    own: bool  # False: the fault is another requirement's


@dataclass(frozen=True, kw_only=True)
class About:
    """A requirement with all that bears on it."""

    requirement: Requirement
    probes: tuple[Sent, ...]
    faults: tuple[Proof, ...]


def about(id: str) -> About:
    """Put everything together; raise UnknownRequirement for an unknown id."""
    found = requirement(id)
    return About(requirement=found, probes=tuple(_probes(id)), faults=tuple(_faults(id)))


def as_json(id: str) -> str:
    """Everything, for programs."""
    found = about(id)
    document = asdict(found)
    return json.dumps(document.pop("requirement") | document, indent=2)


def as_text(id: str) -> str:
    """Everything, for readers."""
    return "\n".join(_lines(about(id)))


def _lines(found: About) -> Iterator[str]:
    one = found.requirement
    yield f"{one.id} ({one.level}): {one.title}"
    yield from _entry("source", one.source)
    yield from _entry("reading", one.reading)
    if one.everywhere:
        yield from _entry("judged on", "every answer of a run, whatever was asked")
    for label, probe in _labelled("sent", found.probes):
        yield from _entry(label, f"{probe.name}: {probe.does}")
        if probe.needs:
            yield from _entry("", f"  needs {', '.join(probe.needs)}")
    own = [one for one in found.faults if one.own]
    for label, fault in _labelled("proved by", own):
        yield from _entry(label, f"{fault.name}: {fault.does}")
    besides = [one.name for one in found.faults if not one.own]
    if besides:
        yield from _entry("also", f"broken besides by {', '.join(besides)}")
    yield from _entry("decide it", f"bugzy-conformance run --only {one.id}")
    if own:
        yield from _entry("prove it", f"bugzy-conformance faults --only {own[0].name}")


def _labelled(label: str, items: Sequence[T]) -> Iterator[tuple[str, T]]:
    """Each item, the first with the label."""
    for place, item in enumerate(items):
        yield ("" if place else label), item


def _entry(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {label:<10}",
        subsequent_indent=INDENT,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _probes(id: str) -> Iterator[Sent]:
    for area, function, probe in inventory.functions():
        if id in probe.serves:
            name = function.__name__.removeprefix("test_").replace("_", "-")
            does = " ".join((function.__doc__ or "").split())
            yield Sent(name=f"{area}.{name}", does=does, needs=tuple(_needs(probe)))


def _needs(probe: Probe) -> list[str]:
    """What a target must give for the probe: keys that it spends, and what it names besides."""
    spent = [f"{party}.key" for party in probe.spends if party != "spare"]
    named = [_need(need, kind) for need in (*spent, *probe.needs) for kind in probe.kinds]
    return list(dict.fromkeys(named))


def _need(need: str, kind: str) -> str:
    name, _, what = need.partition(".")
    if need in SETTINGS:
        return SETTINGS[need]
    if what == "generate":
        return f"hooks.{NEW_KEY[name]}"
    meant = relative(kind)
    return f"{(meant | {'another': meant['other']}).get(name, name)}.{what}"


def _faults(id: str) -> Iterator[Proof]:
    from reference_server.faults import FAULTS

    for fault in FAULTS.values():
        if id == fault.breaks or id in fault.also:
            does = " ".join(fault.summary.split())
            yield Proof(name=fault.name, does=does, own=id == fault.breaks)
