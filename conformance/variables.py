"""Settings in the environment: BUGZY_CONFORMANCE_* variables."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from conformance.source import NAMES, TargetError

PREFIX = "BUGZY_CONFORMANCE_"
NEAR = 0.8  # how much of two names is alike where one is the other misspelt


def named(setting: str) -> str:
    """The variable that gives a setting."""
    return f"{PREFIX}{setting.upper()}"


def values(environ: Mapping[str, str], kinds: Mapping[str, type]) -> dict[str, Any]:
    """The settings that variables give, each of its type; raise TargetError for another type."""
    given = {name: environ.get(named(name)) for name in kinds}
    return {
        name: _from_text(named(name), text, kinds[name]) for name, text in given.items() if text
    }


def refuse_misspelt(
    environ: Mapping[str, str], settings: Iterable[str], besides: Collection[str | None] = ()
) -> None:
    """Raise TargetError for a variable whose name is nearly that of a setting's.

    *besides*: variables that the target file names itself. Others are somebody else's.
    """
    ends = [one.upper() for one in settings]
    for name in environ:
        end = name.removeprefix(PREFIX)
        if end == name or end in ends or name in besides or not environ[name]:
            continue
        for near in difflib.get_close_matches(end, ends, n=1, cutoff=NEAR):
            raise TargetError(f"the variable {name} is not known; did you mean {named(near)}?")


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
