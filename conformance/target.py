"""The target: which deployment is tested, with which keys, and how."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.origin import Origin, flag
from conformance.source import Source, TargetError
from conformance.variables import named, refuse_misspelt, values

PARTIES = {"project": "project", "other_project": "project", "team": "team", "other_team": "team"}
HOOKS = ("regenerate_project_key", "generate_team_key", "show_project_key")
NEW_KEY = {"project": "regenerate_project_key", "team": "generate_team_key"}


@dataclass(frozen=True, slots=True)
class Party:
    """A project or team of the deployment, and the key that reaches it."""

    name: str  # project, other_project, team or other_team
    kind: str  # project or team
    id: str
    key: str | None = field(default=None, repr=False)
    variable: str | None = None  # the variable that the key is in, where it is said


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is tested, and how. Times are in seconds."""

    base_url: str  # without the base path
    parties: Mapping[str, Party]
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int | None = None  # where the deployment's limit is not the documented one
    window: float | None = None
    exclude: tuple[str, ...] = ()
    allow_writes: bool = False
    max_requests_per_second: float | None = None
    openapi: Path | None = None
    report_dir: Path = Path("conformance-report")
    workers: int = 0
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    hardening: bool = False
    waivers: Path | None = None
    windows: int = 1
    seed: int = 1
    timeout: float = 10.0
    max_requests: int | None = None
    insecure: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    quiet: bool = False
    color: bool = True
    control: str | None = None  # the control plane of an embedded reference server
    thrifty: bool = False  # save requests, as where a minute is short, though nobody waits for it
    file: Path | None = None
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)  # otherwise than by the file

    def has_key(self, name: str) -> bool:
        """Whether the target gives a key for this party."""
        return name in self.parties and self.parties[name].key is not None

    @property
    def shares_a_key(self) -> str | None:
        """What is wrong where two parties have one key: what the one uses, the other misses."""
        owners: dict[str, str] = {}
        for name, party in self.parties.items():
            first = owners.setdefault(party.key or name, name)
            if first != name:
                where = f"{self.file}: " if self.file else ""
                return f"{where}{name}.key is the same as {first}.key; write the key of {name}"
        return None

    @property
    def is_local(self) -> bool:
        """Whether it is served by this machine: a loopback address."""
        host = urllib.parse.urlsplit(self.base_url).hostname or ""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return host == "localhost"

    @property
    def settings(self) -> dict[str, Any]:
        """What decides how a run goes, besides who and where."""
        return {
            "only": list(self.only),
            "skip": list(self.skip),
            "exclude": list(self.exclude),
            "strict": self.strict,
            "hardening": self.hardening,
            "windows": self.windows,
            "timeout": self.timeout,
            "max_requests": self.max_requests,
            "max_requests_per_second": self.max_requests_per_second,
            "workers": self.workers,
        }


KEYS_BEGIN = "bzy_"  # as no id does
NOWHERE = Origin()
WITH_USER = (
    "holds an @, as after a user and password, which are never sent; write the URL without them, "
    "as in https://staging.example.com, and what a gateway asks for as --header 'Name: value'"
)

OPTIONS: dict[str, type] = {
    "base_url": str,
    "openapi": str,
    "report_dir": str,
    "workers": int,
    "only": list,
    "skip": list,
    "strict": bool,
    "hardening": bool,
    "waivers": str,
    "allow_writes": bool,
    "windows": int,
    "seed": int,
    "timeout": float,
    "max_requests": int,
    "insecure": bool,
    "header": list,
    "quiet": bool,
    "no_color": bool,
}
SETTINGS = ("target", *OPTIONS, *(f"{one}_{key}" for one in PARTIES for key in ("id", "key")))
SECTIONS: dict[str, dict[str, type]] = {
    "": {name: kind for name, kind in OPTIONS.items() if name != "allow_writes"},
    **{party: {"id": str, "key": str} for party in PARTIES},
    "hooks": dict.fromkeys(HOOKS, list),
    "rate_limit": {"limit": int, "window_seconds": float},
    "operations": {"exclude": list},
    "safety": {"allow_writes": bool, "max_requests_per_second": float, "max_requests": int},
}


