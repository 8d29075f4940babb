"""Nearly: recorded texts that differ a little from a key that is let in more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import permutations

from conformance.contract import Contract


def nearly(
    contract: Contract, sent: Iterable[str], let_in: Iterable[str]
) -> Mapping[str, tuple[str, str]]:
    """By text, the key that it resembles, and how; each was *sent*, or *let in*, so many times."""
    uses, successes = Counter(sent), Counter(let_in)
    found: dict[str, tuple[str, str]] = {}
    for text, key in permutations(uses, 2):
        rarer = (successes[text], uses[text], text) < (successes[key], uses[key], key)
        if rarer and (form := _form(contract, text, key)):
            found[text] = key, form
    return found


def _form(contract: Contract, text: str, key: str) -> str | None:
    """How a text differs from a key, in the words of the probes; None when it is another key."""
    if text.lower() == key.lower():
        return "altered:case"
    if key.startswith(text):
        return "altered:cut"
    if text.startswith(key):
        return "altered:extended"
    kind, other = contract.kind_of(text), contract.kind_of(key)
    if kind is None or other is None or kind is other:
        return None
    same = text.removeprefix(kind.prefix) == key.removeprefix(other.prefix)
    return f"prefix:{kind.name}" if same else None
