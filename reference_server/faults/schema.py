"""schema: openapi.yaml holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.shapes import page

LONGEST = 4000  # characters of parameters

# schema.responses


@fault(breaks="schema.responses")
class OmitsData(Server):
    """Sends what was asked for without the object around it."""

    def succeed(self, call: Call, data: object) -> Response:
        return self.respond(call, call.operation.success, data)


class Shapes(Server):
    """Sends the parts of a success in another shape."""

    def succeed(self, call: Call, data: object) -> Response:
        several = isinstance(data, list)
        parts = [self.shape(each) for each in (data if isinstance(data, list) else [data])]
        return super().succeed(call, parts if several else parts[0])

    def shape(self, part: Any) -> Any:
        """Return the part as it is sent."""
        return part


@fault(breaks="schema.responses")
class OmitsStatus(Shapes):
    """Omits the status of an execution that is queued."""

    def shape(self, part: Any) -> Any:
        if "executionId" not in part or part["status"] != "queued":
            return part
        return {name: value for name, value in part.items() if name != "status"}


@fault(breaks="schema.responses")
class SendsUnixTime(Shapes):
    """Sends times as seconds instead of RFC 3339."""

    def shape(self, part: Any) -> Any:
        if "createdAt" not in part:
            return part
        seconds = int(datetime.fromisoformat(part["createdAt"]).timestamp())
        return {**part, "createdAt": seconds}


@fault(breaks="schema.responses", also=("scope.own-only",))
class WritesNamesOtherwise(Shapes):
    """Writes member names with underscores."""

    def shape(self, part: Any) -> Any:
        return {name.replace("Id", "_id"): value for name, value in part.items()}


@fault(breaks="schema.responses")
class SendsUnknownStatus(Shapes):
    """Has one status more than the documented ones."""

    def shape(self, part: Any) -> Any:
        return {**part, "status": "cancelled"} if part.get("status") == "failed" else part


@fault(breaks="schema.responses")
class ReturnsValues(Server):
    """Answers with the variables as they were set, their values included."""

    def perform(self, call: Call) -> object:
        done = super().perform(call)
        return call.content if call.operation.id == "putVariables" else done


@fault(breaks="schema.responses", also=("scope.own-only",))
class WrapsLists(Server):
    """Sends a list inside an object, with how many there are."""

    def succeed(self, call: Call, data: object) -> Response:
        wrapped = {"items": data, "total": len(data)} if isinstance(data, list) else data
        return super().succeed(call, wrapped)


@fault(breaks="schema.responses")
class SendsSuccessAsText(Server):
    """Sends successes as text/html."""

    def succeed(self, call: Call, data: object) -> Response:
        response = super().succeed(call, data)
        return page(response, bytes(response.body).decode(), "text/html")


@fault(breaks="schema.responses", seldom=True)
class ShowsPagesToBrowsers(Server):
    """Shows what was asked for on a page to who would rather read one."""

    async def finish(self, call: Call, response: Response) -> Response:
        preferred = call.request.headers.get("accept", "").startswith("text/html")
        if not (preferred and response.status_code < HTTPStatus.MULTIPLE_CHOICES):
            return response
        return page(response, f"<pre>{bytes(response.body).decode()}</pre>", "text/html")


@fault(breaks="schema.responses")
class SendsNan(Server):
    """Sends NaN, which is no JSON, for a number that it does not know."""

    async def finish(self, _: Call, response: Response) -> Response:
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            return response
        text = bytes(response.body).decode().removesuffix("}")
        return page(response, f'{text},"score":NaN}}', "application/json")


# schema.success-status


class Succeeds(Server):
    """Succeeds with another status."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            response.status_code = self.status(call, response.status_code)
        return response

    def status(self, _: Call, documented: int) -> int:
        """Return the status that is sent in the place of the documented one."""
        return documented


@fault(breaks="schema.success-status", also=("schema.responses",))
class AnswersOkAlways(Succeeds):
    """Answers 200 where another success is documented."""

    def status(self, _call: Call, _documented: int) -> int:
        return HTTPStatus.OK


@fault(breaks="schema.success-status", also=("schema.responses",))
class AnswersCreated(Succeeds):
    """Answers 201 to a new execution, although it is only queued."""

    def status(self, _: Call, documented: int) -> int:
        return HTTPStatus.CREATED if documented == HTTPStatus.ACCEPTED else documented


@fault(breaks="schema.success-status", also=("schema.responses",))
class AnswersOkToRepeated(Succeeds):
    """Answers 200 where a task is to run that has been asked for before."""

    def status(self, call: Call, documented: int) -> int:
        asked = [one.content for one in self.store.resources(call.owner, "executions")]
        tasks = [one["taskSlug"] for one in asked]
        repeated = documented == HTTPStatus.ACCEPTED and tasks.count(tasks[0]) > 1
        return HTTPStatus.OK if repeated else documented