def load(
    options: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    described: Mapping[str, Any] | None = None,
    *,
    keyless: bool = False,
) -> Target:
    """Put a target together; raise TargetError for whatever is wrong.

    *options* are the command line's (absent or None: not given), *described* stands in the place
    of the file's base URL and sections, as for a reference server that the caller started.
    *keyless*: keys may be missing.
    """
    environ = os.environ if environ is None else environ
    called = {name: value for name, value in options.items() if value not in (None, (), [])}
    given = variables(environ) | called
    path = given.pop("target", None)
    source = Source.read(Path(path)) if path else None
    file = source.sections(SECTIONS) if source else {}
    refuse_misspelt(environ, SETTINGS, besides=_keys_in(file))
    merged = {**file.get("", {}), **file.get("safety", {}), **given}
    sections = {**file, **_party_variables(environ, file)}
    if described is not None:
        merged, sections = merged | {"base_url": described["base_url"]}, dict(described)
    if keyless:
        sections = _keyless(sections, environ)
    origin = Origin(source, _named(called, environ))
    return replace(_target(merged, sections, origin, environ), given=given)


def _named(called: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """How each setting is named that the file does not give: by its variable, or its option."""
    found = {name: named(name) for name in SETTINGS if environ.get(named(name))}
    return found | {name: flag(name) for name in called}


def _keys_in(file: Mapping[str, Any]) -> set[str | None]:
    """The variables that a file names for its keys."""
    return {_variable(file[party].get("key")) for party in PARTIES if party in file}


def _keyless(sections: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The sections with None for each key that is not at hand."""
    found = dict(sections)
    for party in set(PARTIES) & set(sections):
        key = sections[party].get("key")
        named = _variable(key)
        at_hand = key is not None and (named is None or environ.get(named))
        found[party] = {**sections[party], "key": key if at_hand else None}
    return found


def names_a_target(options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> bool:
    """Whether the caller says what to test; otherwise the bundled server is started."""
    environ = os.environ if environ is None else environ
    return any(options.get(name) or environ.get(named(name)) for name in ("target", "base_url"))


def variables(environ: Mapping[str, str]) -> dict[str, Any]:
    """The options that BUGZY_CONFORMANCE_* variables give; raises TargetError."""
    return values(environ, {"target": str, **OPTIONS})


def _party_variables(environ: Mapping[str, str], file: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for party in PARTIES:
        given = {
            key: environ[name]
            for key in ("id", "key")
            if environ.get(name := named(f"{party}_{key}"))
        }
        if given:
            found[party] = {**file.get(party, {}), **given}
    return found


def _target(
    merged: Mapping[str, Any],
    sections: Mapping[str, Any],
    origin: Origin,
    environ: Mapping[str, str],
) -> Target:
    limits = sections.get("rate_limit", {})
    return Target(
        base_url=base_url(merged.get("base_url"), origin),
        parties=_parties(sections, origin, environ),
        hooks=_hooks(sections.get("hooks", {}), origin),
        limit=_positive(limits.get("limit"), "rate_limit", "limit", origin),
        window=_positive(limits.get("window_seconds"), "rate_limit", "window_seconds", origin),
        exclude=tuple(sections.get("operations", {}).get("exclude", ())),
        allow_writes=bool(merged.get("allow_writes", False)),
        max_requests_per_second=_positive(
            merged.get("max_requests_per_second"), "safety", "max_requests_per_second", origin
        ),
        openapi=_path(merged.get("openapi")),
        report_dir=Path(merged.get("report_dir") or "conformance-report"),
        workers=_workers(merged.get("workers") or 0, origin),
        only=tuple(merged.get("only", ())),
        skip=tuple(merged.get("skip", ())),
        strict=bool(merged.get("strict", False)),
        hardening=bool(merged.get("hardening", False)),
        waivers=_path(merged.get("waivers")),
        windows=int(_positive(merged.get("windows", 1), "", "windows", origin) or 1),
        seed=int(merged.get("seed", 1)),
        timeout=float(_positive(merged.get("timeout", 10.0), "", "timeout", origin) or 10.0),
        max_requests=_positive(merged.get("max_requests"), "", "max_requests", origin),
        insecure=bool(merged.get("insecure", False)),
        headers=tuple(_header(one, origin) for one in merged.get("header", ())),
        quiet=bool(merged.get("quiet", False)),
        color=not (merged.get("no_color") or environ.get("NO_COLOR")),
        control=sections.get("control"),
        file=origin.file.path if origin.file else None,
    )


def base_url(value: str | None, origin: Origin = NOWHERE) -> str:
    """A base URL without the slash at its end; raises TargetError for what is none."""
    if not value:
        raise _without_url(origin)
    if "@" in value:  # not repeated: it may hold a password
        raise origin.error("", "base_url", WITH_USER)
    try:
        parts = urllib.parse.urlsplit(value)
    except ValueError as error:
        raise origin.error("", "base_url", f"is {value!r}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        hint = f"is {value!r}; write http:// or https:// and a host"
        raise origin.error("", "base_url", hint)
    if parts.query or parts.fragment or parts.path.rstrip("/").endswith("/api/v1"):
        hint = f"is {value!r}; write it without /api/v1, query and fragment"
        raise origin.error("", "base_url", hint)
    return value.rstrip("/")


def _without_url(origin: Origin) -> TargetError:
    write = 'write base_url = "https://staging.example.com"'
    if origin.file is not None and not origin.file.text.strip():
        hint = "if a server writes it when it starts, that has not started yet: try again"
        return TargetError(f"{origin.file.path}: is empty; {hint}; else {write}")
    return origin.error("", "base_url", f"is missing; {write}")


def _parties(
    sections: Mapping[str, Any], origin: Origin, environ: Mapping[str, str]
) -> dict[str, Party]:
    parties: dict[str, Party] = {}
    for name, kind in PARTIES.items():
        if name in sections or name == "project":
            entry = sections.get(name, {})
            parties[name] = Party(
                name,
                kind,
                _id(name, entry, origin),
                _key(name, entry, origin, environ),
                _variable(entry.get("key")),
            )
    _distinct(parties, origin)
    return parties


def _distinct(parties: Mapping[str, Party], origin: Origin) -> None:
    for name, other in (("project", "other_project"), ("team", "other_team")):
        if name in parties and other in parties and parties[name].id == parties[other].id:
            raise origin.error(other, "id", f"is the same as {name}.id; write another {name}'s")


def _id(name: str, entry: Mapping[str, Any], origin: Origin) -> str:
    value = entry.get("id")
    if not value:
        hint = f'is missing; write [{name}] and below it id = "...", or set {named(f"{name}_id")}'
        raise origin.error(name, "id", hint)
    if value.startswith(KEYS_BEGIN):  # not repeated
        raise origin.error(name, "id", "is a key; write the id as it stands in the path")
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", value):
        raise origin.error(name, "id", f"is {value!r}; write the id as it stands in the path")
    return str(value)


def _key(
    name: str, entry: Mapping[str, Any], origin: Origin, environ: Mapping[str, str]
) -> str | None:
    value = entry.get("key")
    if value is None:
        if name == "project" and "key" not in entry:
            hint = f'is missing; write key = "env:BUGZY_{name.upper()}_KEY"'
            raise origin.error(name, "key", hint)
        return None
    variable = _variable(value)
    if variable:
        value = environ.get(variable, "")
        if not value:
            hint = f"names the variable {variable}, which is not set; export it with the key"
            raise origin.error(name, "key", hint)
    if problem := _no_key(value):
        named = f"names the variable {variable}, which " if variable else ""
        raise origin.error(name, "key", f"{named}{problem}")
    return str(value)


def _no_key(value: str) -> str | None:
    """What is wrong with a text that is no key."""
    if value.endswith(("...", "\u2026")):
        return "is what is shown of a key, its prefix; write the whole key, or generate another"
    if re.fullmatch(r"[\x21-\x7e]+", value):
        return None
    if value.isascii():
        return "is empty or holds white space; write the key alone"
    return "holds a character that is not ASCII; write the key as it was shown"


def _variable(value: Any) -> str | None:
    """The variable that an entry names instead of a key."""
    named = isinstance(value, str) and value.startswith("env:")
    return value.removeprefix("env:") if named else None


def _hooks(entries: Mapping[str, Any], origin: Origin) -> dict[str, tuple[str, ...]]:
    for name, argv in entries.items():
        if not argv:
            raise origin.error("hooks", name, "is empty; write the program and its arguments")
    return {name: tuple(argv) for name, argv in entries.items()}


def _positive(value: Any, section: str, key: str, origin: Origin) -> Any:
    if value is not None and value <= 0:
        raise origin.error(section, key, f"is {value}; write a number above 0")
    return value


def _workers(value: int, origin: Origin) -> int:
    if value < 0:
        hint = f"is {value}; write how many workers, or 0 for none"
        raise origin.error("", "workers", hint)
    return value


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _header(text: str, origin: Origin) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip()):
        raise origin.error("", "header", f"{name!r} is not of the form 'Name: value'")
    if not re.fullmatch(r"[\t\x20-\x7e]*", value):  # not repeated: it may be a secret
        raise origin.error("", "header", f"{name}: write the value in ASCII")
    return name.strip(), value.strip()
