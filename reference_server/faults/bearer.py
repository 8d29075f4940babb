"""auth: where and how a key is presented, asked for and never repeated."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Hashable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from jsonschema_rs import ValidationError
from starlette.responses import Response

from reference_server import errors, keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import LetsIn, operation

# auth.bearer-only


class TakesOtherScheme(Server):
    """Takes a key under other schemes too."""

    def credential_of(self, call: Call) -> str | None:
        sent = call.request.headers.getlist("authorization")
        return super().credential_of(call) or (self.read(sent[0]) if len(sent) == 1 else None)

    def read(self, _: str) -> str | None:
        """Return the key in an Authorization field of another scheme."""
        return None


@fault(breaks="auth.bearer-only")
class TakesBasic(TakesOtherScheme):
    """Takes a key as the user or password of Basic authentication."""

    def read(self, sent: str) -> str | None:
        scheme, _, value = sent.partition(" ")
        try:
            user, _, password = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return (password or user) if scheme == "Basic" else None


@fault(breaks="auth.bearer-only")
class TakesBareKey(TakesOtherScheme):
    """Takes a key without any scheme."""

    def read(self, sent: str) -> str | None:
        return sent


@fault(breaks="auth.bearer-only")
class IgnoresScheme(TakesOtherScheme):
    """Takes whatever follows the first space, under any scheme."""

    def read(self, sent: str) -> str | None:
        return sent.partition(" ")[2]


@fault(breaks="auth.bearer-only")
class LoosensSchemeOnConnection(IgnoresScheme):
    """Takes any scheme on a connection for the key that was let in on it just before."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.last: dict[Hashable, str | None] = {}  # the key that was let in, by connection

    def authenticate(self, call: Call) -> None:
        super().authenticate(call)
        self.last[call.request.client] = self.credential_of(call)

    def credential_of(self, call: Call) -> str | None:
        sent = super().credential_of(call)
        known = self.last.get(call.request.client)
        return sent if sent == known else Server.credential_of(self, call)


# auth.header-only


class TakesKeyElsewhere(Server):
    """Takes a key from another place, where the Authorization field has none."""

    def credential_of(self, call: Call) -> str | None:
        return super().credential_of(call) or self.elsewhere(call)

    def elsewhere(self, _: Call) -> str | None:
        """Return the key in the other place."""
        return None


@fault(breaks="auth.header-only")
class TakesKeyFromQuery(TakesKeyElsewhere):
    """Accepts a valid key in the query parameter api_key."""

    def elsewhere(self, call: Call) -> str | None:
        return call.request.query_params.get("api_key")


@fault(breaks="auth.header-only")
class TakesKeyFromCookie(TakesKeyElsewhere):
    """Accepts a valid key in the cookie token, as the dashboard sends it."""

    def elsewhere(self, call: Call) -> str | None:
        return call.request.cookies.get("token")


@fault(breaks="auth.header-only")
class TakesKeyFromOwnField(TakesKeyElsewhere):
    """Accepts a valid key in the field X-API-Key."""

    def elsewhere(self, call: Call) -> str | None:
        return call.request.headers.get("x-api-key")


@fault(breaks="auth.header-only")
class TakesKeyFromBody(TakesKeyElsewhere):
    """Accepts a valid key in the member access_token of the body (RFC 6750, 2.2)."""

    def elsewhere(self, call: Call) -> str | None:
        try:
            found = json.loads(call.body).pop("access_token", None)
        except (ValueError, AttributeError, TypeError):
            return None
        return found if isinstance(found, str) else None


@fault(breaks="auth.header-only")
class TakesKeyFromOneBody(TakesKeyElsewhere):
    """Accepts a valid key in the member api_key of a new execution's body."""

    def elsewhere(self, call: Call) -> str | None:
        asked = operation(self, call)
        if asked is None or asked.id != "createExecution":
            return None
        try:
            return str(json.loads(call.body)["api_key"])
        except (ValueError, KeyError, TypeError):
            return None


@fault(breaks="auth.header-only")
class FallsBackOnQuery(TakesKeyElsewhere):
    """Tries the key in the query after one in the Authorization field that it does not know."""

    def credential_of(self, call: Call) -> str | None:
        token = super().credential_of(call)
        query = call.request.query_params.get("access_token")
        return query if query and token and self.find_key(token) is None else token


@fault(breaks="auth.header-only")
class TakesKeyFromForm(TakesKeyElsewhere):
    """Accepts a valid key in a form (RFC 6750, 2.2)."""

    def elsewhere(self, call: Call) -> str | None:
        form = parse_qs(call.body.decode("latin-1"))
        return form.get("access_token", [None])[0]


# auth.scheme-case, auth.challenge


@fault(breaks="auth.scheme-case")
class WantsCapitalBearer(Server):
    """Compares the scheme letter by letter."""

    def credential_of(self, call: Call) -> str | None:
        exact = call.request.headers.get("authorization", "").startswith("Bearer ")
        return super().credential_of(call) if exact else None


@fault(breaks="auth.scheme-case", seldom=True)
class WantsCapitalBearerForOneRoute(WantsCapitalBearer):
    """Compares the scheme letter by letter where variables are put."""

    def credential_of(self, call: Call) -> str | None:
        asked = operation(self, call)
        if asked is not None and asked.id == "putVariables":
            return super().credential_of(call)
        return Server.credential_of(self, call)


