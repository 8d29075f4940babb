"""Waivers: failures that are known and excused, with a reason and until a day."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.catalogue import UnknownRequirement, requirement
from conformance.source import TargetError
from conformance.verdict import Verdict

KEYS = {"id": str, "reason": str, "link": str, "expires": datetime.date}


@dataclass(frozen=True, slots=True)
class Waiver:
    """One excused requirement."""

    id: str
    reason: str
    link: str
    expires: datetime.date


def load(path: Path) -> tuple[Waiver, ...]:
    """Read [[waiver]] tables; raise TargetError naming what is wrong with which."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetError(f"{path}: not TOML: {error}") from None
    entries = document.get("waiver")
    if not isinstance(entries, list) or set(document) != {"waiver"}:
        raise TargetError(f"{path}: write each waiver as a [[waiver]] table")
    waivers = tuple(_waiver(path, number, entry) for number, entry in enumerate(entries, 1))
    for number, one in enumerate(waivers, 1):
        if one.id in (other.id for other in waivers[: number - 1]):
            raise TargetError(
                f"{path}, waiver {number}: {one.id} is waived twice; leave one of them"
            )
    return waivers


def _waiver(path: Path, number: int, entry: Mapping[str, Any]) -> Waiver:
    where = f"{path}, waiver {number}"
    for key, kind in KEYS.items():
        if not isinstance(entry.get(key), kind) or entry[key] == "":
            hint = "a date, as in 2027-01-31" if key == "expires" else "a text in quotes"
            raise TargetError(f"{where}: {key} is missing or of another type; write {hint}")
    if unknown := set(entry) - set(KEYS):
        raise TargetError(f"{where}: {unknown.pop()} is not known; write {', '.join(KEYS)}")
    try:
        requirement(entry["id"])
    except UnknownRequirement as error:
        raise TargetError(f"{where}: {error}") from None
    return Waiver(entry["id"], entry["reason"], entry["link"], _day(entry["expires"]))


def _day(value: datetime.date) -> datetime.date:
    return value.date() if isinstance(value, datetime.datetime) else value


def apply(
    verdicts: Iterable[Verdict], waivers: Iterable[Waiver], today: datetime.date
) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """The verdicts with excused failures waived, and a complaint for each waiver that must go."""
    by_id = {one.id: one for one in waivers}
    waived, complaints = [], []
    for verdict in verdicts:
        waiver = by_id.get(verdict.requirement.id)
        if waiver is not None and waiver.expires < today:
            complaints.append(f"the waiver of {waiver.id} expired on {waiver.expires}")
        elif waiver is not None and verdict.outcome == "passed":
            complaints.append(f"the waiver of {waiver.id} is no longer needed: it passed")
        elif waiver is not None and verdict.outcome == "failed":
            until = f"{waiver.reason} ({waiver.link}), until {waiver.expires}"
            verdict = replace(verdict, outcome="waived", reason=until)
        waived.append(verdict)
    return tuple(waived), tuple(complaints)
