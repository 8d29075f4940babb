"""auth: who gets in."""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors, keys
from reference_server.app import Call, Server
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import (
    Undocumented,
    addressed,
    default_page,
    forbidden,
    operation,
)
from reference_server.keys import Key
from reference_server.store import Owner

CUT = 36  # characters of a key that TruncatesKeys looks at
LONG = 2048  # bytes of a field that RefusesLongFields takes in


class LetsIn(Server):
    """Lets some requests in without a valid key: as if with one of what they address."""

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            owner = addressed(self, call) if self.lets_in(call) else None
            if owner is None:
                raise
            call.key = self.lent(call, owner)

    def lets_in(self, _: Call) -> bool:
        """Whether the request gets in nevertheless."""
        return False

    def lent(self, call: Call, owner: Owner) -> Key:
        """Return a key of the project or team that the path names, with a window of its own."""
        token = self.credential_of(call) or "nobody"
        return Key(digest=keys.digest(token), owner=owner.id, kind=owner.kind, shown="")

    def sent_nothing(self, call: Call) -> bool:
        """Whether the request has no Authorization field."""
        return "authorization" not in call.request.headers


class KeepsKeys(Server):
    """Keeps the keys themselves, to compare them in its own way."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept: dict[str, Key] = {}

    def record(self, owner: Owner, key: str) -> Key:
        self.kept[key] = super().record(owner, key)
        return self.kept[key]

    def find_key(self, token: str) -> Key | None:
        alike = (
            self.store.key(own.digest) for key, own in self.kept.items() if self.same(token, key)
        )
        return super().find_key(token) or next((key for key in alike if key), None)

    def same(self, _token: str, _key: str) -> bool:
        """Whether a token that was sent counts as this key."""
        return False


# auth.required


@fault(breaks="auth.required", also=("auth.before-all", "leak.unauthenticated"))
class OpensOneList(LetsIn):
    """Lists bug reports to anyone."""

    def lets_in(self, call: Call) -> bool:
        asked = operation(self, call)
        return self.sent_nothing(call) and asked is not None and asked.id == "listBugReports"


@fault(breaks="auth.required", also=("auth.before-all", "leak.unauthenticated"))
class OpensReads(LetsIn):
    """Asks for a key where something is written only."""

    def lets_in(self, call: Call) -> bool:
        return self.sent_nothing(call) and call.request.method == "GET"


@fault(breaks="auth.required", also=("auth.before-all", "leak.unauthenticated"))
class OpensWebhooks(LetsIn):
    """Takes events from anyone, as they come from other systems."""

    def lets_in(self, call: Call) -> bool:
        asked = operation(self, call)
        return self.sent_nothing(call) and asked is not None and asked.collection == "events"


@fault(
    breaks="auth.required",
    also=(
        "error.documented-status",
        "error.code-matches",
        "error.unknown-method",
        "error.unknown-route",
    ),
)
class ForbidsWithoutKey(Undocumented):
    """Answers 403 to a request without an Authorization field."""

    def no_valid_key(self, call: Call) -> Refusal:
        missing = "authorization" not in call.request.headers
        return forbidden() if missing else super().no_valid_key(call)


@fault(
    breaks="auth.required",
    also=(
        "auth.before-all",
        "error.unknown-route",
    ),
)
class ValidatesMissingField(Server):
    """Answers 400 without an Authorization field, as to any other missing parameter."""

    def no_valid_key(self, call: Call) -> Refusal:
        if "authorization" not in call.request.headers:
            return errors.invalid("Missing header: Authorization")
        return super().no_valid_key(call)


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
        except (ValueError, AttributeError):
            return None
        return found if isinstance(found, str) else None


# auth.unknown-key


@fault(
    breaks="auth.unknown-key",
    also=(
        "auth.exact-match",
        "auth.prefix-bound",
        "rotation.old-key-revoked",
        "rotation.permanent",
        "rotation.in-flight",
        "rotation.under-load",
        "rotation.one-survivor",
        "rotation.same-as-unknown",
        "rate.revoked-is-401",
        "auth.before-all",
    ),
)
class TrustsForm(LetsIn):
    """Looks at the form of a key and never whether it was issued."""

    def lets_in(self, call: Call) -> bool:
        asked, token = operation(self, call), self.credential_of(call) or ""
        return asked is not None and token.startswith(asked.kind.prefix) and len(token) > 40


@fault(breaks="auth.unknown-key", also=("auth.exact-match", "rotation.shown-once"))
class ValidatesKeys(Server):
    """Answers 400 to a token that does not look like a key."""

    def no_valid_key(self, call: Call) -> Refusal:
        token = self.credential_of(call)
        if token and not token.startswith("bzy_"):
            return errors.invalid("Malformed API key")
        return super().no_valid_key(call)


@fault(
    breaks="auth.unknown-key",
    also=(
        "auth.exact-match",
        "rotation.shown-once",
        "rotation.same-as-unknown",
        "auth.pat-unavailable",
        "auth.prefix-bound",
    ),
)
class LooksKeysUpLikeResources(KeepsKeys):
    """Answers 404 to a key that is not in its table."""

    def no_valid_key(self, call: Call) -> Refusal:
        token = self.credential_of(call)
        unknown = token and token.startswith("bzy_") and token not in self.kept
        return errors.not_found() if unknown else super().no_valid_key(call)


@fault(breaks="error.no-server-error", also=("auth.unknown-key", "auth.exact-match"))
class FailsOnOddKeys(Server):
    """Fails on a token without an underscore, which it splits there."""

    def find_key(self, token: str) -> Key | None:
        _, _ = token.split("_", 1)
        return super().find_key(token)


@fault(
    breaks="auth.unknown-key",
    also=(
        "rate.headers-present",
        "error.envelope",
        "error.content-type",
        "error.code-matches",
        "auth.challenge",
    ),
)
class RefusesLongFields(Server):
    """Has a proxy in front that answers long fields itself, with 400 and a page of its own."""

    async def finish(self, call: Call, response: Response) -> Response:
        if len(call.request.headers.get("authorization", "")) > LONG:
            response.status_code = HTTPStatus.BAD_REQUEST
            return default_page(response)
        return response


# auth.exact-match


@fault(breaks="auth.exact-match", also=("rotation.shown-once", "auth.before-all"))
class FindsKeysByShownPrefix(KeepsKeys):
    """Looks a key up by the prefix that the settings page shows, and compares nothing else."""

    def same(self, token: str, key: str) -> bool:
        shown = len(key) - keys.SECRET_LENGTH + keys.SHOWN_LENGTH
        return token[:shown] == key[:shown]


@fault(breaks="auth.exact-match")
class IgnoresLetterCase(KeepsKeys):
    """Has its keys in a column with a case-insensitive collation."""

    def same(self, token: str, key: str) -> bool:
        return token.casefold() == key.casefold()


@fault(breaks="auth.exact-match")
class TruncatesKeys(KeepsKeys):
    """Compares as many characters as its column holds."""

    def same(self, token: str, key: str) -> bool:
        return token[:CUT] == key[:CUT]


@fault(breaks="auth.exact-match", also=("rotation.shown-once",))
class TakesAbbreviatedKeys(KeepsKeys):
    """Accepts a beginning of a valid key, if it is unambiguous."""

    def same(self, token: str, key: str) -> bool:
        return len(token) > len("bzy_proj_") + 3 and key.startswith(token)


@fault(breaks="auth.exact-match")
class TrimsKeys(KeepsKeys):
    """Strips what it takes for punctuation around a key."""

    def same(self, token: str, key: str) -> bool:
        return token.strip(".") == key


@fault(breaks="auth.exact-match")
class TakesSecretAlone(KeepsKeys):
    """Accepts a valid key without its prefix."""

    def same(self, token: str, key: str) -> bool:
        return token == key[-keys.SECRET_LENGTH :]


# auth.prefix-bound


@fault(breaks="auth.prefix-bound")
class ComparesSecretOnly(KeepsKeys):
    """Finds a key by the part after its prefix, whichever documented prefix it has."""

    def same(self, token: str, key: str) -> bool:
        prefixes = [kind.prefix for kind in self.contract.kinds.values()]
        secrets = [token.removeprefix(each) for each in prefixes if token.startswith(each)]
        return key[-keys.SECRET_LENGTH :] in secrets


@fault(breaks="auth.prefix-bound")
class ReadsKindFromPrefix(KeepsKeys):
    """Finds a key by its secret and believes the prefix: a project's becomes its team's."""

    def find_key(self, token: str) -> Key | None:
        key = super().find_key(token)
        owner = self.store.owner(key.owner) if key else None
        if key and owner and owner.team and token.startswith("bzy_team_"):
            return Key(digest=key.digest, owner=owner.team, kind="team", shown=key.shown)
        return key

    def same(self, token: str, key: str) -> bool:
        return token.partition("_team_")[2] == key.partition("_proj_")[2] != ""


# auth.pat-unavailable


def personal(server: Server, call: Call) -> bool:
    """Whether a personal access token was sent, issued or not."""
    return (server.credential_of(call) or "").startswith(server.contract.kinds["personal"].prefix)


@fault(breaks="auth.pat-unavailable", also=("auth.unknown-key", "auth.prefix-bound"))
class AcceptsPersonalTokens(LetsIn):
    """Has a stub for personal access tokens that lets each of them in."""

    def lets_in(self, call: Call) -> bool:
        return personal(self, call)


@fault(
    breaks="auth.pat-unavailable",
    also=("auth.unknown-key", "auth.prefix-bound", "error.documented-status", "error.code-matches"),
)
class AnnouncesPersonalTokens(Undocumented):
    """Answers 403 to a personal access token, as it is to come."""

    def no_valid_key(self, call: Call) -> Refusal:
        if personal(self, call):
            return Refusal(HTTPStatus.FORBIDDEN, "Personal access tokens are coming soon")
        return super().no_valid_key(call)


@fault(breaks="auth.pat-unavailable", also=("error.no-server-error",))
class FailsOnPersonalTokens(Server):
    """Fails on a personal access token, 500: the service that is to know them is not there yet."""

    def no_valid_key(self, call: Call) -> Refusal:
        return errors.internal() if personal(self, call) else super().no_valid_key(call)


# auth.project-key-accepted, auth.team-key-accepted


@fault(breaks="auth.project-key-accepted", also=("rotation.new-key-works",))
class WantsTeamKeyForTestRuns(Server):
    """Refuses project keys on one operation of their own project."""

    def validate(self, call: Call) -> None:
        if call.operation.id == "listTestRuns":
            raise errors.unauthorized()
        super().validate(call)


@fault(breaks="auth.project-key-accepted", also=("schema.valid-accepted", "rotation.new-key-works"))
class HidesProjectEvents(Server):
    """Was deployed without the documented route for a project's events."""

    def accepts_kind(self, call: Call) -> bool:
        return call.operation.id != "sendProjectEvent" and super().accepts_kind(call)


