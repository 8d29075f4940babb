"""error: what readers take that is not as documented, and what they do not expect."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented

ODD_ESCAPE = re.compile(rb'\\(?=[^"\\/bfnrtu])')
EMPTY_LIMIT = re.compile(rb"(^|&)limit=(?=&|$)")
LARGEST = 2**63  # what 64 bits do not hold


def values(document: Any) -> Iterator[Any]:
    """Return every value in a document."""
    yield document
    inner = document.values() if isinstance(document, dict) else document
    for each in inner if isinstance(document, dict | list) else ():
        yield from values(each)


# error.documented-status


@fault(breaks="error.documented-status", also=("error.code-matches", "schema.valid-accepted"))
class ForbidsOtherSites(Undocumented):
    """Answers 403 to a write that another site's page sends."""

    def validate(self, call: Call) -> None:
        if call.operation.body and "origin" in call.request.headers:
            raise Refusal(HTTPStatus.FORBIDDEN, "Cross-site request")
        super().validate(call)


# error.malformed-json


@fault(breaks="error.malformed-json")
class TakesNan(Server):
    """Takes NaN for a number, as its reader of JSON does unless it is told."""

    def decode(self, call: Call) -> Any:
        try:
            return json.loads(call.body)
        except (ValueError, RecursionError):
            raise errors.invalid("The body is not JSON") from None


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


# error.invalid-body


@fault(breaks="error.invalid-body")
class TakesAnyFormOfIds(Server):
    """Takes an id in a body in each form that its library knows."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if isinstance(content, dict) and "project_id" in content:
            try:
                content["project_id"] = str(uuid.UUID(content["project_id"]))
            except (ValueError, AttributeError, TypeError):
                return content
        return content


# error.invalid-parameters


@fault(breaks="error.invalid-parameters")
class ReadsAnyFormOfIds(Server):
    """Takes an id below a project or team in each form that its library knows."""

    def locate(self, call: Call) -> None:
        head, slash, id = call.request.scope["path"].rpartition("/")
        if len(id) == len(uuid.UUID(int=0).hex):
            call.request.scope["path"] = f"{head}{slash}{uuid.UUID(id)}"
        super().locate(call)


@fault(breaks="error.invalid-parameters")
class TakesEmptyLimit(Server):
    """Takes an empty limit for none."""

    def validate_parameters(self, call: Call) -> None:
        scope = call.request.scope
        scope["query_string"] = EMPTY_LIMIT.sub(b"", scope["query_string"])
        super().validate_parameters(call)


# error.no-server-error


@fault(breaks="error.no-server-error")
class FailsOnOddDates(Server):
    """Does not expect that a date is none."""

    def perform(self, call: Call) -> object:
        if since := call.request.headers.get("if-modified-since"):
            parsedate_to_datetime(since)
        return super().perform(call)


@fault(breaks="error.no-server-error")
class FailsOnWhatIsNotPacked(Server):
    """Does not expect that a body is not packed as it is said to be."""

    def decode(self, call: Call) -> Any:
        if call.request.headers.get("content-encoding") == "gzip":
            call.body = gzip.decompress(call.body)
        return super().decode(call)


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
