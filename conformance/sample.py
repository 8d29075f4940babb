"""Samples: the smallest valid body of an operation, and what can be wrong with one."""

from __future__ import annotations

import json
import re
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle, islice
from typing import Any

import jsonschema_rs

from conformance.contract import Operation, resolved

JSON = "application/json"
OTHERS: dict[str, Any] = {
    "integer": 7,
    "string": "text",
    "array": ["text"],
    "object": {},
    "boolean": True,
}
DEPTH = 6  # of an object that may hold anything: a server may set a limit (RFC 8259, 9)
ABYSS = 400  # deeper than programs write, though still JSON
ODD = "O'Neill's \"100%\"; é ☃ 😀"  # what careless programs take for syntax, or cannot write
ODDITIES: dict[str, Any] = {  # what an object that may hold anything may hold
    "none": None,
    "list": [1, "two", None, {"three": 3.5}],
    "empty": {},
    "text": ODD,
    "": "no name",
    "constructor": "text",
}
NO_VALUES = (  # what is no value in JSON, and is one in the languages that are like it
    ("zeros", b"01"),
    ("plus", b"+1"),
    ("hexadecimal", b"0x1"),
    ("point", b".5"),
    ("undefined", b"undefined"),
    ("list-comma", b"[1,]"),
)
UNUSUAL = ("_", "0")  # texts that a pattern may match, though few people would write them
PLAIN = ("", "0", "constructor")  # texts that some programs take for something else, or nothing
FIRST_SIGN, SIGNS = 0x4E00, 20_000  # Chinese signs, which are letters too
LONG_TEXT = 5000  # characters, where no schema bounds a text: as long as people write


def body(operation: Operation, marker: str) -> dict[str, Any]:
    """The smallest valid body; *marker* stands where a free text is asked."""
    assert operation.body is not None
    made: dict[str, Any] = _instance(operation.body, operation.body, marker)
    return made


def _instance(schema: Mapping[str, Any], root: Mapping[str, Any], marker: str) -> Any:
    schema = resolved(root, schema)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            required = schema.get("required", ())
            return {name: _instance(properties[name], root, marker) for name in required}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return _text(schema, marker)


def _text(schema: Mapping[str, Any], marker: str, first: Iterable[str] = ()) -> str:
    longest = schema.get("maxLength", 256)
    upper = marker.replace("-", "_").upper()
    for candidate in (*first, marker, upper, marker.replace("-", ""), "A", "1"):
        if jsonschema_rs.is_valid(dict(schema), candidate[:longest]):
            return candidate[:longest]
    raise ValueError(f"no sample text matches {schema.get('pattern')!r}")


def invalid_bodies(operation: Operation, marker: str) -> Iterator[tuple[str, bytes]]:
    """Bodies against the schema, each with what is wrong with it."""
    valid = body(operation, marker)
    schema = operation.body or {}
    for name in schema.get("required", ()):
        yield f"body.missing:{name}", _dump({k: v for k, v in valid.items() if k != name})
    for name, entry in schema.get("properties", {}).items():
        for what, wrong in _wrong(entry, schema, marker):
            yield f"body.{what}:{name}", _dump({**valid, name: wrong})
    yield "body.extra-member", _dump({**valid, "conformanceUnknown": True})
    yield "body.extra-null", _dump({**valid, "conformanceUnknown": None})
    yield "body.extra-proto", _dump({**valid, "__proto__": {"conformance": True}})
    yield "body.case", _dump({name.upper(): value for name, value in valid.items()})
    yield "body.array", _dump([valid])
    yield "body.string", b'"text"'
    yield "body.null", b"null"
    yield "body.number", b"7"


