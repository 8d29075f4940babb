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
from reference_server.faults.invalid import DEFAULTS
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


@fault(breaks="error.malformed-json", seldom=True)
class StopsAtNul(Server):
    """Reads a body as far as its first NUL, where a text of C ends."""

    def decode(self, call: Call) -> Any:
        call.body = call.body.partition(b"\0")[0]
        return super().decode(call)


@fault(breaks="error.malformed-json", seldom=True)
class TakesAnyEscape(Server):
    """Takes a backslash before any letter."""

    def decode(self, call: Call) -> Any:
        call.body = ODD_ESCAPE.sub(b"", call.body)
        return super().decode(call)


class Forgives(Server):
    """Takes a body for JSON once some things in it are left out, or written otherwise."""

    forgiven = re.compile(rb"(?!)")
    instead = b""

    def decode(self, call: Call) -> Any:
        call.body = self.forgiven.sub(self.instead, call.body)
        return super().decode(call)


@fault(breaks="error.malformed-json", seldom=True)
class TakesHashComments(Forgives):
    """Takes a line that begins with # for a comment."""

    forgiven = re.compile(rb"^#.*$", re.MULTILINE)


@fault(breaks="error.malformed-json", seldom=True)
class TakesHexadecimal(Forgives):
    """Takes a number in hexadecimal digits, as a language does that is like JSON."""

    forgiven = re.compile(rb"(?<=: )0x[0-9a-f]+")
    instead = b"1"


@fault(breaks="error.malformed-json")
class TakesCommaAtEndOfList(Forgives):
    """Takes a comma behind a list's last item."""

    forgiven = re.compile(rb",(?=\])")


# error.invalid-body


@fault(breaks="error.invalid-body", seldom=True)
class IgnoresCaseOfMembers(Server):
    """Has a reader of JSON that finds a required member whatever the case of its name."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if not isinstance(content, dict):
            return content
        names = {name.lower(): name for name in DEFAULTS[call.operation.id]}
        return {names.get(name.lower(), name): value for name, value in content.items()}


@fault(breaks="error.invalid-body", seldom=True)
class LeavesOutNothing(Server):
    """Drops members that it does not know before it looks at a body, where they are null."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if not isinstance(content, dict):
            return content
        known = DEFAULTS[call.operation.id]
        return {name: one for name, one in content.items() if one is not None or name in known}


@fault(breaks="error.invalid-body", seldom=True)
class WritesTasksSmall(Server):
    """Writes a task's name in small letters before it looks whether it is one."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        slug = content.get("taskSlug") if isinstance(content, dict) else None
        return {**content, "taskSlug": slug.lower()} if isinstance(slug, str) else content


# error.no-server-error


@fault(breaks="error.no-server-error")
class FailsOnOddDates(Server):
    """Does not expect that a date is none."""

    def perform(self, call: Call) -> object:
        if since := call.request.headers.get("if-modified-since"):
            parsedate_to_datetime(since)
        return super().perform(call)


@fault(breaks="error.no-server-error", seldom=True)
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
