"""Merging: several histories become one, on one clock, with numbers and keys that stay apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from conformance.exchange import Exchange, Request, Response
from conformance.history import Event, History, numbered

APART = 10_000_000  # numbers between the exchanges of two files
LABEL = re.compile(r"\b([a-z_]+)#(\d+)")
MARK = re.compile(r"\[key [a-z_]+#\d+\]")

Rename = Callable[[str], str]
Message = TypeVar("Message", Request, Response)


def merged(histories: Sequence[History]) -> History:
    """The histories as one, on the clock of the first."""
    if len(histories) == 1:
        return histories[0]
    apart = [_apart(histories, place) for place in range(len(histories))]
    exchanges = numbered(one for part in apart for one in part.exchanges)
    events = sorted((one for part in apart for one in part.events), key=lambda one: one.started)
    reasons = [part.footer.get("reason") for part in histories if not part.footer.get("complete")]
    return History(
        exchanges=exchanges,
        events=tuple(events),
        header=_merged_header(histories),
        footer={
            **footer(exchanges),
            "complete": not reasons,
            "reason": next(iter(reasons), None),
        },
    )


def footer(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """The footer of a history that holds these, and was not cut off."""
    began = min((one.started for one in exchanges), default=0.0)
    ended = max((one.ended for one in exchanges), default=0.0)
    return {"complete": True, "reason": None, "duration": round(ended - began, 3)}


def _merged_header(histories: Sequence[History]) -> dict[str, Any]:
    header = dict(histories[0].header)
    if any(part.header.get("recorded") for part in histories):
        header["recorded"] = True
    return header


def _apart(histories: Sequence[History], place: int) -> History:
    """A history whose times, numbers and labels do not meet those of the ones before it."""
    one = histories[place]
    offset = _offset(one) - _offset(histories[0])
    same_run = any(other.header.get("run") == one.header.get("run") for other in histories[:place])
    taken: Counter[str] = Counter()
    for other in histories[:place] if not same_run else ():
        taken |= Counter({name: taken[name] + n for name, n in _labels(other).items()})
    return _relabelled(shifted(one, offset, place * APART), taken)


def _offset(one: History) -> float:
    return float(one.header.get("unix_offset") or 0.0)


def _labels(one: History) -> Counter[str]:
    """How many labels of each kind a history uses."""
    labels = {event.data["key"] for event in one.events_of("issued")}
    labels |= {exchange.tags.key for exchange in one.exchanges} - {None}
    highest: Counter[str] = Counter()
    for found in filter(None, map(LABEL.fullmatch, map(str, labels))):
        highest[found[1]] = max(highest[found[1]], int(found[2]))
    return highest


def shifted(one: History, seconds: float, numbers: int) -> History:
    return replace(
        one,
        exchanges=tuple(_moved(exchange, seconds, numbers) for exchange in one.exchanges),
        events=tuple(
            replace(event, started=event.started + seconds, ended=event.ended + seconds)
            for event in one.events
        ),
    )


def _moved(one: Exchange, seconds: float, numbers: int) -> Exchange:
    repeats = one.tags.repeats
    return replace(
        one,
        number=one.number + numbers,
        started=one.started + seconds,
        ended=one.ended + seconds,
        tags=replace(one.tags, repeats=None if repeats is None else repeats + numbers),
    )


def _relabelled(one: History, taken: Mapping[str, int]) -> History:
    """The history with its keys numbered after those that are taken."""
    if not any(taken.values()):
        return one

    def renamed(text: str) -> str:
        return LABEL.sub(lambda found: f"{found[1]}#{int(found[2]) + taken.get(found[1], 0)}", text)

    return replace(
        one,
        exchanges=tuple(_renamed(exchange, renamed) for exchange in one.exchanges),
        events=tuple(_renamed_event(event, renamed) for event in one.events),
    )


def _renamed(one: Exchange, renamed: Rename) -> Exchange:
    def marked(text: str) -> str:
        return MARK.sub(lambda found: renamed(found[0]), text)

    def message(part: Message) -> Message:
        return replace(
            part,
            fields=tuple((name, marked(text)) for name, text in part.fields),
            body=marked(part.body.decode("latin-1")).encode("latin-1"),
        )

    return replace(
        one,
        request=replace(message(one.request), target=marked(one.request.target)),
        response=message(one.response) if one.response else None,
        tags=replace(one.tags, key=renamed(one.tags.key) if one.tags.key else None),
    )


def _renamed_event(event: Event, renamed: Rename) -> Event:
    told = ("key", "replaces", "same_as")
    changed = {name: renamed(event.data[name]) for name in told if event.data.get(name)}
    return replace(event, data={**event.data, **changed})