def _wrong(
    schema: Mapping[str, Any], root: Mapping[str, Any], marker: str
) -> Iterator[tuple[str, Any]]:
    """Values against a schema. Texts begin with the marker, to be known where they are kept."""
    schema = resolved(root, schema)
    kind = schema.get("type")
    for name, other in OTHERS.items():
        if name != kind:
            yield f"type-{name}", other
    yield "null", None
    if "maxLength" in schema:
        yield "too-long", f"{_text(schema, marker)}-".ljust(schema["maxLength"] + 1, "a")
    if schema.get("minLength"):
        yield "empty", ""
    if "pattern" in schema:
        yield from _near_misses(schema, marker)
    if schema.get("format") == "uuid":
        yield "format", "not-a-uuid"
    if kind == "array":
        item = _instance(schema.get("items", {}), root, marker)
        for what, wrong in _wrong_members(schema.get("items", {}), root, marker):
            yield f"items.{what}", [item, wrong]  # some servers look at the first one only
        yield "items", [item, 7]
        yield "items.null", [item, None]
        yield "items.text", ["text", item]
        if "maxItems" in schema:
            yield "too-many", [item] * (schema["maxItems"] + 1)
    elif kind == "object":
        yield from _wrong_members(schema, root, marker)


def _near_misses(schema: Mapping[str, Any], marker: str) -> Iterator[tuple[str, str]]:
    """Texts that a pattern does not match, from afar to nearly.

    A line break after a valid text is none: many patterns' end matches before it.
    """
    valid = _text(schema, marker)
    for name, text in (
        ("pattern", f"{valid} is No Slug!"),
        ("pattern-digit", f"1{valid}"),
        ("pattern-case", valid.swapcase()),
        ("pattern-start", f"-{valid}"),
        ("pattern-end", f"{valid}-"),
        ("pattern-middle", f"{valid}.{valid}"),
        ("pattern-underscore", f"{valid}_{valid}"),
        ("pattern-doubled", f"{valid}--{valid}"),
        ("pattern-letter", f"{valid}é"),
        ("pattern-blank", f" {valid}"),
        ("pattern-padded", f"{valid} "),
        ("pattern-line", f"{valid}\nNot A Slug!"),
        ("pattern-none", ""),
    ):
        unlike = not jsonschema_rs.is_valid({"pattern": schema["pattern"]}, text)
        if unlike and len(text) <= schema.get("maxLength", len(text)):
            yield name, text


