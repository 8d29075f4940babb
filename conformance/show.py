"""What a settings page shows of a key, said without giving the key away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import Contract
from conformance.keyring import Key
from conformance.secrets import forms

LEAST_TAIL = 3  # characters of a key's end that a page shows on purpose
NO_CHANCE = 6  # characters that no id or hash holds by chance
LEAST_TRIED = 4  # characters beyond the documented prefix: less is surely no key


def facts(answer: str, key: Key, contract: Contract) -> Mapping[str, Any]:
    """How much of the key stands in the answer: at its beginning, whole, and after the prefix.

    Whole in any form.
    """
    prefix = contract.kinds[key.kind].prefix
    shown = _beginning(answer, key)
    return {
        "prefix_length": len(prefix),
        "shown_length": len(shown),
        "key_length": len(key.value),
        "whole": any(form in answer.encode() for form in written(key, contract)),
        "tail_length": len(_tail(answer, key, shown)),
    }


def written(key: Key, contract: Contract) -> Iterator[bytes]:
    """The key in all forms in which a page may hold it, and the part that is secret."""
    yield key.secret(contract).encode()
    yield from forms(key.value)


def texts(answer: str, key: Key, contract: Contract) -> list[str]:
    """What a reader of the page could try as a key."""
    prefix = contract.kinds[key.kind].prefix
    tokens = re.findall(r"[\x21-\x7e]+", answer)
    tried = [_beginning(answer, key), *(one for one in tokens if one.startswith(prefix))]
    long_enough = [one for one in tried if len(one) >= len(prefix) + LEAST_TRIED]
    return [one for one in dict.fromkeys(long_enough) if one != key.value][:3]


def _beginning(answer: str, key: Key) -> str:
    """The longest beginning of the key that stands in the answer."""
    lengths = range(len(key.value), 0, -1)
    return next((key.value[:length] for length in lengths if key.value[:length] in answer), "")


def _tail(answer: str, key: Key, shown: str) -> str:
    """What stands in the answer of the rest of the key, as its last characters.

    A few of them are within longer words by chance, such as ids and hashes: they stand alone.
    """
    rest = key.value[len(shown) :]
    after = answer[answer.find(shown) + len(shown) :]
    ends = [rest[-length:] for length in range(LEAST_TAIL, len(rest) + 1)]
    return next((end for end in ends[::-1] if _shown(end, after)), "")


def _shown(end: str, text: str) -> bool:
    """Whether a key's end stands in a text, be it within a word if it is too long for chance."""
    if len(end) >= NO_CHANCE:
        return end in text
    return re.search(rf"(?<![^\W_]){re.escape(end)}(?![^\W_])", text) is not None
