"""Where a setting was given, so that what is wrong with it is said of that place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.source import Source, TargetError


@dataclass(frozen=True, slots=True)
class Origin:
    """The file, if there is one, and how each setting is named that was given otherwise."""

    file: Source | None = None
    given: Mapping[str, str] = field(default_factory=dict)  # windows: --windows, or its variable

    def error(self, section: str, key: str, problem: str) -> TargetError:
        """An error that names the option, the variable, or the file's line."""
        setting = key if section in ("", "safety") else f"{section}_{key}"
        if setting in self.given:
            return TargetError(f"{self.given[setting]} {problem}")
        if self.file is not None:
            return self.file.error(section, key, problem)
        return TargetError(f"{f'{section}.{key}' if section else flag(key)} {problem}")


def flag(setting: str) -> str:
    """The option that gives a setting."""
    return "-n" if setting == "workers" else f"--{setting.replace('_', '-')}"
