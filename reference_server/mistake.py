"""What is wrong with a body, in words that name the member and repeat no value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jsonschema_rs import ValidationError, ValidationErrorKind

# Shorter than a key: one that was sent as a name is not repeated, nor what reads as markup.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,31}")
TYPES = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def told(mistake: ValidationError) -> str:
    """Return what is wrong, and where."""
    kind, path = mistake.kind, mistake.instance_path
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        return _unknown(path, kind.unexpected)
    if isinstance(kind, ValidationErrorKind.Required):
        return f"{_place([*path, kind.property])} is missing"
    return f"{_place(path)} {_breach(kind) or f'does not satisfy {mistake.schema_path[-1]}'}"


def _unknown(path: Sequence[str | int], names: Iterable[str]) -> str:
    for name in filter(NAME.fullmatch, names):
        return f"{_place([*path, name])} is not a known member"
    return f"{_place(path)} has an unknown member"


def _breach(kind: ValidationErrorKind) -> str | None:
    """What a value is not; None for a rule that is not put into words here."""
    match kind:
        case ValidationErrorKind.Type(types):
            return f"is to be {' or '.join(TYPES[name] for name in types)}"
        case ValidationErrorKind.MinLength(limit):
            return f"is too short: {_characters(limit)} at least"
        case ValidationErrorKind.MaxLength(limit):
            return f"is too long: {_characters(limit)} at most"
        case ValidationErrorKind.MaxItems(limit):
            return f"has too many entries: {limit} at most"
        case ValidationErrorKind.Pattern(pattern):
            return f"does not match the pattern {pattern}"
        case ValidationErrorKind.Format(name):
            return f"is not in the format {name}"
    return None


def _characters(count: int) -> str:
    return f"{count} character{'' if count == 1 else 's'}"


def _place(path: Iterable[str | int]) -> str:
    """Where in the body, as in ``variables[0].name``; "it" is the whole body."""
    return "".join(map(_step, path)).removeprefix(".") or "it"


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if NAME.fullmatch(part) else ".?"
