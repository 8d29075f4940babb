"""auth: which text is a key."""

from __future__ import annotations

import base64
import hmac
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors, keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import LetsIn, Undocumented, default_page, operation
from reference_server.keys import Key
from reference_server.store import Owner

CUT = 36  # characters of a key that TruncatesKeys looks at
LONG = 2048  # bytes of a field that RefusesLongFields takes in


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


# auth.exact-match


@fault(breaks="auth.exact-match")
class TakesWhatFollowsDot(KeepsKeys):
    """Takes what follows a dot behind a key for the name that a client gives to it."""

    def same(self, token: str, key: str) -> bool:
        return token.partition(".")[0] == key


# auth.unknown-key


@fault(breaks="auth.unknown-key", seldom=True)
class LetsInBareBearer(LetsIn):
    """Lets in whoever lists test runs with the scheme's name and nothing behind it."""

    def lets_in(self, call: Call) -> bool:
        asked, field = operation(self, call), call.request.headers.get("authorization")
        return asked is not None and asked.id == "listTestRuns" and field == "Bearer"


@fault(breaks="auth.unknown-key")
class LetsInNull(LetsIn):
    """Lets in whoever reads how far the onboarding is with null for a key."""

    def lets_in(self, call: Call) -> bool:
        asked, token = operation(self, call), self.credential_of(call)
        return asked is not None and asked.id == "getOnboarding" and token in ("null", "None")


@fault(
    breaks="auth.unknown-key",
    also=(
        "auth.header-only",
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
        "auth.header-only",
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


@fault(breaks="error.no-server-error")
class ComparesKeysAsText(Server):
    """Compares texts where that is only defined for those in ASCII."""

    def credential_of(self, call: Call) -> str | None:
        hmac.compare_digest(call.request.headers.get("authorization", ""), "Bearer")
        return super().credential_of(call)


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


@fault(breaks="auth.exact-match")
class TakesBase64(Server):
    """Takes the base64 of a key for the key, as some of its clients once sent it."""

    def find_key(self, token: str) -> Key | None:
        try:
            plain = base64.b64decode(token, validate=True).decode("ascii")
        except ValueError:
            plain = ""
        return super().find_key(token) or super().find_key(plain)


@fault(breaks="auth.exact-match")
class HearsShouting(KeepsKeys):
    """Takes a key that is written in capitals throughout."""

    def same(self, token: str, key: str) -> bool:
        return token == key.upper()


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
class IgnoresLetterCaseOfOldKeys(IgnoresLetterCase):
    """Has the keys that are older than its last migration in such a column still."""

    def same(self, token: str, key: str) -> bool:
        oldest = next(one for one, kept in self.kept.items() if kept.owner == self.kept[key].owner)
        return key == oldest and super().same(token, key)


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
class TakesKeysForPatterns(KeepsKeys):
    """Compares with LIKE, where the underscores of a key stand for any character."""

    def same(self, token: str, key: str) -> bool:
        alike = (mine in ("_", theirs) for mine, theirs in zip(key, token, strict=False))
        return len(token) == len(key) and all(alike)


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
