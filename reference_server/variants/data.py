"""What is sent, in another shape or order, and what is not there."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.store import Resource
from reference_server.variants.registry import variant

LEVELS = 16
# Those that openapi.yaml marks with "x-status: assumed".
ASSUMED = frozenset(
    {
        "listTestRuns",
        "listBugReports",
        "getOnboarding",
        "listIntegrations",
        "listEnvironments",
        "createEnvironment",
        "getEnvironment",
        "putVariables",
        "listAutomations",
    }
)

LONGEST, KEPT = 100, 6  # items of a list


@variant()
class AddsMembers(Server):
    """Its objects have more members than the documented ones."""

    def succeed(self, call: Call, data: object) -> Response:
        more = {"data": data, "meta": {"version": 3}, "links": []}
        return self.respond(call, call.operation.success, more)


@variant()
class ReplacesBytes(Server):
    """It reads bytes of a body that are no UTF-8 as U+FFFD, as decoders of the Web do."""

    def decode(self, call: Call) -> Any:
        call.body = call.body.decode(errors="replace").encode()
        return super().decode(call)


@variant()
class ShufflesLists(Server):
    """Its lists have no order."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        found = super().contents(call)
        return random.sample(found, len(found))


@variant()
class HoldsMany(Server):
    """Its projects have more executions, from earlier, than a list may show."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        if call.operation.collection == "executions":
            self._fill(call)
        return super().contents(call)[:LONGEST]

    def _fill(self, call: Call) -> None:
        newest, *_ = super().contents(call)
        while len(self.store.resources(call.owner, "executions")) <= LONGEST:
            again = {name: value for name, value in newest.items() if name != "executionId"}
            self.create(call, "executionId", again)


@variant()
class HoldsManyFromLongAgo(HoldsMany):
    """Its lists begin with the oldest, so that a long one never shows what is new."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        super().contents(call)
        newest_first = self.store.resources(call.owner, call.operation.collection)
        oldest_first = [one.content for one in newest_first[::-1]]
        return oldest_first[: call.query.get("limit", LONGEST)]


@variant()
class KeepsFew(Server):
    """A project keeps its newest executions and forgets the others."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        found = super().contents(call)
        return found[:KEPT] if call.operation.collection == "executions" else found


@variant()
class ListsLate(Server):
    """Its lists are read from a copy, which is five seconds old."""

    late = 5  # seconds

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.made: dict[Any, float] = {}

    def create(self, call: Call, id_member: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        whole = super().create(call, id_member, content)
        self.made[whole[id_member]] = self.now()
        return whole

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        new = {id for id, when in self.made.items() if when > self.now() - self.late}
        return [one for one in super().contents(call) if new.isdisjoint(map(str, one.values()))]


@variant()
class MakesLater(Server):
    """An execution is made a moment after it was accepted (RFC 9110, 15.3.3), and then found."""

    later = 0.2  # seconds

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.begun: dict[str, float] = {}

    def create(self, call: Call, id_member: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        whole = super().create(call, id_member, content)
        if id_member == "executionId":
            self.begun[str(whole[id_member])] = self.now()
        return whole

    def is_there(self, id: str) -> bool:
        """Whether an execution has been made, or whatever else has the id."""
        return self.begun.get(id, 0.0) + self.later <= self.now()

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        found = super().contents(call)
        return [one for one in found if self.is_there(str(one.get("executionId")))]

    def find_resource(self, call: Call, resource_id: str, collection: str) -> Resource:
        if not self.is_there(resource_id):
            raise self.no_resource(call, resource_id)
        return super().find_resource(call, resource_id, collection)


@variant()
class EmptiesAssumedLists(Server):
    """Nothing has happened there yet: test runs, bug reports and automations are empty."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        empty = call.operation.id in {"listTestRuns", "listBugReports", "listAutomations"}
        return [] if empty else super().contents(call)


@variant()
class LacksAssumed(Server):
    """It was deployed without the operations that are not publicly documented."""

    def accepts_kind(self, call: Call) -> bool:
        return call.operation.id not in ASSUMED and super().accepts_kind(call)


