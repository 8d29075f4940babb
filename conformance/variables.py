"""Settings in the environment: BUGZY_CONFORMANCE_* variables."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from conformance.source import NAMES, TargetError

PREFIX = "BUGZY_CONFORMANCE_"


def named(setting: str) -> str:
    """The variable that gives a setting."""
    return f"{PREFIX}{setting.upper()}"


def values(environ: Mapping[str, str], kinds: Mapping[str, type]) -> dict[str, Any]:
    """The settings that variables give, each of its type; raise TargetError for another type."""
    given = {name: environ.get(named(name)) for name in kinds}
    return {
        name: _from_text(named(name), text, kinds[name]) for name, text in given.items() if text
    }


def refuse_unknown(
    environ: Mapping[str, str], settings: Iterable[str], besides: Collection[str | None] = ()
) -> None:
    """Raise TargetError for a variable with the prefix that gives none of the settings.

    *besides*: variables that the target file names itself.
    """
    known = [named(one) for one in settings]
    for name in environ:
        if name.startswith(PREFIX) and environ[name] and name not in (*known, *besides):
            raise TargetError(f"the variable {name} is not known; {_suggestion(name, known)}")


def _suggestion(name: str, known: list[str]) -> str:
    """What was meant; names are compared without the prefix, which makes all of them alike."""
    ends = [one.removeprefix(PREFIX) for one in known]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), ends, n=1)
    if near:
        return f"did you mean {PREFIX}{near[0]}?"
    return f"known after {PREFIX}: {', '.join(sorted(ends))}"


def _from_text(name: str, value: str, kind: type) -> Any:
    if kind is list:
        return [part.strip() for part in value.split("\n" if "header" in name.lower() else ",")]
    if kind is bool:
        if value.lower() not in ("1", "0", "true", "false", "yes", "no"):
            raise TargetError(f"{name} is {value!r}; write 1 or 0")
        return value.lower() in ("1", "true", "yes")
    try:
        return kind(value)
    except ValueError:
        raise TargetError(f"{name} is {value!r}; write {NAMES[kind]}") from None
