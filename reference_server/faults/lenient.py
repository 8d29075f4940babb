"""error: what readers take that is not as documented, and what they do not expect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault

ODD_ESCAPE = re.compile(rb'\\(?=[^"\\/bfnrtu])')
LARGEST = 2**63  # what 64 bits do not hold


def values(document: Any) -> Iterator[Any]:
    """Return every value in a document."""
    yield document
    inner = document.values() if isinstance(document, dict) else document
    for each in inner if isinstance(document, dict | list) else ():
        yield from values(each)


# error.malformed-json


@fault(breaks="error.malformed-json")
class StopsAtNul(Server):
    """Reads a body as far as its first NUL, where a text of C ends."""

    def decode(self, call: Call) -> Any:
        call.body = call.body.partition(b"\0")[0]
        return super().decode(call)


@fault(breaks="error.malformed-json")
class TakesAnyEscape(Server):
    """Takes a backslash before any letter."""

    def decode(self, call: Call) -> Any:
        call.body = ODD_ESCAPE.sub(b"", call.body)
        return super().decode(call)


# error.no-server-error


@fault(breaks="error.no-server-error")
class FailsOnOddDates(Server):
    """Does not expect that a date is none."""

    def perform(self, call: Call) -> object:
        if since := call.request.headers.get("if-modified-since"):
            parsedate_to_datetime(since)
        return super().perform(call)


@fault(breaks="error.no-server-error")
class FailsOnNul(Server):
    """Keeps names and parameters in a database that takes no U+0000 in a text."""

    def perform(self, call: Call) -> object:
        texts = [each for each in values(call.content) if isinstance(each, str)]
        if call.operation.id.startswith("create") and any("\0" in text for text in texts):
            raise ValueError("a text holds U+0000")
        return super().perform(call)


@fault(breaks="error.no-server-error")
class FailsOnLargeIntegers(Server):
    """Packs a body's integers into 64 bits."""

    def perform(self, call: Call) -> object:
        if any(isinstance(each, int) and each >= LARGEST for each in values(call.content)):
            raise OverflowError
        return super().perform(call)


# error.no-internals


@fault(breaks="error.no-internals")
class DisclosesDatabase(Server):
    """Says in a 400 what its database said."""

    def message(self, call: Call, refusal: Refusal) -> str:
        told = 'invalid input syntax for type uuid: "x"'
        return told if refusal.status == HTTPStatus.BAD_REQUEST else super().message(call, refusal)


@fault(breaks="error.no-internals")
class DisclosesPanic(Server):
    """Says in a 400 how its program ended."""

    def message(self, call: Call, refusal: Refusal) -> str:
        told = "runtime error: invalid memory address or nil pointer dereference"
        return told if refusal.status == HTTPStatus.BAD_REQUEST else super().message(call, refusal)
