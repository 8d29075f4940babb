"""rate: answers that lack the fields of the limit."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.shapes import operation

SHORT_BODY = 16_384  # bytes that OmitsFieldsOnLongBodies reads


class Omits(Server):
    """Omits the rate limit's fields from some responses."""

    async def finish(self, call: Call, response: Response) -> Response:
        if self.omits(call, response.status_code):
            for name in self.rate_fields(call):
                del response.headers[name]
        return response

    def omits(self, _call: Call, _status: int) -> bool:
        """Whether a response with this status lacks them."""
        return True


@fault(breaks="rate.headers-present", also=("schema.responses", "rate.refusal-headers"))
class OmitsFieldsOnErrors(Omits):
    """Sends the rate limit's fields with successes only."""

    def omits(self, _: Call, status: int) -> bool:
        return status >= HTTPStatus.BAD_REQUEST


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnUnauthorized(Omits):
    """Has its limiter behind the authentication: a 401 lacks the fields."""

    def omits(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.UNAUTHORIZED


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnInvalid(Omits):
    """Sends a 400 without the fields."""

    def omits(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.BAD_REQUEST


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnUnknownRoutes(Omits):
    """Has its limiter on the routes that there are: the 404 of another lacks the fields."""

    def omits(self, call: Call, status: int) -> bool:
        return status == HTTPStatus.NOT_FOUND and operation(self, call) is None


@fault(breaks="rate.headers-present", also=("schema.responses", "rate.refusal-headers"))
class OmitsFieldsOnRefusals(Omits):
    """Sends a 429 without the fields."""

    def omits(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.TOO_MANY_REQUESTS


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsFieldsOnCreation(Omits):
    """Sends what answers a write, if it succeeds, without the fields."""

    def omits(self, call: Call, status: int) -> bool:
        return status < HTTPStatus.BAD_REQUEST and call.request.method == "POST"


@fault(breaks="rate.headers-present", also=("schema.responses",), seldom=True)
class OmitsFieldsOnLongBodies(Omits):
    """Has a reader of bodies that refuses long ones by itself, without the fields."""

    def omits(self, call: Call, status: int) -> bool:
        return status == HTTPStatus.BAD_REQUEST and len(call.body) > SHORT_BODY


@fault(breaks="rate.headers-present", also=("schema.responses",))
class OmitsReset(Server):
    """Never says when the window resets."""

    async def finish(self, _: Call, response: Response) -> Response:
        del response.headers[self.contract.fields.reset]
        return response
