"""The catalogue: every requirement that the suite decides, read from catalogue.yaml."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

LEVELS = ("must", "should", "hardening")
AREAS = ("auth", "scope", "rotation", "rate", "error", "leak", "schema")


class UnknownRequirement(Exception):
    """A selection names nothing in the catalogue; the message suggests what it may have meant."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence that a deployment keeps or breaks."""

    id: str
    level: str  # must, should or hardening
    title: str
    source: str
    reading: str  # how the document is read where it leaves room
    everywhere: bool = False  # every answer bears on it

    @property
    def area(self) -> str:
        """The part of the catalogue that the id begins with."""
        return self.id.partition(".")[0]


@cache
def requirements() -> tuple[Requirement, ...]:
    """The whole catalogue, in its own order."""
    text = (Path(__file__).parent / "catalogue.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return tuple(Requirement(**entry) for entry in yaml.load(text, Loader=loader))  # noqa: S506 - both are safe


def requirement(id: str) -> Requirement:
    """One requirement by its id; raise UnknownRequirement for another."""
    for one in requirements():
        if one.id == id:
            return one
    if id in AREAS:
        first = select([id])[0].id
        raise UnknownRequirement(f"{id!r} is an area; write one requirement's id, as in {first}")
    raise UnknownRequirement(_unknown(id))


def chosen(only: Iterable[str], skip: Iterable[str]) -> tuple[Requirement, ...]:
    """What --only and --skip leave; raise UnknownRequirement for a wrong name, or if that is none.

    Nothing in *only* is everything.
    """
    left_out = select(skip)
    found = tuple(one for one in select(only) or requirements() if one not in left_out)
    if not found:
        raise UnknownRequirement("--only and --skip leave no requirement to decide")
    return found


def sought(only: Collection[str], skip: Iterable[str]) -> frozenset[str]:
    """The requirements whose probes are sent to decide those that --only and --skip leave.

    Besides these the others of their areas, as judges weigh what they show: what looks like one
    violation may follow from another. And all, if every answer bears on one that *only* names; an
    area is decided by what it sends itself. Raises UnknownRequirement as `chosen` does.
    """
    asked = chosen(only, skip)
    all_bear = not only or any(one.everywhere and one.id in only for one in asked)
    areas = AREAS if all_bear else {one.area for one in asked}
    left_out = {one.id for one in select(skip)}
    return frozenset(one.id for one in requirements() if one.area in areas) - left_out


def select(names: Iterable[str]) -> tuple[Requirement, ...]:
    """What ids and areas name, in catalogue order; raise UnknownRequirement for any other name."""
    wanted: set[str] = set()
    for name in names:
        matched = {one.id for one in requirements() if name in (one.id, one.area)}
        if not matched:
            raise UnknownRequirement(_unknown(name))
        wanted |= matched
    return tuple(one for one in requirements() if one.id in wanted)


def _unknown(name: str) -> str:
    known = [*AREAS, *(one.id for one in requirements())]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`bugzy-conformance requirements` lists them."
    return f"no requirement or area is called {name!r}; {hint}"
