"""auth: what is believed beside a key, or taken for one."""

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus

from starlette.responses import Response

from reference_server import errors, keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import LetsIn, RemembersKeys, addressed, operation
from reference_server.keys import Key

LONG = 16_384  # bytes of a body


def presented(call: Call) -> str:
    """Return what the Authorization field holds."""
    return call.request.headers.get("authorization", "")


# auth.required


@fault(breaks="auth.required", seldom=True)
class TrustsForwardedLoopback(LetsIn):
    """Asks for no key where a request says that it was forwarded for its own machine."""

    def lets_in(self, call: Call) -> bool:
        forwarded = call.request.headers.get("x-forwarded-for")
        return self.sent_nothing(call) and forwarded == "127.0.0.1"


@fault(breaks="auth.required", seldom=True)
class RedirectsBrowsers(Server):
    """Redirects who has no key and would rather read a page to its login."""

    async def finish(self, call: Call, response: Response) -> Response:
        page = "text/html" in call.request.headers.get("accept", "")
        if page and response.status_code == HTTPStatus.UNAUTHORIZED:
            response.status_code = HTTPStatus.FOUND
            response.headers["Location"] = "/login"
        return response


@fault(breaks="auth.required", seldom=True)
class OpensPathsInCapitals(LetsIn):
    """Looks for a key on the paths as they are documented; its router minds no capitals."""

    async def receive(self, call: Call) -> None:
        await super().receive(call)
        scope = call.request.scope
        scope["path"], scope["sent"] = scope["path"].lower(), scope["path"]

    def lets_in(self, call: Call) -> bool:
        return bool(call.request.scope["sent"] != call.request.scope["path"])


# auth.bearer-only


@fault(breaks="auth.bearer-only")
class TakesOAuth(Server):
    """Takes a key under the scheme OAuth, as drafts before RFC 6750 had it."""

    def credential_of(self, call: Call) -> str | None:
        scheme, _, token = presented(call).partition(" ")
        return token if scheme == "OAuth" else super().credential_of(call)


@fault(breaks="auth.bearer-only")
class TakesBasicWithoutColon(Server):
    """Takes the base64 of a key, and no password, for Basic credentials."""

    def credential_of(self, call: Call) -> str | None:
        scheme, _, encoded = presented(call).partition(" ")
        if scheme != "Basic":
            return super().credential_of(call)
        try:
            return base64.b64decode(encoded, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            return None


# auth.header-only


@fault(breaks="auth.header-only")
class TakesKeyFromWebhookSecret(Server):
    """Accepts a valid key in the field X-Webhook-Secret where an event is sent."""

    def credential_of(self, call: Call) -> str | None:
        asked, fields = operation(self, call), call.request.headers
        event = asked is not None and asked.id.endswith("Event")
        return super().credential_of(call) or (fields.get("x-webhook-secret") if event else None)


@fault(breaks="auth.header-only", seldom=True)
class FallsBackBesideBasic(Server):
    """Looks for a key in X-API-Key where the Authorization field is for a proxy in front of it."""

    def credential_of(self, call: Call) -> str | None:
        if presented(call).startswith("Basic "):
            return call.request.headers.get("x-api-key")
        return super().credential_of(call)


# auth.unknown-key


@fault(breaks="auth.unknown-key")
class FailsOpen(LetsIn):
    """Lets in whose key it cannot look up, as it is no ASCII."""

    def lets_in(self, call: Call) -> bool:
        return not presented(call).isascii()


# auth.exact-match


@fault(breaks="auth.exact-match")
class TakesHashForKey(Server):
    """Takes what it keeps of a key for the key: until lately it kept the key itself."""

    def find_key(self, token: str) -> Key | None:
        return super().find_key(token) or self.store.key(token)


@fault(breaks="auth.exact-match")
class IgnoresDashes(Server):
    """Leaves out the dashes of a key, which people put there to read it."""

    def find_key(self, token: str) -> Key | None:
        return super().find_key(token.replace("-", ""))


@fault(breaks="auth.exact-match")
class TakesKeysWithoutVendor(Server):
    """Takes a key without the vendor's name that it begins with."""

    def find_key(self, token: str) -> Key | None:
        return super().find_key(token) or super().find_key(f"bzy_{token}")


@fault(breaks="auth.exact-match")
class TakesNamedToken(Server):
    """Takes a key that is written like a parameter of its scheme."""

    def credential_of(self, call: Call) -> str | None:
        named = re.fullmatch(r'Bearer token="(\w+)"', presented(call))
        return named[1] if named else super().credential_of(call)


# auth.before-all


@fault(breaks="auth.before-all", seldom=True)
class MeasuresBeforeRefusing(Server):
    """Answers 400 to a long body that somebody without a key sends."""

    def no_valid_key(self, call: Call) -> Refusal:
        too_long = len(call.body) > LONG
        return errors.invalid("Too long") if too_long else super().no_valid_key(call)


@fault(breaks="auth.before-all", seldom=True)
class LooksUpForOddKeys(Server):
    """Answers 404 for what does not exist to who sends what does not look like a key."""

    def no_valid_key(self, call: Call) -> Refusal:
        odd = keys.bearer(presented(call)) and "bzy_" not in presented(call)
        absent = odd and addressed(self, call) is None
        return errors.not_found() if absent else super().no_valid_key(call)


@fault(breaks="auth.before-all", also=("rotation.same-as-unknown",), seldom=True)
class NamesProjectsToOldKeys(RemembersKeys):
    """Says to who has a replaced key that it is of no use where no such project is."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal = super().no_valid_key(call)
        if self.old_key(call) and addressed(self, call) is None:
            return Refusal(refusal.status, "Invalid API key and project", refusal.headers)
        return refusal
