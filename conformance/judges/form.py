"""rotation: what a new key looks like, and what a settings page shows of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from conformance.contract import Contract
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import Event, History
from conformance.judges.select import INFINITY, absent, crashed

SHOWN_ALL = 8  # characters of a secret per character of the alphabet that show all of it
ENOUGH_BITS = 128
LEAST_HIDDEN = 8  # characters of a key that a settings page must keep back
CLASS_SIZES = {"lower": 26, "upper": 26, "digit": 10}


@judges("rotation.key-form")
def key_malformed(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield new keys without the documented prefix, and keys that were issued before."""
    for event in history.events_of("issued"):
        if not event.data.get("generated"):
            continue
        yield Evidence()
        label, party = event.data["key"], event.data["party"]
        prefix = contract.kinds["team" if "team" in party else "project"].prefix
        if not event.data["prefixed"]:
            length = event.data["secret_length"]
            yield Finding(
                expected=f"{label} to begin with {prefix}",
                observed=f"another beginning, of the {length} characters that the hook printed",
            )
        if event.data["same_as"]:
            yield Finding(
                expected=f"{label} to differ from all earlier keys",
                observed=f"the same key as {event.data['same_as']}",
            )


@judges("rotation.shown-once")
def too_much_shown(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield what a settings page shows of a key that is more, or less, than a prefix of it."""
    for event in history.events_of("shown"):
        yield Evidence()
        if problem := _shown_wrong(event):
            yield Finding(
                expected=f"a prefix that identifies {event.data['key']}, and no more",
                observed=problem,
            )
    missing = absent(contract, history)
    for one in history.judged:
        if one.tags.form == "shown" and one.tags.operation not in missing:
            if one.status == 401:
                yield Evidence((one,))
            elif one.admitted and not crashed(one):
                yield Finding(
                    expected="401 for what the settings page shows of a key",
                    observed=f"{one.status}: it can be used as a key",
                    exchanges=(one,),
                )


def _shown_wrong(event: Event) -> str | None:
    data = event.data
    if data["whole"] or data["key_length"] - data["shown_length"] < LEAST_HIDDEN:
        return "the whole key, or all but a few characters of it"
    if data["shown_length"] <= data["prefix_length"]:
        return "nothing that tells this key from another"
    if data["tail_length"]:
        return f"also the last {data['tail_length']} characters of the key"
    return None


@judges("rotation.entropy")
def key_guessable(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield kinds of keys whose secrets are too short for their alphabet."""
    used = {one.tags.key for one in history.judged if one.plain_key and one.admitted}
    events = [
        event
        for event in history.events_of("issued")
        if event.data["prefixed"] and (event.data.get("generated") or event.data["key"] in used)
    ]
    for kind in ("project", "team"):
        of_kind = [event for event in events if kind in event.data["party"]]
        if not of_kind:
            continue
        yield Evidence()
        bits = min(event.data["secret_length"] for event in of_kind) * math.log2(_alphabet(of_kind))
        if bits < ENOUGH_BITS:
            yield Finding(
                expected=f"at least {ENOUGH_BITS} bits in a {kind} key's secret",
                observed=f"at most {bits:.0f} bits, by its length and the characters seen",
            )


def _alphabet(events: list[Event]) -> int:
    """The size of the alphabet that the keys seen were drawn from.

    Of few characters, a long secret shows them all.
    """
    distinct = [event.data.get("distinct", INFINITY) for event in events]
    lengths = [event.data["secret_length"] for event in events]
    if all(length >= SHOWN_ALL * few for length, few in zip(lengths, distinct, strict=True)):
        return int(max(2, *distinct))
    seen = {name for event in events for name in event.data["alphabet"]}
    if seen != {"digit"} and all(event.data.get("hexadecimal") for event in events):
        return 16
    return max(2, sum(CLASS_SIZES.get(name, 1) for name in seen))
