"""Classifying: what a recorded request is by itself.

A probe says what it sends. Of a request that somebody else sent, only part can be known: here, the
operation and how it was authorised; whose key and whose resource it was, settle.py finds from what
the key was let in to. What cannot be known is called ``unknown``, which no judge takes for
anything, so that a requirement that depends on it stays undecided, and nobody is accused by a
guess.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Iterator
from functools import lru_cache

from conformance.contract import Contract, Operation, validator
from conformance.credential import FIELD_NAMES
from conformance.exchange import Request, Tags, values

UNKNOWN = "unknown"
SCHEMES = frozenset({"basic", "digest", "token", "apikey", "key", "jwt", "bearertoken"})
CONDITIONS = ("If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "Range")
LEAST_SECRET = 12  # characters after the prefix, without which a text is no key, but a prefix
REDACTED = re.compile(r"(?i:redact|masked)|\*{3}|x{6}|X{6}|\.{3}|<|\[")
OTHER_FIELDS = frozenset(name.lower() for name in FIELD_NAMES)
INTEGER = re.compile(r"-?[0-9]{1,18}")


def classify(contract: Contract, request: Request) -> Tags:
    """What a request says of itself; without what only answers show."""
    operation, route, twist = _addressed(contract, request)
    credential, shape, _ = presented(contract, request)
    return Tags(
        operation=operation.id if operation else None,
        route=route,
        credential=credential,
        form=shape,
        resource=UNKNOWN,
        nested=UNKNOWN if operation and operation.nested else None,
        defect=_defect(operation, request) if operation else None,
        twist=twist,
    )


def below(contract: Contract, target: str) -> str | None:
    """The path below the base path, wherever that begins; None when it is not in the path."""
    path = target.partition("?")[0]
    _, found, rest = path.partition(contract.base_path + "/")
    return "/" + rest if found else None


def presented(contract: Contract, request: Request) -> tuple[str, str, str]:
    """Who a request says it is from, in what form, and the key that is in it, or nothing."""
    given = values(request.fields, "Authorization")
    if len(given) > 1:
        return _holder(contract, "ambiguous:fields", " ".join(given))
    if given:
        return _authorized(contract, given[0].strip())
    for shape, text in _other_places(request):
        if find(contract, text):
            return _holder(contract, shape, text)
    if values(request.fields, "Cookie"):
        return UNKNOWN, UNKNOWN, ""
    return "anonymous", "none", ""


def find(contract: Contract, text: str) -> str:
    """The first text that has the form of a key; an empty text when there is none."""
    found = (one[0] for one in pattern(contract).finditer(text))
    return next((key for key in found if _plausible(contract, key)), "")


def _plausible(contract: Contract, key: str) -> bool:
    kind = contract.kind_of(key)
    secret = key.removeprefix(kind.prefix) if kind else ""
    return len(set(secret)) > 5 and not REDACTED.search(secret)


@lru_cache(maxsize=8)
def pattern(contract: Contract) -> re.Pattern[str]:
    """What a key looks like, anywhere in a text."""
    prefixes = "|".join(re.escape(kind.prefix) for kind in contract.kinds.values())
    return re.compile(rf"(?:{prefixes})[A-Za-z0-9_~+/=-]{{{LEAST_SECRET},}}")


def _authorized(contract: Contract, value: str) -> tuple[str, str, str]:
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if rest and find(contract, rest) == rest and scheme.lower() == "bearer":
        return _holder(contract, "bearer" if scheme == "Bearer" else f"scheme-case:{scheme}", rest)
    if value and find(contract, value) == value:
        return _holder(contract, "scheme:bare", value)
    if rest and scheme.lower() in SCHEMES and not REDACTED.search(rest):
        return _holder(contract, f"scheme:{scheme.lower()}", f"{rest} {decoded(rest)}")
    return UNKNOWN, UNKNOWN, ""


def _holder(contract: Contract, shape: str, text: str) -> tuple[str, str, str]:
    key = find(contract, text)
    kind = contract.kind_of(key)
    if kind is None:
        return UNKNOWN, shape, ""
    if not kind.available:
        return "forged", f"forged:{kind.name}" if shape == "bearer" else UNKNOWN, ""
    return kind.name, shape, key


def decoded(text: str) -> str:
    """What Basic credentials hold (RFC 7617, 2); nothing if they are none."""
    try:
        return base64.b64decode(text, validate=True).decode("latin-1")
    except ValueError:
        return ""


def _other_places(request: Request) -> Iterator[tuple[str, str]]:
    query = urllib.parse.urlsplit(request.target).query
    for name, value in urllib.parse.parse_qsl(query):
        yield f"query:{name}", value
    for name, value in request.fields:
        if name.lower() == "cookie":
            yield "cookie:" + value.partition("=")[0], urllib.parse.unquote(value)
        else:
            yield f"field:{name}", value
    yield "body", request.body.decode("latin-1")


def _addressed(
    contract: Contract, request: Request
) -> tuple[Operation | None, str | None, str | None]:
    """The operation and its route; what else about the path or the fields matters to judges."""
    path = urllib.parse.unquote(below(contract, request.target) or "")
    twist = "conditional" if any(values(request.fields, name) for name in CONDITIONS) else None
    if path.endswith("/") and path.strip("/"):
        path, twist = path.rstrip("/"), "slash"
    operation = contract.match(request.method, path)
    return operation, operation.path if operation else None, twist


def _defect(operation: Operation, request: Request) -> str | None:
    """What is wrong with the query or the body by the schema."""
    if name := _invalid_parameter(operation, request):
        return f"query.recorded:{name}"
    if operation.body_validator is None:
        return None
    type = next(iter(values(request.fields, "Content-Type")), "application/json")
    if type.partition(";")[0].strip().lower() != "application/json":
        return f"media.{type[:40]}"
    try:
        document = json.loads(request.body)
        return None if operation.body_validator.is_valid(document) else "body.schema"
    except (ValueError, RecursionError):
        return "json.recorded"


def _invalid_parameter(operation: Operation, request: Request) -> str | None:
    """An integer parameter that is given once, and is none or out of its bounds."""
    sent = urllib.parse.parse_qs(urllib.parse.urlsplit(request.target).query)
    for name, schema in operation.query.items():
        if schema.get("type") == "integer" and len(sent.get(name, ())) == 1:
            number = INTEGER.fullmatch(sent[name][0])
            if number is None or not validator(dict(schema)).is_valid(int(number[0])):
                return name
    return None