@fault(breaks="auth.team-key-accepted", also=("rotation.new-key-works",))
class RefusesTeamWrites(Server):
    """Treats team keys as read-only."""

    def validate(self, call: Call) -> None:
        if call.key.kind == "team" and call.operation.body:
            raise errors.unauthorized()
        super().validate(call)


# auth.before-all


class LooksFirst(Server):
    """Looks at something before it looks for a key, and refuses what it does not like there."""

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            if route := self.route(call):
                call.operation, call.ids = route
                self.look(call)
            raise

    def look(self, _: Call) -> None:
        """Refuse what is not as it should be."""


@fault(breaks="auth.before-all", also=("auth.unknown-key",))
class ValidatesBeforeRefusing(LooksFirst):
    """Answers 400 to an invalid body or parameter that came without a valid key."""

    def look(self, call: Call) -> None:
        self.validate(call)


@fault(breaks="auth.before-all")
class ReadsJsonFirst(LooksFirst):
    """Has a framework that refuses what is not JSON before any code of its own runs."""

    def look(self, call: Call) -> None:
        if call.operation.body:
            self.decode(call)


@fault(breaks="auth.before-all")
class ChecksMediaTypeFirst(LooksFirst):
    """Refuses another media type before it looks for a key."""

    def look(self, call: Call) -> None:
        if call.operation.body:
            self.validate_media_type(call)


