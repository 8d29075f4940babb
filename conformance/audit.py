"""Auditing: recorded traffic is judged as a run's own is. Nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from conformance import contract as contracts
from conformance import recording, report, skew
from conformance import target as targets
from conformance.contract import Contract
from conformance.history import History, write
from conformance.judges.windows import Spot, spots
from conformance.outcome import Outcome, judged
from conformance.target import Target
from conformance.variables import refuse_misspelt

SHARED = ("openapi", "report_dir", "only", "skip", "strict", "hardening", "waivers", "quiet")
HONEST = "rate.remaining-honest"
COUNTED = (  # what a request that was not recorded would make look broken
    "rate.remaining-counts",
    "rate.all-endpoints",
    "rate.all-outcomes",
    "rate.no-bypass",
    "rate.per-key",
    "rate.recovers",
    "leak.same-cost",
)


def audit(files: Sequence[Path], options: Mapping[str, Any]) -> Outcome:
    """Judge recordings and write the reports; raise HistoryError or TargetError for bad calls."""
    parts = [recording.read(path) for path in files]
    header = next((part.header for part in parts if isinstance(part, History)), {})
    target = target_of(header, options)
    report.make(target.report_dir)
    contract = contract_of(header, target)
    named = options.get("target") or options.get("base_url")
    base_url = target.base_url if named else None
    history, notes = recording.joined(parts, contract, target.parties, base_url)
    outcome = judged(
        contract,
        history,
        target,
        undecidable=undecidable(contract, history),
        files=tuple(files),
        notes=(*notes, *_other_contract(contract, history), *_unused(header, options)),
    )
    report.write(outcome)
    _write_history(outcome)
    return outcome


def target_of(header: Mapping[str, Any], options: Mapping[str, Any]) -> Target:
    """The settings of the audit: the call's, else those that the recorded run had."""
    given = {name: value for name, value in options.items() if value not in (None, (), [])}
    if "target" in given:
        return targets.load(given, keyless=True)
    refuse_misspelt(os.environ, targets.SETTINGS)
    in_variables = targets.variables(os.environ)
    given = {name: in_variables[name] for name in SHARED if name in in_variables} | given
    if "base_url" in given:
        given["base_url"] = targets.base_url(given["base_url"])
    settings = {name: header.get("settings", {}).get(name, ()) for name in ("only", "skip")}
    if "only" in given or "skip" in given:
        settings = {"only": (), "skip": ()}
    settings |= given
    return Target(
        base_url=str(given.get("base_url") or header.get("base_url") or ""),
        parties={},
        openapi=_path(given, "openapi"),
        waivers=_path(given, "waivers"),
        report_dir=_path(given, "report_dir") or Target.report_dir,
        only=tuple(settings["only"]),
        skip=tuple(settings["skip"]),
        strict=bool(given.get("strict")),
        hardening=bool(given.get("hardening")),
        quiet=bool(given.get("quiet")),
        color=not (given.get("no_color") or os.environ.get("NO_COLOR")),
        seed=int(header.get("seed") or 1),
        given=given,
    )


def _path(given: Mapping[str, Any], name: str) -> Path | None:
    return Path(given[name]) if name in given else None


def contract_of(header: Mapping[str, Any], target: Target) -> Contract:
    """The contract, as the recorded deployment is held to it."""
    contract = contracts.load(target.openapi)
    excluded = {*target.exclude, *header.get("settings", {}).get("exclude", ())}
    contract = contract.narrowed(frozenset(excluded))
    limit = target.limit or header.get("limit") or contract.rate_limit.limit
    window = target.window or header.get("window") or contract.rate_limit.window
    return contract.limited(int(limit), float(window))


def undecidable(contract: Contract, history: History) -> Mapping[str, str]:
    """What a recording cannot decide, because others may have used the same keys meanwhile."""
    if not history.recorded:
        return {}
    alone = "requests that are not in the recording may have used the window up"
    return {HONEST: alone, **_gaps(contract, history), **_clocks(history)}


def _clocks(history: History) -> Mapping[str, str]:
    """What must not be judged since the order of the requests is not known."""
    both = skew.disordered(history.exchanges)
    if both is None:
        return {}
    reason = (
        f"the recorder's clock and the server's do not agree which of exchanges {both[0].number} "
        f"and {both[1].number} was first"
    )
    return dict.fromkeys(COUNTED, reason)


def _gaps(contract: Contract, history: History) -> Mapping[str, str]:
    """What must not be judged since requests of a key are missing, and how that is known."""
    limit = contract.rate_limit.limit
    steps = [(_missing(limit, *step), step) for step in _steps(contract, history)]
    if not steps or min(missing for missing, _ in steps) < 0:  # no missing request explains that
        return {}
    missing, (before, after) = max(steps, key=lambda step: step[0])
    if missing == 0:
        return {}
    first, second = before.exchange, after.exchange
    reason = (
        f"the recording does not hold all that {first.tags.key} sent: {missing} requests are "
        f"missing between exchanges {first.number} and {second.number}"
    )
    return dict.fromkeys(COUNTED, reason)


def _steps(contract: Contract, history: History) -> Iterator[tuple[Spot, Spot]]:
    """Answers in a row, of one key, with nothing that counts between or beside them."""
    for of_key in spots(contract, history).values():
        for before, after in pairwise(of_key):
            alone = not (before.at_once or after.at_once) and after.place - before.place <= 1
            told = None not in (before.remaining, after.remaining, before.reset, after.reset)
            if alone and told and (before.admitted or before.refused):
                yield before, after


def _missing(limit: int, before: Spot, after: Spot) -> int:
    """How many requests must have come between two answers, so that both counted right."""
    left = before.remaining if before.reset == after.reset else limit
    return (left or 0) - (after.remaining or 0) - after.admitted


def _other_contract(contract: Contract, history: History) -> Iterator[str]:
    recorded = history.header.get("contract")
    if recorded and recorded != contract.digest:
        yield (
            f"the history was recorded under another openapi.yaml (SHA-256 {recorded[:12]}...); "
            "give that one with --openapi"
        )


def _unused(header: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    """That a URL was given to choose by, where a history says itself what it is of."""
    given, own = options.get("base_url"), header.get("base_url")
    if given and own and given.rstrip("/") != own:
        yield f"--base-url {given} is not heeded: the history is of {own}, and all of it is judged"


def _write_history(outcome: Outcome) -> None:
    """Write the judged history beside the reports, unless that is where it was read from."""
    path = outcome.target.report_dir / "history.ndjson"
    if path.resolve() not in {one.resolve() for one in outcome.files}:
        write(outcome.history, path)
