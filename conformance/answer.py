"""Answers of hooks: whether one can be a key at all, and how one that cannot is told without it."""

from __future__ import annotations

import re
from collections.abc import Iterable

CREDENTIAL = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
PRINTABLE = re.compile(r"[!-~]+")  # what a field's value may hold, without spaces (RFC 9110, 5.5)
PIECE = re.compile(r"[A-Za-z0-9_~+=-]{8,}")  # of a key, or a word
WORD = re.compile(r"[A-Za-z]{8,14}")  # which no key is: it has digits, or is longer
MOST_SHOWN = 100  # characters of a line


def is_key(answer: str, prefixes: Iterable[str]) -> bool:
    """Whether a line can be a key, also a malformed one, whose form is for the judges.

    What begins as documented is one whatever follows in the same word: that is the deployment's.
    """
    if CREDENTIAL.fullmatch(answer):
        return True
    return answer.startswith(tuple(prefixes)) and PRINTABLE.fullmatch(answer) is not None


def told(answer: str) -> str:
    """What a line is, without anything in it that may be a key, or a part of one."""
    shown = PIECE.sub(_hidden, answer)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."


def _hidden(piece: re.Match[str]) -> str:
    return piece[0] if WORD.fullmatch(piece[0]) else f"[{len(piece[0])} characters]"
