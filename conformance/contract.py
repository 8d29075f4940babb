"""The contract: what openapi.yaml says of operations, keys, the rate limit and errors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

HERE = Path(__file__).parent
METHODS = ("get", "put", "post", "delete", "patch")
LEFT_OUT = "leave in the operations that it is about (operations.exclude)"  # what to add


class ContractError(Exception):
    """The contract file cannot be read as one; the message says what is missing and where."""


def default_path() -> Path:
    """Where openapi.yaml lies: inside an installed package, or at the top of a clone."""
    shipped = HERE / "openapi.yaml"
    return shipped if shipped.exists() else HERE.parent / "openapi.yaml"


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A documented kind of key (API Keys, Key Types)."""

    name: str
    prefix: str
    parameter: str | None  # the path parameter that names what such a key reaches
    available: bool
    replaces: bool  # whether a new key revokes the one before


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The documented limit and the names of its three fields (API Keys, Rate Limiting)."""

    limit: int  # requests per window and key
    window: float  # seconds
    limit_field: str
    remaining_field: str
    reset_field: str

    @property
    def fields(self) -> tuple[str, str, str]:
        """The three field names, in the document's order."""
        return self.limit_field, self.remaining_field, self.reset_field


@dataclass(frozen=True)
class Operation:
    """One operation of openapi.yaml."""

    id: str
    method: str
    path: str  # a template below the base path, for example /projects/{projectId}/executions
    kind: str  # the kind of key that may call it
    documented: bool  # False: assumed, so a deployment may lack it
    owner: str  # the path parameter that names the owning project or team
    query: Mapping[str, Mapping[str, Any]]
    body: Mapping[str, Any] | None
    success_status: int
    success: Mapping[str, Any]
    success_media: str
    leads: bool  # the first operation of its path

    @property
    def writes(self) -> bool:
        """Whether a successful call changes something."""
        return self.method != "GET"

    @property
    def references(self) -> frozenset[str]:
        """The members of a body that name something by its id."""
        members = (self.body or {}).get("properties", {})
        return frozenset(name for name, one in members.items() if one.get("format") == "uuid")

    @property
    def lists(self) -> bool:
        """Whether the answer is a list that the limit parameter bounds."""
        return "limit" in self.query

    @cached_property
    def nested(self) -> str | None:
        """The path parameter below the owner, if there is one."""
        return next((name for name in parameters(self.path) if name != self.owner), None)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a concrete path; the groups are the path parameters."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "$")

    @cached_property
    def body_validator(self) -> jsonschema_rs.Validator | None:
        """Checks a request body, formats included; None when there is no body."""
        return None if self.body is None else validator(self.body)

    @cached_property
    def success_validator(self) -> jsonschema_rs.Validator:
        """Checks the body of a success, formats included."""
        return validator(self.success)


@dataclass(frozen=True, eq=False)  # a contract is itself: judges remember what they derive
class Contract:
    """Everything that the suite and its judges ask of openapi.yaml."""

    base_path: str
    operations: tuple[Operation, ...]
    kinds: Mapping[str, KeyKind]
    rate_limit: RateLimit
    codes: Mapping[int, str]  # the documented code of each error status
    digest: str  # SHA-256 of the file, in hex
    source: Path = field(compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, Operation]:
        """The operations by their operationId."""
        return {operation.id: operation for operation in self.operations}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Each path template once, in the file's order."""
        return tuple(dict.fromkeys(operation.path for operation in self.operations))

    def of_kind(self, kind: str) -> tuple[Operation, ...]:
        """The operations that a key of this kind may call."""
        return tuple(operation for operation in self.operations if operation.kind == kind)

    def operation(self, id: str | None) -> Operation | None:
        """The operation of this id; None for what is none of them, or off the surface."""
        return self.by_id.get(id or "")

    def usual(self, kind: str) -> Operation:
        """The operation of a kind that stands for all: a documented list, a list, what there is."""
        return min(self.of_kind(kind), key=lambda op: (not op.lists, not op.documented))

    def methods(self, path: str) -> frozenset[str]:
        """The methods that the path template has."""
        return frozenset(op.method for op in self.operations if op.path == path)

    def match(self, method: str, path: str) -> Operation | None:
        """The operation that a concrete path below the base path addresses."""
        candidates = (op for op in self.operations if op.method == method)
        return next((op for op in candidates if op.pattern.match(path)), None)

    def kind_of(self, key: str) -> KeyKind | None:
        """The documented kind that a key's prefix names."""
        return next((kind for kind in self.kinds.values() if key.startswith(kind.prefix)), None)

    def narrowed(self, exclude: frozenset[str]) -> Contract:
        """The same without operations that a deployment does not have."""
        kept = tuple(op for op in self.operations if op.id not in exclude)
        return replace(self, operations=kept)

    def limited(self, limit: int, window: float) -> Contract:
        """The same with a deployment's own limit."""
        return replace(self, rate_limit=replace(self.rate_limit, limit=limit, window=window))


