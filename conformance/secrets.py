"""Keys are masked by value where they enter the history, in every form in which they can leave."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from functools import lru_cache

SHORTEST = 8  # characters; masking shorter secrets would blot out ordinary text
DIGITS = {16: rb"[0-9A-Fa-f]{2}", 10: rb"[0-9]{2,3}"}
ESCAPES = (  # how a character is written by its code, also escaped again and again
    (rb"%(?:25)*", 16, rb""),  # RFC 3986, 2.1
    (rb"\\+u00", 16, rb""),  # RFC 8259, 7
    (rb"\\+x", 16, rb""),
    (rb"&#[xX]0*", 16, rb";?"),
    (rb"&#0*", 10, rb";?"),
)
QUOTED = rb"[\x22\x27/]"  # characters that JSON or JavaScript writes with a backslash before them
CODED = (lead + b"(" + DIGITS[base] + b")" + end for lead, base, end in ESCAPES)
ESCAPED = re.compile(b"|".join([*CODED, rb"\\+(" + QUOTED + b")"]))
TELLING = re.compile("auth|cookie|key|token|secret|password|signature", re.IGNORECASE)

Secret = tuple[str, str]  # a key and its label


def in_fields(fields: Iterable[tuple[str, str]]) -> Iterator[Secret]:
    """What is secret in the fields that go with every request, by their names: each word of it."""
    for name, value in fields:
        if TELLING.search(name):
            yield from ((word, name) for word in re.split(r"[\s;,=]+", value))


def mark(label: str) -> str:
    """What stands where a key stood."""
    return f"[key {label}]"


class Masker:
    """Replaces every registered key, in every form, by a mark that names it."""

    def __init__(self) -> None:
        self._secrets: list[Secret] = []
        self._forms: list[tuple[bytes, bytes]] = []

    def register(self, key: str, label: str) -> None:
        """Mask this key from now on."""
        if len(key) >= SHORTEST:
            forms = [*self._forms, *_marked(key, label)]
            # new lists: another thread may be reading the old ones
            self._secrets = [*self._secrets, (key, label)]
            self._forms = sorted(forms, key=lambda form: -len(form[0]))

    def mask(self, data: bytes, extra: Iterable[Secret] = ()) -> bytes:
        """The data without any key; *extra* are (key, label) pairs masked in this call only."""
        extra = tuple(extra)
        for key, label in extra:
            data = _replaced(data, _marked(key, label))
        return _unescaped(_replaced(data, self._forms), (*extra, *self._secrets))

    def clean(self, parts: Iterable[bytes | str], extra: Iterable[Secret] = ()) -> bool:
        """Whether no key is in any of the parts: one look at all of them is quick."""
        raw = b"\0".join(
            part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
            for part in parts
        )
        return self.mask(raw, extra) == raw

    def texts(self, texts: Iterable[str], extra: Iterable[Secret] = ()) -> list[str]:
        """Each text without any key: one look at all of them is quick."""
        texts = list(texts)
        masked = self.text("\0".join(texts), extra).split("\0")
        if len(masked) != len(texts):  # one of them holds what is to part them
            return [self.text(text, extra) for text in texts]
        return masked

    def text(self, text: str, extra: Iterable[Secret] = ()) -> str:
        """The text without any key."""
        raw = text.encode("utf-8", "surrogateescape")
        return self.mask(raw, extra).decode("utf-8", "surrogateescape")


def _replaced(data: bytes, forms: Iterable[tuple[bytes, bytes]]) -> bytes:
    for form, replacement in forms:
        if form in data:
            data = data.replace(form, replacement)
    return data


def _unescaped(data: bytes, secrets: Iterable[Secret]) -> bytes:
    """The data without keys of which any characters are written by their codes."""
    plain = ESCAPED.sub(_character, data)
    if plain == data:
        return data
    for key, label in sorted(secrets, key=lambda secret: -len(secret[0])):
        if _raw(key) in plain:
            data = _escaped(key).sub(mark(label).encode(), data)
    return data


def _character(found: re.Match[bytes]) -> bytes:
    place = found.lastindex or 0
    if place > len(ESCAPES):
        return found[place]
    code = int(found[place], ESCAPES[place - 1][1])
    return bytes([code]) if code < 128 else found[0]


@lru_cache(maxsize=64)
def _escaped(key: str) -> re.Pattern[bytes]:
    """A key with any of its characters escaped."""
    return re.compile(b"".join(_either(code) for code in _raw(key)))


def _either(code: int) -> bytes:
    """A character as it is, or by its code."""
    digits = {16: rb"(?i:%02x)" % code, 10: b"%d" % code}
    coded = (lead + digits[base] + end for lead, base, end in ESCAPES)
    bare = re.escape(bytes([code]))
    if re.fullmatch(QUOTED, bytes([code])):
        bare = rb"\\*" + bare
    return b"(?:" + b"|".join([bare, *coded]) + b")"


def _raw(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def _marked(key: str, label: str) -> list[tuple[bytes, bytes]]:
    replacement = mark(label).encode()
    return [(form, replacement) for form in sorted(set(forms(key)), key=len, reverse=True)]


def forms(key: str) -> Iterator[bytes]:
    """The forms of a key: plain, escaped for JSON, HTML and URLs, hex, and base64 at any offset."""
    raw = _raw(key)
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
