"""Expected and observed beside one another, with what differs marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

WORD = re.compile(r"\w+\s*|[^\w\s]\s*")
ALIKE = 0.35  # below that, marking what differs would mark all,
RUN = 4  # unless so many words in a row are the same
LONGEST = 400  # words that are compared

Segments = tuple[tuple[str, bool], ...]  # pieces of the text; whether the other lacks the piece


def differences(expected: str, observed: str) -> tuple[Segments, Segments]:
    """Both texts in pieces."""
    one, other = WORD.findall(expected), WORD.findall(observed)
    if max(len(one), len(other)) > LONGEST:
        return ((expected, False),), ((observed, False),)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    longest = matcher.find_longest_match().size
    if matcher.ratio() < ALIKE and longest < RUN:
        return ((expected, False),), ((observed, False),)
    blocks = matcher.get_opcodes()
    return (
        tuple(_pieces((one[a:b], tag != "equal") for tag, a, b, _, _ in blocks)),
        tuple(_pieces((other[a:b], tag != "equal") for tag, _, _, a, b in blocks)),
    )


def _pieces(runs: Iterator[tuple[Sequence[str], bool]]) -> Iterator[tuple[str, bool]]:
    for words, differs in runs:
        if words:
            yield "".join(words), differs
