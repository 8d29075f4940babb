"""Keys of another look, and keys that are refused otherwise."""

from __future__ import annotations

import asyncio
import secrets
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from reference_server import errors, keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.contract import KeyKind
from reference_server.errors import Refusal
from reference_server.keys import Key
from reference_server.store import Owner
from reference_server.variants.registry import variant


@variant()
class RefusesWrongKind(Server):
    """A key of the wrong kind is invalid, 401 ("cannot call" does not say how it is refused)."""

    def wrong_kind(self, _: Call) -> Refusal:
        return errors.unauthorized()


@variant()
class ReplacesTeamKeys(Server):
    """A new team key revokes the team's others (the document says it of project keys only)."""

    def replaces(self, _: Owner) -> bool:
        return True


@variant()
class GeneratesLongKeys(Server):
    """Its secrets have 400 characters."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + "".join(secrets.choice(keys.ALPHABET) for _ in range(400))


@variant(lacks=("rotation.entropy",))
class GeneratesTinyKeys(Server):
    """Its secrets have 12 characters (no length is documented)."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + "".join(secrets.choice(keys.ALPHABET) for _ in range(12))


@variant()
class GeneratesKeysInPairs(Server):
    """A project's key and a team's have the same secret: their prefixes tell them apart."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.single: list[tuple[str, str]] = []  # prefixes and secrets that are of one key only

    def generate(self, kind: KeyKind) -> str:
        other = next((one for one in self.single if one[0] != kind.prefix), None)
        if other is None:
            self.single.append((kind.prefix, keys.generate("")))
            return "".join(self.single[-1])
        self.single.remove(other)
        return kind.prefix + other[1]


@variant()
class GeneratesPunctuatedKeys(Server):
    """Its secrets have all characters that a token may have, and more than one part."""

    def generate(self, kind: KeyKind) -> str:
        parts = (secrets.token_urlsafe(15), secrets.token_urlsafe(15))
        return kind.prefix + "live_" + ".".join(parts) + "~"


@variant()
class GeneratesHexadecimalKeys(Server):
    """Its secrets are hexadecimal numbers of 128 bits."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + secrets.token_hex(16)


@variant()
class ShowsStars(Server):
    """Its settings page shows stars where the rest of the key was."""

    def displayed(self, key: Key) -> str:
        return key.shown + "*" * 16


@variant()
class ShowsSentence(Server):
    """Its settings page shows more than the prefix, in a sentence."""

    def displayed(self, key: Key) -> str:
        return f"Key {key.shown}... of the {key.kind}, generated in 2026"


@variant()
class ShowsFingerprint(GeneratesHexadecimalKeys):
    """Its settings page shows the hash of the key besides, by which programs tell keys apart."""

    def displayed(self, key: Key) -> str:
        return f"{super().displayed(key)} (fingerprint {key.digest})"


@variant()
class ShowsEightCharacters(Server):
    """Its settings page shows eight characters of the secret instead of four."""

    def shown(self, owner: Owner, key: str) -> str:
        return key[: len(self.contract.kinds[owner.kind].prefix) + 8]


@variant()
class ChallengesInFull(Server):
    """Its challenge names a realm and, where a token was sent, an error (RFC 6750, 3)."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal = super().no_valid_key(call)
        challenge = 'Bearer realm="bugzy"'
        if self.credential_of(call):
            challenge += ', error="invalid_token", error_description="Unknown API key"'
        return Refusal(refusal.status, refusal.message, {"WWW-Authenticate": challenge})


@variant()
class SaysWhichKeyIsMissing(Server):
    """Its messages tell a missing key, a malformed one and an unknown one apart."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal, token = super().no_valid_key(call), self.credential_of(call)
        known = token and any(
            token.startswith(kind.prefix) for kind in self.contract.kinds.values()
        )
        message = "Unknown API key" if known else "Malformed API key" if token else "No API key"
        return Refusal(refusal.status, message, refusal.headers)


@variant()
class DeclinesSecondRotation(Server):
    """Its settings page declines to generate a key while it generates another one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.rotating: set[str] = set()

    async def rotate(self, owner: Owner) -> str:
        if owner.id in self.rotating:
            raise HTTPException(HTTPStatus.CONFLICT, "A key is being generated")
        self.rotating.add(owner.id)
        await asyncio.sleep(0.02)
        self.rotating.discard(owner.id)
        return await super().rotate(owner)
