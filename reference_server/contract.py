"""What openapi.yaml says, compiled for serving: nothing of the API is written anywhere else."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema_rs import Draft202012Validator

from reference_server.choice import ChoiceError

ROOT = Path(__file__).parent.parent
METHODS = ("get", "put", "post", "delete", "patch")
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
# libyaml reads the file ten times faster, where PyYAML was built with it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Document = Mapping[str, Any]


class ContractError(ChoiceError):
    """The OpenAPI file lacks something that the server needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyKind:
    """A row of the table in API Keys, Key Types."""

    name: str
    prefix: str
    parameter: str | None  # the path parameter that names what the key belongs to
    available: bool
    replaces: bool  # a new key revokes the previous one


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The names of the three header fields (API Keys, Rate Limiting)."""

    limit: str
    remaining: str
    reset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query parameter."""

    name: str
    required: bool
    type: str
    validator: Draft202012Validator

    def read(self, values: Sequence[str]) -> object:
        """Return the value that was sent, or None; raise ValueError if it does not conform."""
        if not values and not self.required:
            return None
        if len(values) != 1:
            raise ValueError(f"{self.name} is to be given once")
        value = self._decoded(values[0])
        if not self.validator.is_valid(value):
            raise ValueError(f"{self.name} does not conform to its schema")
        return value

    def _decoded(self, text: str) -> object:
        if self.type == "string":
            return text
        if self.type == "integer" and not INTEGER.fullmatch(text):
            raise ValueError(f"{self.name} is not an integer")
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(f"{self.name} is not of type {self.type}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    kind: KeyKind
    success: int
    query: tuple[Parameter, ...]
    media_type: str | None  # None: the operation takes no body
    body: Draft202012Validator | None

    @property
    def owner(self) -> str:
        """The path parameter that names the project or team."""
        assert self.kind.parameter, f"{self.id} is for keys that own nothing"
        return self.kind.parameter

    @property
    def collection(self) -> str:
        """The last literal segment of the path: what the operation is about."""
        return next(part for part in reversed(self.path.split("/")) if not part.startswith("{"))

    @property
    def nested(self) -> Iterator[tuple[str, str]]:
        """Each path parameter below the owner's, with the collection that it picks from."""
        parts = self.path.split("/")
        for collection, part in itertools.pairwise(parts):
            if part.startswith("{") and part[1:-1] != self.owner:
                yield part[1:-1], collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The whole of it."""

    base_path: str
    kinds: Mapping[str, KeyKind]
    limit: int
    window_seconds: int
    fields: Fields
    codes: Mapping[int, str]
    paths: tuple[tuple[re.Pattern[str], Mapping[str, Operation]], ...]

    @classmethod
    def read(cls, path: Path) -> Contract:
        """Compile the OpenAPI file at *path*; raise ContractError if it lacks something."""
        try:
            return _contract(_document(path))
        except KeyError as missing:
            raise ContractError(f"{path}: {missing} is missing") from missing

    @property
    def operations(self) -> Iterator[Operation]:
        """All operations, in the file's order."""
        for _, methods in self.paths:
            yield from methods.values()

    def match(self, path: str) -> tuple[Mapping[str, Operation], Mapping[str, str]] | None:
        """Return the operations of *path* by method, and the path's parameters."""
        if not path.startswith(self.base_path):
            return None
        for pattern, methods in self.paths:
            if found := pattern.fullmatch(path, len(self.base_path)):
                return methods, found.groupdict()
        return None


def find(openapi: Path | None = None) -> Path:
    """Return the file to read: the one given, the clone's, or the one that the wheel carries."""
    installed = ROOT / "conformance" / "openapi.yaml"
    for path in [openapi] if openapi else [ROOT / "openapi.yaml", installed]:
        if path.is_file():
            return path
    raise ContractError(f"no OpenAPI file at {openapi or installed}")


def _document(path: Path) -> Document:
    try:
        document = _parsed(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise ContractError(f"{path} is not YAML: {problem}") from problem
    if not isinstance(document, Mapping):
        raise ContractError(f"{path} is not an OpenAPI file")
    return document


@cache
def _parsed(text: str) -> Any:
    """YAML as values that nobody changes: a process that starts many servers reads one file."""
    return yaml.load(text, LOADER)  # noqa: S506 - a safe one


def _contract(document: Document) -> Contract:
    limit = document["x-rate-limit"]
    kinds = {name: _kind(name, kind) for name, kind in document["x-key-kinds"].items()}
    paths = document["paths"].items()
    return Contract(
        base_path=urlsplit(document["servers"][0]["url"]).path.rstrip("/"),
        kinds=kinds,
        limit=limit["limit"],
        window_seconds=limit["window-seconds"],
        fields=Fields(**limit["headers"]),
        codes={int(status): code for status, code in document["x-error-codes"].items()},
        paths=tuple(
            (_pattern(path), _methods(document, kinds, path, item)) for path, item in paths
        ),
    )


def _kind(name: str, kind: Document) -> KeyKind:
    return KeyKind(
        name=name,
        prefix=kind["prefix"],
        parameter=kind.get("path-parameter"),
        available=kind["availability"] == "available",
        replaces=kind.get("replaces", False),
    )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _methods(
    document: Document, kinds: Mapping[str, KeyKind], path: str, item: Document
) -> Mapping[str, Operation]:
    shared = item.get("parameters", [])
    return {
        method.upper(): _operation(document, kinds, path, method, item[method], shared)
        for method in METHODS
        if method in item
    }


def _operation(
    document: Document,
    kinds: Mapping[str, KeyKind],
    path: str,
    method: str,
    item: Document,
    shared: Sequence[Document],
) -> Operation:
    media_type, body = _body(document, item)
    return Operation(
        id=item["operationId"],
        method=method.upper(),
        path=path,
        kind=kinds[item["x-key-kind"]],
        success=next(int(status) for status in item["responses"] if status.startswith("2")),
        query=tuple(_query(document, [*shared, *item.get("parameters", [])])),
        media_type=media_type,
        body=body,
    )


def _query(document: Document, parameters: Sequence[Document]) -> Iterator[Parameter]:
    for reference in parameters:
        parameter = _resolved(document, reference)
        if parameter["in"] == "query":
            yield Parameter(
                name=parameter["name"],
                required=parameter.get("required", False),
                type=_resolved(document, parameter["schema"]).get("type", "string"),
                validator=_validator(document, parameter["schema"]),
            )


def _body(document: Document, item: Document) -> tuple[str | None, Draft202012Validator | None]:
    if "requestBody" not in item:
        return None, None
    content = _resolved(document, item["requestBody"])["content"]
    media_type = next(iter(content))
    return media_type, _validator(document, content[media_type]["schema"])


def _validator(document: Document, schema: Document) -> Draft202012Validator:
    # With the components beside it, the schema's references lead where they led in the file.
    whole = {**schema, "components": document.get("components", {})}
    return Draft202012Validator(whole, validate_formats=True)


def _resolved(document: Document, node: Document) -> Document:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
