"""error: what is invalid is refused, and nothing fails of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import UUID, default_page

LIMIT = re.compile(rb"((?:^|&)limit=-?[0-9]+)[^&]*")  # in a query: the number, and its rest
DEEP = 20  # levels of JSON that FailsOnDeepJson has room for
FIVE_HUNDRED = (
    "error.envelope",
    "error.content-type",
    "error.code-matches",
    "rate.headers-present",
    "error.malformed-json",
    "error.invalid-body",
)

# error.malformed-json


@fault(breaks="error.no-server-error", also=("error.malformed-json",))
class FailsOnMalformedJson(Server):
    """Does not expect that a body is not JSON."""

    def decode(self, call: Call) -> Any:
        return json.loads(call.body)


@fault(breaks="error.malformed-json", seldom=True)
class TakesFirstOfTwo(Server):
    """Reads a body's first value and ignores what follows it; an empty one is {}."""

    def decode(self, call: Call) -> Any:
        try:
            return super().decode(call)
        except Refusal:
            if call.body.startswith(b"{}"):
                call.body = b"{}"
                return DEFAULTS[call.operation.id]
            raise


@fault(breaks="error.malformed-json")
class TakesEmptyForDefault(Server):
    """Takes an empty body for a request with the usual values."""

    def decode(self, call: Call) -> Any:
        return super().decode(call) if call.body.strip() else DEFAULTS[call.operation.id]


DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "createExecution": {"taskSlug": "run-tests"},
    "createEnvironment": {"name": "default"},
    "putVariables": {"variables": []},
    "sendProjectEvent": {"event_type": "ping"},
    "sendTeamEvent": {"event_type": "ping"},
}
UNNAMED = {"name": "UNNAMED", "value": ""}  # what a variable is without them


@fault(
    breaks="error.envelope",
    also=(
        "error.malformed-json",
        "error.content-type",
        "error.code-matches",
        "rate.headers-present",
    ),
)
class LeavesJsonToFramework(Server):
    """Has a framework that answers what is not JSON with a page of its own."""

    async def finish(self, _: Call, response: Response) -> Response:
        return default_page(response) if b"is not JSON" in response.body else response


# error.invalid-body


class Overlooks(Server):
    """Overlooks some rules of a body's schema."""

    rules: tuple[str, ...] = ()

    def validate_body(self, call: Call) -> None:
        assert call.operation.body
        mistakes = call.operation.body.iter_errors(call.content)
        if any(mistake.schema_path[-1] not in self.rules for mistake in mistakes):
            super().validate_body(call)


@fault(breaks="error.invalid-body")
class TakesUnknownMembers(Overlooks):
    """Ignores members of a body that are not documented."""

    rules = ("additionalProperties",)


@fault(breaks="error.invalid-body", also=("schema.responses",))
class TakesAnyText(Overlooks):
    """Validates types only: lengths and patterns are left to the pages that send them."""

    rules = ("pattern", "maxLength", "minLength")


@fault(breaks="error.invalid-body")
class TakesIncompleteBodies(Overlooks):
    """Fills in what a body lacks."""

    rules = ("required",)

    def validate_body(self, call: Call) -> None:
        super().validate_body(call)
        call.content = {**DEFAULTS[call.operation.id], **call.content}
        if variables := call.content.get("variables"):
            call.content["variables"] = [{**UNNAMED, **one} for one in variables]


@fault(breaks="error.invalid-body", also=("schema.responses",))
class TakesNumbersForText(Overlooks):
    """Takes a number where a text is asked, and makes a text of it."""

    rules = ("type",)

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if not isinstance(content, dict):
            return content
        return {k: str(v) if isinstance(v, int) else v for k, v in content.items()}

    def validate_body(self, call: Call) -> None:
        Server.validate_body(self, call)


@fault(breaks="error.invalid-body")
class TakesManyVariables(Overlooks):
    """Takes more variables at once than the documented hundred."""

    rules = ("maxItems",)


@fault(breaks="error.invalid-body")
class LooksAtFirstVariable(Server):
    """Validates the first variable and takes the rest for like it."""

    def validate_body(self, call: Call) -> None:
        content = call.content
        listed = content.get("variables") if isinstance(content, dict) else None
        if isinstance(listed, list) and len(listed) > 1:
            call.content = {**content, "variables": listed[:1]}
        super().validate_body(call)


@fault(breaks="error.invalid-body", also=("schema.responses",), seldom=True)
class TakesUnderscores(Server):
    """Takes underscores in a task's slug like hyphens."""

    def validate_body(self, call: Call) -> None:
        sent = call.content
        slug = sent.get("taskSlug") if isinstance(sent, dict) else None
        if isinstance(slug, str):
            call.content = {**sent, "taskSlug": slug.replace("_", "-")}
        super().validate_body(call)
        call.content = sent