def _wrong_members(
    schema: Mapping[str, Any], root: Mapping[str, Any], marker: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects of which one member is wrong, or missing."""
    schema = resolved(root, schema)
    if schema.get("type") != "object":
        return
    valid = _instance(schema, root, marker)
    for name in schema.get("required", ()):
        yield f"missing-{name}", {k: v for k, v in valid.items() if k != name}
    for name, entry in schema.get("properties", {}).items():
        for what, wrong in _wrong(entry, root, marker):
            yield f"{what}-{name}", {**valid, name: wrong}
    if schema.get("additionalProperties") is False:
        yield "extra-member", {**valid, "conformanceUnknown": True}


def malformed_bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies that no reader takes for JSON (RFC 8259)."""
    yield "json.cut", b'{"'
    yield "json.word", b"not json"
    yield "json.empty", b""
    yield "json.unquoted", b"{taskSlug: run}"
    yield "json.two", b"{}{}"
    yield "json.not-utf8", b'{"\xff\xfe'


def referring(operation: Operation, marker: str, id: str) -> bytes:
    """A body that names something by its id, where the schema asks for one."""
    return _dump({**body(operation, marker), **dict.fromkeys(operation.references, id)})


def repeating(operation: Operation, marker: str) -> bytes:
    """A body whose lists hold the same item twice."""
    schema = operation.body or {}
    lists = {
        name: [_instance(entry["items"], schema, marker)] * 2
        for name, entry in schema.get("properties", {}).items()
        if entry.get("type") == "array"
    }
    return _dump({**body(operation, marker), **lists})


def odd_bodies(operation: Operation, marker: str) -> Iterator[tuple[str, bytes]]:
    """Bodies with odd texts, deep ones, a number beyond most ranges, and with a member twice.

    Texts with U+0000, half a surrogate, or bytes that are no UTF-8: many readers replace those.
    """
    root = operation.body or {}
    members = root.get("properties", {}).items()
    properties = {name: resolved(root, schema) for name, schema in members}
    valid = body(operation, marker)
    for name, schema in properties.items():
        if _unbounded(schema) or ("maxLength" in schema and "pattern" not in schema):
            yield "null", _dump({**valid, name: "conformance\x00"})
            yield "surrogate", _dump({**valid, name: "conformance\ud800"})
            yield "bytes", _dump({**valid, name: "conformance?"}).replace(b"?", b"\xff\xfe")
            break
    for name, schema in properties.items():
        if schema.get("type") == "object":
            yield "null-inside", _dump({**valid, name: {"n": "conformance\x00"}})
            yield "deep", _dump({**valid, name: _nested(ABYSS)})
            yield "number", _dump({**valid, name: {"n": 0}}).replace(b": 0}", b": 1e999}")
            yield "integer", _dump({**valid, name: {"n": 2**64}})
            break
    yield "twice", _dump(valid)[:-1] + b", " + _dump(valid)[1:]


def lenient_bodies(operation: Operation, marker: str) -> Iterator[tuple[str, bytes]]:
    """Bodies that are not JSON, but that lenient readers take for a valid one."""
    valid = _dump(body(operation, marker))
    yield "json.trailing-comma", valid[:-1] + b",}"
    yield "json.single-quotes", valid.replace(b'"', b"'")
    yield "json.comment", b"/* comment */ " + valid
    yield "json.line-comment", b"// comment\n" + valid
    yield "json.bare-names", re.sub(rb'"(\w+)":', rb"\1:", valid)
    yield "json.rest", valid + b" x"
    yield "json.twice", valid + valid
    yield "json.unclosed", valid[:-1]
    yield "json.equals", valid.replace(b":", b"=", 1)
    yield "json.hash-comment", b"# comment\n" + valid
    yield "json.padded", b"while(1);" + valid
    yield "json.nul", valid + b"\0"  # where texts of C end
    yield "json.form", urllib.parse.urlencode(body(operation, marker)).encode()
    texts = [text for text in body(operation, marker).values() if isinstance(text, str)]
    for text in texts[:1]:
        written = _dump(text)
        yield "json.line-break", valid.replace(written, written[:-1] + b'\n"')
        yield "json.escape", valid.replace(written, rb'"\c' + written[2:])
    properties = (operation.body or {}).get("properties", {})
    objects = (name for name, schema in properties.items() if schema.get("type") == "object")
    for name in islice(objects, 1):
        for what, value in NO_VALUES:
            yield f"json.{what}", valid[:-1] + b', "%b": {"n": %b}}' % (name.encode(), value)


def media_types(operation: Operation, marker: str) -> Iterator[tuple[str, str, bytes]]:
    """Bodies of other media types that hold a valid body's content, with the type to declare."""
    valid = _dump(body(operation, marker))
    yield "media.text", "text/plain", valid
    yield "media.xml", "application/xml", b"<body/>"
    yield "media.xml-json", "application/xml", valid
    form = urllib.parse.urlencode(body(operation, marker)).encode()
    yield "media.form", "application/x-www-form-urlencoded", form
    yield "media.form-json", "application/x-www-form-urlencoded", valid  # as curl -d declares it
    yield "media.octets", "application/octet-stream", valid
    yield "media.vendor", "application/vnd.conformance+json", valid
    yield "media.json-seq", "application/json-seq", valid
    yield "media.text-json", "text/json", valid
    yield "media.multipart", "multipart/form-data; boundary=x", valid
    yield "media.javascript", "application/javascript", valid


def typed(defect: str, media: str, body: bytes) -> dict[str, Any]:
    """How to call an operation with a body of a media type."""
    return {"body": body, "fields": (("Content-Type", media),), "defect": defect}


def invalid_queries(operation: Operation) -> Iterator[tuple[str, str]]:
    """Query strings against the schema of an integer parameter, with what is wrong."""
    for name, schema in operation.query.items():
        if schema.get("type") != "integer":
            continue
        if "minimum" in schema:
            yield f"query.low:{name}", f"{name}={schema['minimum'] - 1}"
        if "maximum" in schema:
            yield f"query.high:{name}", f"{name}={schema['maximum'] + 1}"
        yield f"query.word:{name}", f"{name}=ten"
        yield f"query.negative:{name}", f"{name}=-1"
        yield f"query.fraction:{name}", f"{name}=1.5"
        yield f"query.rest:{name}", f"{name}=5abc"
        yield f"query.huge:{name}", f"{name}={10**20}"  # which fits no integer of a database


def extended(body: bytes, members: tuple[tuple[str, str], ...]) -> bytes:
    """A JSON object with further members."""
    return _dump(json.loads(body) | dict(members)) if members else body


def dump(value: Any) -> bytes:
    """A value as a JSON body."""
    return _dump(value)


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def full_bodies(operation: Operation, marker: str, project: str) -> Iterator[bytes]:
    """Valid bodies with every member: with what is odd, and with all as long as it may be."""
    schema = operation.body or {}
    odd, longest = (
        {
            name: filled(resolved(schema, entry), schema, marker, project)
            for name, entry in schema.get("properties", {}).items()
        }
        for filled in (_odd, _longest)
    )
    odd |= dict(zip(_free(schema), cycle(PLAIN), strict=False))
    yield f"\r\n {json.dumps(odd, indent=2)}\n".encode()  # white space is no matter (RFC 8259, 2)
    yield json.dumps(longest, ensure_ascii=False).encode()  # escaped, it would be three times that


def shortest_body(operation: Operation, marker: str) -> bytes:
    """The smallest valid body, with texts of any form as short as they may be.

    One letter of many, by the marker: what was made in another run may have the same name.
    """
    letter = chr(FIRST_SIGN + zlib.crc32(marker.encode()) % SIGNS)
    schema = operation.body or {}
    entries = {name: resolved(schema, one) for name, one in schema.get("properties", {}).items()}
    short = {
        name: letter * entry.get("minLength", 0)
        for name, entry in entries.items()
        if entry.get("minLength") and "pattern" not in entry
    }
    return _dump(body(operation, marker) | short)


def _free(schema: Mapping[str, Any]) -> list[str]:
    """The members that are texts of any kind."""
    properties = schema.get("properties", {})
    return [name for name, entry in properties.items() if _unbounded(entry)]


def _unbounded(schema: Mapping[str, Any]) -> bool:
    bounds = {"enum", "pattern", "format", "maxLength"}
    return schema.get("type") == "string" and not bounds & set(schema)


def _nested(depth: int) -> dict[str, Any]:
    """Objects in one another."""
    return {"deeper": _nested(depth - 1)} if depth else {}


def _odd(schema: Mapping[str, Any], root: Mapping[str, Any], marker: str, project: str) -> Any:
    """What few servers expect, though it is valid."""
    if schema.get("format") == "uuid":
        return project
    match schema.get("type"):
        case "array":
            items = resolved(root, schema["items"])
            members = items.get("properties", {})
            item = {
                name: _odd(resolved(root, entry), root, marker, project)
                for name, entry in members.items()
            }
            plain, free = _instance(items, root, marker), _free(items)
            lines = f"two\n{ODD}"
            return [item | dict.fromkeys(free, lines), plain | dict.fromkeys(free, "")]
        case "object":
            return {"conformance": marker, **ODDITIES, "deep": _nested(DEPTH)}
        case "string" if _unbounded(schema):
            return PLAIN[-1]
        case "string" if "enum" not in schema:
            return _text(schema, marker, UNUSUAL if "pattern" in schema else (f"{marker} {ODD}",))
        case _:
            return _instance(schema, root, marker)


def _longest(schema: Mapping[str, Any], root: Mapping[str, Any], marker: str, project: str) -> Any:
    """As much as the schema admits, or as people write where it says nothing."""
    if schema.get("format") == "uuid":
        return project
    match schema.get("type"):
        case "array":
            items, most = resolved(root, schema["items"]), schema.get("maxItems", 1)
            first, *rest = (_instance(items, root, f"{marker}-{number}") for number in range(most))
            return [first | dict.fromkeys(_free(items), "a" * LONG_TEXT), *rest]
        case "object":
            return {"conformance": marker, "text": "a" * LONG_TEXT}
        case "string" if "enum" not in schema:
            most, filler = schema.get("maxLength", LONG_TEXT), "a" if "pattern" in schema else "é"
            return _text({"maxLength": most, **schema}, (marker + filler * most)[:most])
        case _:
            return _instance(schema, root, marker)