def parameters(path: str) -> list[str]:
    """The parameter names of a path template, in order."""
    return re.findall(r"\{(\w+)\}", path)


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """A compiled JSON Schema (2020-12, as OpenAPI 3.1 has it) that checks formats too."""
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)


def load(path: Path | None = None) -> Contract:
    """Read a contract; raise ContractError naming what the file lacks."""
    source = path or default_path()
    try:
        raw = source.read_bytes()
        return _contract(_parsed(raw), hashlib.sha256(raw).hexdigest(), source)
    except OSError as error:
        raise ContractError(f"{source}: {error.strerror}") from None
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ContractError(f"{source}: not YAML: {problem}") from None
    except KeyError as error:
        raise ContractError(f"{source}: no bugzy contract: {error.args[0]} is missing") from None
    except (TypeError, AttributeError, StopIteration, IndexError, ValueError):
        problem = "something in it is not as in the bundled openapi.yaml"
        raise ContractError(f"{source}: no bugzy contract: {problem}") from None


@cache
def _parsed(raw: bytes) -> Any:
    """YAML as values that nobody changes: a process that runs many times reads one file."""
    return yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def _contract(document: Any, digest: str, source: Path) -> Contract:
    if not isinstance(document, dict):
        raise ContractError(f"{source}: no bugzy contract: it is no OpenAPI document")
    kinds = {name: _kind(name, entry) for name, entry in document["x-key-kinds"].items()}
    return Contract(
        base_path=document["servers"][0]["url"].rstrip("/"),
        operations=tuple(_operations(document, kinds)),
        kinds=kinds,
        rate_limit=_rate_limit(document["x-rate-limit"]),
        codes={int(status): code for status, code in document["x-error-codes"].items()},
        digest=digest,
        source=source,
    )


def _kind(name: str, entry: dict[str, Any]) -> KeyKind:
    return KeyKind(
        name=name,
        prefix=entry["prefix"],
        parameter=entry.get("path-parameter"),
        available=entry["availability"] == "available",
        replaces=bool(entry.get("replaces", False)),
    )


def _rate_limit(entry: dict[str, Any]) -> RateLimit:
    fields = entry["headers"]
    return RateLimit(
        limit=entry["limit"],
        window=entry["window-seconds"],
        limit_field=fields["limit"],
        remaining_field=fields["remaining"],
        reset_field=fields["reset"],
    )


def _operations(document: dict[str, Any], kinds: Mapping[str, KeyKind]) -> list[Operation]:
    return [
        _operation(document, path, method, item, kinds)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def _operation(
    document: dict[str, Any],
    path: str,
    method: str,
    item: dict[str, Any],
    kinds: Mapping[str, KeyKind],
) -> Operation:
    entry = item[method]
    shared = [resolved(document, one) for one in item.get("parameters", [])]
    own = [resolved(document, one) for one in entry.get("parameters", [])]
    status, answer = _success(document, entry)
    media, content = next(iter(answer["content"].items()))
    return Operation(
        id=entry["operationId"],
        method=method.upper(),
        path=path,
        kind=entry["x-key-kind"],
        documented=entry["x-status"] == "documented",
        owner=kinds[entry["x-key-kind"]].parameter or "",
        query={one["name"]: one["schema"] for one in (*shared, *own) if one["in"] == "query"},
        body=_body(document, entry),
        success_status=status,
        success=_bundled(document, content["schema"]),
        success_media=media,
        leads=method == next(one for one in METHODS if one in item),
    )


def _success(document: dict[str, Any], entry: dict[str, Any]) -> tuple[int, Mapping[str, Any]]:
    status = next(status for status in entry["responses"] if str(status).startswith("2"))
    return int(status), resolved(document, entry["responses"][status])


def _body(document: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in entry:
        return None
    body = resolved(document, entry["requestBody"])
    return _bundled(document, body["content"]["application/json"]["schema"])


def _bundled(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the components its references lead to."""
    return {**resolved(document, schema), "components": document.get("components", {})}


def resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a node refers to in its document, if it does nothing else; otherwise the node."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node