@fault(breaks="schema.success-status", also=("schema.responses",))
class AnswersAccepted(Succeeds):
    """Answers 202 to an event, which is worked on later."""

    def status(self, call: Call, documented: int) -> int:
        return HTTPStatus.ACCEPTED if call.operation.collection == "events" else documented


@fault(breaks="schema.success-status", also=("schema.responses",))
class AnswersNothing(Server):
    """Answers 204 and nothing where variables were set."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code != HTTPStatus.OK or call.operation.id != "putVariables":
            return response
        response.status_code = HTTPStatus.NO_CONTENT
        return page(response, "", None)


# schema.valid-accepted


class Refuses(Server):
    """Refuses some valid bodies or parameters."""

    def validate(self, call: Call) -> None:
        super().validate(call)
        if self.dislikes(call.content if isinstance(call.content, Mapping) else {}, call.query):
            raise errors.invalid("Invalid request")

    def dislikes(self, _content: Mapping[str, Any], _query: Mapping[str, Any]) -> bool:
        """Whether a valid request is refused."""
        return False


@fault(breaks="schema.valid-accepted")
class RefusesOptionalMembers(Refuses):
    """Does not know the parameters of an execution yet."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        return "parameters" in content


@fault(breaks="schema.valid-accepted")
class RefusesLongTexts(Refuses):
    """Has a column that is shorter than the documented length."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        return any(isinstance(each, str) and len(each) > 50 for each in content.values())


@fault(breaks="schema.valid-accepted", also=("scope.own-only",))
class RefusesHighLimit(Refuses):
    """Has a lower maximum than the documented one."""

    def dislikes(self, _: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
        return (query.get("limit") or 0) > 50


@fault(breaks="schema.valid-accepted")
class CountsBytesOfNames(Refuses):
    """Has a column for the name of an environment that is 64 bytes long, not characters."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        name = content.get("name")
        return isinstance(name, str) and len(name.encode()) > 64


@fault(breaks="schema.valid-accepted", seldom=True)
class RefusesShortNames(Refuses):
    """Asks for an environment's name of two characters at least."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        return len(content.get("name", "none")) == 1


class DislikesValues(Refuses):
    """Refuses some values of variables."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        return any(self.dislikes_value(each["value"]) for each in content.get("variables", ()))

    def dislikes_value(self, _: str) -> bool:
        """Whether a value is refused."""
        return False


@fault(breaks="schema.valid-accepted")
class RefusesLongValues(DislikesValues):
    """Has a column of 1000 characters for a variable's value, where a certificate has no room."""

    def dislikes_value(self, value: str) -> bool:
        return len(value) > 1000


@fault(breaks="schema.valid-accepted")
class WantsPlainValues(DislikesValues):
    """Takes a variable's value for invalid that is not in ASCII."""

    def dislikes_value(self, value: str) -> bool:
        return not value.isascii()


@fault(breaks="schema.valid-accepted")
class WantsProjectOfEvents(Refuses):
    """Asks for a member that is optional: which project an event is of."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        return set(content) == {"event_type"}


@fault(breaks="schema.valid-accepted")
class WantsVariables(Refuses):
    """Takes no list of variables for a mistake, though it may be empty."""

    def dislikes(self, content: Mapping[str, Any], _: Mapping[str, Any]) -> bool:
        return content.get("variables") == []


@fault(breaks="schema.valid-accepted")
class RefusesCharset(Server):
    """Compares the whole field Content-Type, parameters included."""

    def validate_media_type(self, call: Call) -> None:
        if call.request.headers.get("content-type") != call.operation.media_type:
            raise errors.invalid("The body is to be sent as application/json")


@fault(breaks="schema.valid-accepted", seldom=True)
class TakesChunksForNothing(Server):
    """Reads as much of a body as its Content-Length says: nothing, where there is none."""

    def decode(self, call: Call) -> Any:
        if "content-length" not in call.request.headers:
            raise errors.invalid("The body is empty")
        return super().decode(call)


@fault(breaks="schema.valid-accepted")
class RefusesWhiteSpace(Server):
    """Takes a body for JSON by its first character."""

    def decode(self, call: Call) -> Any:
        if call.body[:1].isspace():
            raise errors.invalid("The body is not JSON")
        return super().decode(call)


@fault(breaks="schema.valid-accepted")
class RefusesLongParameters(Server):
    """Has a column of 4000 characters for the parameters of an execution."""

    def validate_body(self, call: Call) -> None:
        super().validate_body(call)
        if len(json.dumps(call.content.get("parameters"))) > LONGEST:
            raise errors.invalid("The parameters are too long")
