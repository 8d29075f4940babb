"""Keys are masked by value where they enter the history, in every form in which they can leave."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Iterable, Iterator

SHORTEST = 8  # characters; masking shorter secrets would blot out ordinary text


def mark(label: str) -> str:
    """What stands where a key stood."""
    return f"[key {label}]"


class Masker:
    """Replaces every registered key, in every form, by a mark that names it."""

    def __init__(self) -> None:
        self._forms: list[tuple[bytes, bytes]] = []

    def register(self, key: str, label: str) -> None:
        """Mask this key from now on."""
        if len(key) >= SHORTEST:
            self._forms += _marked(key, label)
            self._forms.sort(key=lambda form: -len(form[0]))

    def mask(self, data: bytes, extra: Iterable[tuple[str, str]] = ()) -> bytes:
        """The data without any key; *extra* are (key, label) pairs masked in this call only."""
        for key, label in extra:
            data = _replaced(data, _marked(key, label))
        return _replaced(data, self._forms)

    def clean(self, parts: Iterable[bytes | str], extra: Iterable[tuple[str, str]] = ()) -> bool:
        """Whether no key is in any of the parts: one look at all of them is quick."""
        raw = b"\0".join(
            part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
            for part in parts
        )
        return self.mask(raw, extra) == raw

    def text(self, text: str, extra: Iterable[tuple[str, str]] = ()) -> str:
        """The text without any key."""
        raw = text.encode("utf-8", "surrogateescape")
        return self.mask(raw, extra).decode("utf-8", "surrogateescape")


def _replaced(data: bytes, forms: Iterable[tuple[bytes, bytes]]) -> bytes:
    for form, replacement in forms:
        if form in data:
            data = data.replace(form, replacement)
    return data


def _marked(key: str, label: str) -> list[tuple[bytes, bytes]]:
    replacement = mark(label).encode()
    return [(form, replacement) for form in sorted(set(forms(key)), key=len, reverse=True)]


def forms(key: str) -> Iterator[bytes]:
    """The forms of a key: plain, escaped for JSON, HTML and URLs, hex, and base64 at any offset."""
    raw = key.encode("utf-8", "surrogateescape")
    yield raw
    yield json.dumps(key)[1:-1].encode()
    yield html.escape(key).encode("utf-8", "surrogateescape")
    yield urllib.parse.quote(raw, safe="").encode()
    yield urllib.parse.quote_plus(raw).encode()
    yield raw.hex().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            yield _core(encode, raw, offset)


def _core(encode: object, raw: bytes, offset: int) -> bytes:
    """The characters of a base64 text that the key alone decides, when it stands at this offset."""
    assert callable(encode)
    encoded: bytes = encode(b"\0" * offset + raw)
    first = -(-offset * 8 // 6)
    last = (offset + len(raw)) * 8 // 6
    return encoded[first:last]