@variant()
class LacksAssumedRoutes(Server):
    """It lacks them, and says so to whoever has no valid key too (readings 4 and 12)."""

    def no_valid_key(self, call: Call) -> Refusal:
        route = self.route(call)
        lacks = route is None or route[0].id in ASSUMED
        return errors.not_found() if lacks else super().no_valid_key(call)

    def accepts_kind(self, call: Call) -> bool:
        return call.operation.id not in ASSUMED and super().accepts_kind(call)


@variant()
class NamesProjectsOtherwise(Server):
    """Its items name their project as its database does."""

    def contents(self, call: Call) -> list[Mapping[str, Any]]:
        return [{**item, "projectId": "prj_81"} for item in super().contents(call)]


class NamesOnce(Server):
    """Has no two environments of one name."""

    def create(self, call: Call, id_member: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        there = self.store.resources(call.owner, call.operation.collection)
        if "name" in content and content["name"] in [one.content.get("name") for one in there]:
            raise errors.invalid("The name is taken")
        return super().create(call, id_member, content)


@variant()
class GivesUpOnCreation(NamesOnce):
    """Its gateway gives up on two new environments: there they are, and their names are taken."""

    given_up = 0

    async def finish(self, _: Call, response: Response) -> Response:
        if response.status_code != HTTPStatus.CREATED or self.given_up == 2:
            return response
        self.given_up += 1
        return Response("<html>Gateway Timeout</html>", 504, media_type="text/html")


@variant()
class PrettyPrints(Server):
    """It indents its JSON, sorts the members and escapes what is not ASCII."""

    async def finish(self, _: Call, response: Response) -> Response:
        text = json.dumps(json.loads(bytes(response.body)), indent=2, sort_keys=True) + "\n"
        response.body = text.encode()
        response.headers["content-length"] = str(len(response.body))
        return response


@variant()
class TakesMissingMediaType(Server):
    """It reads a body as JSON that is not said to be of any type."""

    def validate_media_type(self, call: Call) -> None:
        if "content-type" in call.request.headers:
            super().validate_media_type(call)


@variant()
class ReadsNumbersLeniently(Server):
    """It reads " 5", "+5" and "5.0" as the number five."""

    def validate_parameters(self, call: Call) -> None:
        limit = call.request.query_params.get("limit")
        if limit and lenient(limit):
            number = int(float(limit))
            call.request.scope["query_string"] = f"limit={number}".encode()
        super().validate_parameters(call)


def lenient(text: str) -> bool:
    """Whether a reader of numbers finds a whole one in *text*."""
    try:
        return float(text).is_integer()
    except (ValueError, OverflowError):
        return False


@variant()
class EscapesMarks(Server):
    """It writes hyphens as JSON escapes, which are the same text (RFC 8259, 7)."""

    async def finish(self, _: Call, response: Response) -> Response:
        text = bytes(response.body).replace(b"-", b"\\u002d")
        fields = {k: v for k, v in response.headers.items() if k != "content-length"}
        return Response(text, response.status_code, fields)


@variant()
class RefusesPrototypes(Server):
    """It answers 400 to any member named __proto__, as some frameworks do to be safe."""

    def decode(self, call: Call) -> Any:
        if b'"__proto__"' in call.body:
            raise errors.invalid("The body holds a forbidden member")
        return super().decode(call)


@variant()
class LimitsNesting(Server):
    """It answers 400 to JSON in more than sixteen levels: a limit that it may set (RFC 8259, 9)."""

    def decode(self, call: Call) -> Any:
        content = super().decode(call)
        if levels(content) > LEVELS:
            raise errors.invalid("The body is nested too deeply")
        return content


def levels(content: Any) -> int:
    """How many objects and lists hold one another."""
    depth, inner = 0, [content]
    while inner := [one for one in inner if isinstance(one, dict | list)]:
        depth += 1
        inner = [each for one in inner for each in (one.values() if isinstance(one, dict) else one)]
    return depth
