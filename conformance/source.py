"""A target file as it is written: sections of keys, each known and of its type."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}
NAMES[list] = "a list of strings"

Sections = Mapping[str, Mapping[str, type]]  # the type of each key, by section; "" is the top


class TargetError(Exception):
    """The call or the target file is wrong; the message says where and what to write instead."""


@dataclass(frozen=True, slots=True)
class Source:
    """A target file's text, to say in which line a value stands."""

    path: Path
    text: str

    def line(self, section: str, key: str) -> int:
        """The line of a key of a section (of the section's head, or 1, when there is none)."""
        current, head = "", 1
        for number, line in enumerate(self.text.splitlines(), 1):
            if found := re.match(r"\s*\[\s*([\w.\-]+)\s*\]", line):
                current = found[1]
                head = number if current == section else head
            elif current == section and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                return number
        return head

    def error(self, section: str, key: str, problem: str) -> TargetError:
        """An error that names the key and its line."""
        name = f"{section}.{key}" if section else key
        return TargetError(f"{self.path}, line {self.line(section, key)}: {name} {problem}")

    @classmethod
    def read(cls, path: Path) -> Source:
        """The file at a path; raise TargetError if there is no text there."""
        try:
            return cls(path, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise TargetError(f"{path}: cannot be read: {_reason(error)}") from None

    def sections(self, known: Sections) -> dict[str, Any]:
        """The keys by section; raise TargetError for one that is unknown or of another type."""
        found: dict[str, Any] = {"": {}}
        for name, value in self._parsed().items():
            if name in known and isinstance(value, dict):
                found[name] = value
            elif name in known and name:
                raise self.error("", name, f"is a section; write [{name}] and its keys below")
            else:
                found[""][name] = value
        for section, entries in found.items():
            for key, value in entries.items():
                self._check(known, section, key, value)
        return found

    def _parsed(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise TargetError(f"{self.path}: not TOML: {error}") from None

    def _check(self, known: Sections, section: str, key: str, value: Any) -> None:
        keys = known[section]
        if key not in keys:
            raise self._unknown(known, section, key, value)
        if not _fits(value, keys[key]):
            shown = "a value of another type" if key == "key" else repr(value)
            raise self.error(section, key, f"is {shown}; write {NAMES[keys[key]]}")

    def _unknown(self, known: Sections, section: str, key: str, value: Any) -> TargetError:
        candidates = [*known[section], *([] if section else [name for name in known if name])]
        problem = f"is not known; {suggestion(key, candidates)}"
        if isinstance(value, dict):
            return TargetError(f"{self.path}, line {self.line(key, '')}: {key} {problem}")
        return self.error(section, key, problem)


def suggestion(name: str, known: Collection[str]) -> str:
    """What somebody may have meant who wrote a name that is not known."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"


def _fits(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)