@fault(breaks="error.invalid-body", seldom=True)
class TakesPrototype(Server):
    """Does not see a member named __proto__, as some parsers of JSON do not."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if isinstance(content, dict):
            content.pop("__proto__", None)
        return content


# error.invalid-parameters


@fault(breaks="error.invalid-parameters")
class IgnoresInvalidLimit(Server):
    """Takes an invalid limit for none."""

    def validate_parameters(self, call: Call) -> None:
        try:
            super().validate_parameters(call)
        except Refusal:
            call.query = {}


@fault(breaks="error.invalid-parameters")
class IgnoresRestOfLimit(Server):
    """Reads a limit as far as it is a number, as parseInt does."""

    def validate_parameters(self, call: Call) -> None:
        scope = call.request.scope
        scope["query_string"] = LIMIT.sub(rb"\1", scope["query_string"])
        super().validate_parameters(call)


@fault(breaks="error.no-server-error", also=("error.invalid-parameters",))
class FailsOnWords(Server):
    """Does not expect that a limit is no number."""

    def validate_parameters(self, call: Call) -> None:
        if limit := call.request.query_params.get("limit"):
            int(limit)
        super().validate_parameters(call)


@fault(breaks="error.no-server-error", also=("error.invalid-parameters",))
class FailsOnHighLimit(Server):
    """Looks at a limit only where its database has, whose integers end somewhere."""

    def validate_parameters(self, call: Call) -> None:
        limit = call.request.query_params.get("limit", "")
        if limit.isdecimal() and int(limit) >= 2**63:
            raise errors.internal()
        super().validate_parameters(call)


@fault(breaks="error.no-server-error", also=("error.invalid-parameters",))
class FailsOnOddIds(Server):
    """Does not expect that an id is no uuid."""

    def locate(self, call: Call) -> None:
        if route := self.route(call):
            assert all(UUID.fullmatch(each) for each in route[1].values())
        super().locate(call)


# error.media-type


@fault(breaks="error.media-type")
class IgnoresMediaType(Server):
    """Reads every body as JSON."""

    def validate_media_type(self, call: Call) -> None:
        """Take any."""


@fault(breaks="error.no-server-error", also=("error.media-type",))
class FailsOnForms(Server):
    """Has no reader for a form, and does not expect one."""

    def validate_media_type(self, call: Call) -> None:
        if "json" not in call.request.headers.get("content-type", "json"):
            raise errors.internal()
        super().validate_media_type(call)


# error.no-server-error


@fault(breaks="error.no-server-error", also=("error.invalid-body",))
class FailsOnLists(Server):
    """Does not expect that JSON is anything but an object."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        content.get("id")
        return content


@fault(breaks="error.no-server-error")
class FailsOnRepeatedParameters(Server):
    """Does not expect that a parameter is given twice."""

    def validate_parameters(self, call: Call) -> None:
        query = call.request.query_params
        assert len(query.keys()) == len(query.multi_items())
        super().validate_parameters(call)


@fault(breaks="error.no-server-error", also=("error.invalid-parameters",))
class FailsOnQuotes(Server):
    """Writes a path's ids into SQL by hand, which a quote ends."""

    def locate(self, call: Call) -> None:
        assert "'" not in call.request.scope["path"]
        super().locate(call)


@fault(breaks="error.no-server-error")
class FailsOnUnknownCharset(Server):
    """Decodes a body by the character set that it is said to be in."""

    def decode(self, call: Call) -> Any:
        field = call.request.headers["content-type"]
        call.body.decode(field.partition("charset=")[2] or "utf-8", errors="replace")
        return super().decode(call)


@fault(breaks="error.no-server-error")
class FailsOnLongForwardedFor(Server):
    """Takes the field X-Forwarded-For for one address."""

    def locate(self, call: Call) -> None:
        assert "," not in call.request.headers.get("x-forwarded-for", "")
        super().locate(call)


@fault(breaks="error.no-server-error", also=FIVE_HUNDRED)
class CrashesOutsideFormat(Server):
    """Fails on JSON that is no object, and leaves it to its framework to say so."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        content.get("id")
        return content

    async def finish(self, _: Call, response: Response) -> Response:
        failed = response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        return default_page(response) if failed else response


@fault(breaks="error.no-server-error", also=("error.documented-status", *FIVE_HUNDRED))
class AnswersBadGateway(Server):
    """Has a worker that dies of what is not JSON, and a proxy that says so: 502, its own page."""

    async def finish(self, _: Call, response: Response) -> Response:
        if b"is not JSON" not in response.body:
            return response
        response.status_code = HTTPStatus.BAD_GATEWAY
        return default_page(response)


@fault(breaks="error.no-server-error", also=("schema.valid-accepted",))
class FailsOnNullParameters(Server):
    """Does not expect that a parameter of an execution is null."""

    def perform(self, call: Call) -> object:
        if call.operation.id == "createExecution":
            assert None not in call.content.get("parameters", {}).values()
        return super().perform(call)


@fault(breaks="error.no-server-error")
class FailsOnRepeatedNames(Server):
    """Has an index that takes no name twice, and does not expect what it says."""

    def perform(self, call: Call) -> object:
        if call.operation.id == "putVariables":
            names = [each["name"] for each in call.content["variables"]]
            assert len(names) == len(set(names))
        return super().perform(call)


@fault(breaks="error.no-server-error", also=("schema.valid-accepted",))
class FailsOnDeepJson(Server):
    """Fails on JSON that is nested more than twenty levels deep."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        assert depth(content) <= DEEP
        return content


def depth(node: Any) -> int:
    """Return how many objects and arrays there are around the innermost value."""
    parts = list(node.values()) if isinstance(node, dict) else node
    return 1 + max(map(depth, parts), default=0) if isinstance(parts, list) else 0


@fault(breaks="error.media-type", seldom=True)
class ReadsForms(Server):
    """Reads forms too, as some frameworks do by themselves."""

    def validate_media_type(self, call: Call) -> None:
        if not self.is_form(call):
            super().validate_media_type(call)

    def decode(self, call: Call) -> Any:
        if self.is_form(call):
            return dict(parse_qsl(call.body.decode("latin-1")))
        return super().decode(call)

    def is_form(self, call: Call) -> bool:
        """Whether the body is said to be a form."""
        media_type = call.request.headers.get("content-type", "")
        return media_type.startswith("application/x-www-form-urlencoded")
