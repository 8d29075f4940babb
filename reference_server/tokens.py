"""What a form of the dashboard carries, so that it acts once and only when its page was read."""

from __future__ import annotations

import hmac
import secrets

REMEMBERED = 10_000  # forms that were sent


class Forged(ValueError):
    """A token is not this process's: another site's form, or one from before a restart."""


class Tokens:
    """Random tokens, each signed for this process, each good once.

    Another site's page can send a form here but cannot read a token (CSRF); and a page that is
    reloaded sends its form again, which must not generate a second key.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._spent: dict[str, None] = {}

    def issue(self) -> str:
        """Return a token for the forms of one page."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._signed(nonce)}"

    def spend(self, token: str) -> bool:
        """Whether the token is sent for the first time; raise Forged if it was never issued."""
        nonce, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signed(nonce).encode()):
            raise Forged("this form was not made by this server, or before it was restarted")
        if nonce in self._spent:
            return False
        if len(self._spent) >= REMEMBERED:
            del self._spent[next(iter(self._spent))]
        self._spent[nonce] = None
        return True

    def _signed(self, nonce: str) -> str:
        return hmac.new(self._secret, nonce.encode(), "sha256").hexdigest()
