"""Recordings: traffic that was not sent now, read from history files and HAR files."""

from __future__ import annotations

import datetime
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance import __version__, foreign, history, skew
from conformance.classify import UNKNOWN
from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.foreign import Entry, Foreign
from conformance.history import History, HistoryError
from conformance.merge import footer, merged, shifted
from conformance.report import har
from conformance.settle import settled
from conformance.target import Party


@dataclass(frozen=True)
class Deployment:
    """Where a deployment is: an origin, and what stands before the base path, as a gateway's."""

    origin: str
    prefix: str

    def __str__(self) -> str:
        return self.origin + self.prefix


Part = History | Foreign


def read(path: Path) -> Part:
    """Read a history file or a HAR; raise HistoryError when it is neither."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not text.strip():
            raise HistoryError(f"{path}: is empty")
        return history.read(path) if _is_history(text) else _har(path, json.loads(text))
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        problem = "it is not UTF-8 text; unpack or convert it first"
        raise HistoryError(f"{path}: neither a history nor a HAR: {problem}") from None
    except (json.JSONDecodeError, RecursionError, TypeError) as error:
        raise HistoryError(f"{path}: neither a history nor a HAR: {error}") from None


def _is_history(text: str) -> bool:
    first = text.lstrip().partition("\n")[0]
    try:
        return "type" in json.loads(first)
    except (ValueError, TypeError):
        return False


def _har(path: Path, document: Any) -> Part:
    log = document.get("log") if isinstance(document, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise HistoryError(f"{path}: not a HAR: it has no log with entries (HAR 1.2)")
    if not har.is_own(log):
        return foreign.read(path, log)
    try:
        return har.restore(log)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise HistoryError(f"{path}: an export of a history that was changed: {error!r}") from None


def joined(
    parts: Sequence[Part], contract: Contract, parties: Mapping[str, Party], base_url: str | None
) -> tuple[History, tuple[str, ...]]:
    """One history of all parts, and notes on what was left out of it; raise HistoryError."""
    own = [part for part in parts if isinstance(part, History)]
    foreign = [part for part in parts if isinstance(part, Foreign)]
    if not foreign and len(own) == 1:
        return own[0], ()
    _check_same(own)
    if own:
        base_url = str(own[0].header.get("base_url") or "")
    histories = list(own)
    notes: tuple[str, ...] = ()
    if foreign:
        imported, notes = _imported(foreign, contract, parties, base_url)
        histories.append(imported)
    return merged(histories), notes


def _check_same(own: Sequence[History]) -> None:
    """Raise HistoryError unless all histories are of the same deployment and parties."""
    for one in own:
        for name in ("base_url", "parties"):
            first, other = own[0].header.get(name), one.header.get(name)
            if first != other:
                raise HistoryError(
                    f"the histories have different {name} ({first}; {other}): "
                    "audit them one at a time"
                )


def _imported(
    parts: Sequence[Foreign],
    contract: Contract,
    parties: Mapping[str, Party],
    base_url: str | None,
) -> tuple[History, tuple[str, ...]]:
    deployment = _deployment(parts, contract, base_url)
    exchanges: list[list[Exchange]] = []
    stripped: set[int] = set()
    numbers = itertools.count(1)
    for part in parts:
        asked = [
            one.exchange for one in part.entries if _deployment_of(contract, one) == deployment
        ]
        exchanges.append([replace(one, number=next(numbers)) for one in asked])
        stripped |= {one.number for one in exchanges[-1]} if part.stripped else set()
    ordered = sorted(skew.aligned(exchanges), key=lambda one: one.started)
    if not ordered:
        raise HistoryError(f"{parts[0].path}: {_nothing_of(parts, contract, deployment)}")
    began = ordered[0].started
    tagged, events = settled(contract, ordered, parties, stripped)
    whole = History(tagged, events, _header(contract, deployment.origin, began), footer(ordered))
    return shifted(whole, -began, 0), tuple(_notes(parts, ordered, stripped))


def _deployment_of(contract: Contract, entry: Entry) -> Deployment | None:
    """Where the deployment would be that an entry is of; None when it is of none."""
    prefix, found, _ = entry.exchange.request.path.partition(contract.base_path + "/")
    return Deployment(entry.origin, prefix) if found else None


def _deployment(parts: Sequence[Foreign], contract: Contract, base_url: str | None) -> Deployment:
    """The deployment that the recordings are of; where one origin has several, the most used."""
    if base_url:
        origin = har.origin_of(base_url)
        return Deployment(foreign.normal(origin), base_url[len(origin) :].rstrip("/"))
    found = _deployments(parts, contract)
    if not found:
        raise HistoryError(f"{parts[0].path}: holds no request below {contract.base_path}")
    origins = sorted({one.origin for one in found})
    if len(origins) > 1:
        listed = ", ".join(origins)
        raise HistoryError(f"{parts[0].path}: requests to {listed}; choose one with --base-url")
    return found.most_common(1)[0][0]


def _deployments(parts: Sequence[Foreign], contract: Contract) -> Counter[Deployment]:
    """How many requests each deployment got that the recordings may be of."""
    found = (_deployment_of(contract, entry) for part in parts for entry in part.entries)
    return Counter(one for one in found if one is not None)


def _nothing_of(parts: Sequence[Foreign], contract: Contract, wanted: Deployment) -> str:
    asked = ", ".join(sorted(str(one) for one in _deployments(parts, contract))) or "none"
    return (
        f"no request to {wanted}{contract.base_path}; it holds requests to: {asked}; "
        "choose one with --base-url"
    )


def _notes(
    parts: Sequence[Foreign], exchanges: Sequence[Exchange], stripped: set[int]
) -> Iterable[str]:
    for part in parts:
        if part.unread:
            more = f" (and {len(part.unread) - 1} more)" if len(part.unread) > 1 else ""
            yield f"{part.path}: {part.unread[0]}{more}"
    cut = sum(one.response is not None and one.response.truncated for one in exchanges)
    if cut:
        yield (
            f"{cut} answers were recorded without their whole bodies: "
            "only their status and fields are judged"
        )
    unknown = sum(one.tags.defect == UNKNOWN for one in exchanges)
    if unknown:
        yield f"{unknown} requests were recorded without their whole bodies: those are not judged"
    if stripped:
        yield (
            f"{len(stripped)} of {len(exchanges)} requests come from recordings without any "
            "Authorization field; it may have been left out of them, so who asked is taken as "
            "unknown"
        )


def _header(contract: Contract, origin: str, began: float) -> dict[str, Any]:
    at = datetime.datetime.fromtimestamp(began, datetime.UTC)
    return {
        "suite": "bugzy-conformance",
        "version": __version__,
        "recorded": True,
        "contract": contract.digest,
        "base_url": origin,
        "started_at": at.isoformat(timespec="seconds"),
        "limit": contract.rate_limit.limit,
        "window": contract.rate_limit.window,
        "parties": {},
        "unix_offset": began,
    }
