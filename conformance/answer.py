"""Answers of hooks: whether one can be a key at all, and how one that cannot is told without it."""

from __future__ import annotations

import re
from collections.abc import Iterable

CREDENTIAL = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
PRINTABLE = re.compile(r"[!-~]+")  # what a field's value may hold, without spaces (RFC 9110, 5.5)
MASKED = re.compile(r"\.\.\.|\*\*\*")  # as a page writes that there is more of a key
LEAST, ENOUGH = 8, 16  # characters of a key: with letters and digits in it, and whatever is in it
PIECE = re.compile(r"[A-Za-z0-9_~+=-]{8,}")  # of a key, or a word
WORD = re.compile(r"[A-Za-z]{8,14}")  # which no key is: it has digits, or is longer
MOST_SHOWN = 100  # characters of a line


def is_key(answer: str, prefixes: Iterable[str]) -> bool:
    """Whether a line can be a key, also a malformed one, whose form is for the judges.

    What begins as documented is one whatever follows in the same word: that is the deployment's.
    A short word or number, as null, OK or 200, is what a hook prints that has not found the key.
    """
    if MASKED.search(answer):
        return False
    if answer.startswith(tuple(prefixes)):
        return PRINTABLE.fullmatch(answer) is not None
    return CREDENTIAL.fullmatch(answer) is not None and not _is_word(answer)


def _is_word(answer: str) -> bool:
    """Whether it is too short for a secret, or for one that has no digits or no letters."""
    mixed = any(map(str.isalpha, answer)) and any(map(str.isdigit, answer))
    return len(answer) < (LEAST if mixed else ENOUGH)


def told(answer: str) -> str:
    """What a line is, without anything in it that may be a key, or a part of one."""
    shown = PIECE.sub(_hidden, answer)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."


def _hidden(piece: re.Match[str]) -> str:
    return piece[0] if WORD.fullmatch(piece[0]) else f"[{len(piece[0])} characters]"