@fault(
    breaks="auth.before-all",
    also=(
        "leak.unauthenticated",
        "auth.required",
    ),
)
class LooksUpBeforeRefusing(LooksFirst):
    """Answers 404 to who asks without a key for a project or team that does not exist."""

    def look(self, call: Call) -> None:
        if self.store.owner(call.owner) is None:
            raise errors.not_found()


@fault(breaks="auth.before-all", also=("leak.unauthenticated",))
class LooksUpForUnknownKeys(LooksFirst):
    """Answers 404 to a key that it does not know, for a project or team that does not exist."""

    def look(self, call: Call) -> None:
        if self.credential_of(call) and self.store.owner(call.owner) is None:
            raise errors.not_found()


# auth.scheme-case, auth.challenge


@fault(breaks="auth.scheme-case")
class WantsCapitalBearer(Server):
    """Compares the scheme letter by letter."""

    def credential_of(self, call: Call) -> str | None:
        exact = call.request.headers.get("authorization", "").startswith("Bearer ")
        return super().credential_of(call) if exact else None


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

    def validate_body(self, call: Call) -> None:
        try:
            super().validate_body(call)
        except Refusal as refusal:
            if not refusal.message.endswith("additionalProperties"):
                raise
            raise errors.invalid(f"{refusal.message}: {json.dumps(call.content)}") from None


@fault(breaks="auth.not-echoed")
class RepeatsKeyInField(Server):
    """Names the key that was used in a field of the answer, for its own log."""

    async def finish(self, call: Call, response: Response) -> Response:
        response.headers["X-Api-Key"] = self.credential_of(call) or "none"
        return response