class Challenges(Server):
    """Names other schemes in a 401."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self.challenge(call, response)
        return response

    def challenge(self, call: Call, response: Response) -> None:
        """Change the WWW-Authenticate field."""


@fault(breaks="auth.challenge")
class OmitsChallenge(Challenges):
    """Never says which scheme to use."""

    def challenge(self, _: Call, response: Response) -> None:
        del response.headers["www-authenticate"]


@fault(breaks="auth.challenge")
class ChallengesOnlyStrangers(Challenges):
    """Says which scheme to use only where no Authorization field came."""

    def challenge(self, call: Call, response: Response) -> None:
        if "authorization" in call.request.headers:
            del response.headers["www-authenticate"]


@fault(breaks="auth.challenge")
class ChallengesForBasic(Challenges):
    """Asks for Basic, which it does not take."""

    def challenge(self, _: Call, response: Response) -> None:
        response.headers["www-authenticate"] = 'Basic realm="bugzy"'


# auth.ambiguous, auth.not-echoed


@fault(breaks="auth.ambiguous", also=("auth.exact-match",))
class TakesFirstCredential(Server):
    """Takes the first of several credentials and ignores the others."""

    def credential_of(self, call: Call) -> str | None:
        field = call.request.headers.get("authorization", "")
        return keys.bearer(field.partition(",")[0])


@fault(breaks="auth.ambiguous", also=("auth.exact-match",))
class TakesBearerBesideBasic(Server):
    """Takes the one Bearer credential, whatever others are there besides."""

    def credential_of(self, call: Call) -> str | None:
        sent = ",".join(call.request.headers.getlist("authorization"))
        tokens = [token for one in sent.split(",") if (token := keys.bearer(one))]
        return tokens[0] if len(tokens) == 1 else None


@fault(breaks="auth.ambiguous", seldom=True)
class TakesFirstFieldOfEvent(Server):
    """Takes the first of several Authorization fields where an event is sent."""

    def credential_of(self, call: Call) -> str | None:
        asked, fields = operation(self, call), call.request.headers.getlist("authorization")
        if asked is not None and asked.id == "sendTeamEvent" and len(fields) > 1:
            return keys.bearer(fields[0])
        return super().credential_of(call)


@fault(breaks="auth.not-echoed")
class RepeatsKey(Server):
    """Says which key is invalid."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal = super().no_valid_key(call)
        token = self.credential_of(call)
        return (
            Refusal(refusal.status, f"Invalid API key {token}", refusal.headers)
            if token
            else refusal
        )


@fault(breaks="auth.not-echoed", also=("auth.before-all",))
class RepeatsUrl(Server):
    """Says in a 401 which URL was asked for, with the key that its query may hold."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal = super().no_valid_key(call)
        query = call.request.url.query
        return Refusal(refusal.status, f"Invalid API key for ?{query}", refusal.headers)


@fault(breaks="auth.not-echoed")
class RepeatsUnknownUrl(Server):
    """Says in the 404 of an unknown route which URL was asked for, with its query."""

    def no_route(self, call: Call) -> Refusal:
        url = call.request.url
        if self.contract.match(url.path):
            return super().no_route(call)
        return Refusal(HTTPStatus.NOT_FOUND, f"Cannot {call.request.method} {url.path}?{url.query}")


@fault(breaks="auth.not-echoed")
class RepeatsBody(Server):
    """Quotes the whole body where one of its members is not documented."""

    def wrong_body(self, call: Call, found: ValidationError) -> Refusal:
        refusal = super().wrong_body(call, found)
        if found.schema_path[-1] != "additionalProperties":
            return refusal
        return errors.invalid(f"{refusal.message}: {json.dumps(call.content)}")


@fault(breaks="auth.not-echoed", seldom=True)
class RepeatsBodyOfEvent(RepeatsBody):
    """Quotes the whole body of an event that has an undocumented member."""

    def wrong_body(self, call: Call, found: ValidationError) -> Refusal:
        if call.operation.id == "sendProjectEvent":
            return super().wrong_body(call, found)
        return Server.wrong_body(self, call, found)


@fault(breaks="auth.not-echoed")
class RepeatsKeyInField(Server):
    """Names the key that was used in a field of the answer, for its own log."""

    async def finish(self, call: Call, response: Response) -> Response:
        response.headers["X-Api-Key"] = self.credential_of(call) or "none"
        return response


@fault(breaks="auth.bearer-only")
class TakesJoinedScheme(Server):
    """Cuts "Bearer" off the field's beginning, and does not miss the blank behind it."""

    def credential_of(self, call: Call) -> str | None:
        field = call.request.headers.get("authorization", "")
        joined = field.removeprefix("Bearer").lstrip(":") if field.startswith("Bearer") else None
        return super().credential_of(call) or joined


@fault(breaks="auth.unknown-key")
class TrustsEmptyField(LetsIn):
    """Takes an empty Authorization field for one that a gateway has seen to."""

    def lets_in(self, call: Call) -> bool:
        return call.request.headers.getlist("authorization") == [""]
