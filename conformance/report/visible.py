"""What a target sent, as text that no terminal, browser or editor obeys, and of bounded length."""

from __future__ import annotations

import re

INVISIBLE = re.compile(  # controls, directions, nothing to see, halves of characters, tags
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
KEPT = "\n\t"  # in a block of text


def line(text: str, most: int | None = None) -> str:
    """The text in one line, with what cannot be seen escaped."""
    return INVISIBLE.sub(lambda found: _escape(found[0]), cut(text, most))


def block(text: str, most: int | None = None) -> str:
    """The text with its lines and tabs, and everything else that cannot be seen escaped."""
    return INVISIBLE.sub(
        lambda found: found[0] if found[0] in KEPT else _escape(found[0]), cut(text, most)
    )


def cut(text: str, most: int | None) -> str:
    """The beginning of the text, and how much more there is."""
    if most is None or len(text) <= most:
        return text
    return f"{text[:most]}... ({len(text) - most} characters more)"


def _escape(letter: str) -> str:
    number = ord(letter)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
