"""API keys: made, hashed, compared and shown (API Keys, Generating a Project Key)."""

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass

ALPHABET = string.ascii_letters + string.digits
SECRET_LENGTH = 40
SHOWN_LENGTH = 4

# RFC 6750, 2.1: one b64token and nothing else; RFC 9110, 11.1: the scheme in any letter case.
BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What is kept of a key: enough to recognise it, too little to use it."""

    digest: str
    owner: str  # the id of its project or team
    kind: str
    shown: str  # what the settings page shows


def generate(prefix: str) -> str:
    """Return a new key; its secret carries 238 bits."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))


def digest(key: str) -> str:
    """Return the hash that is stored of *key*.

    One round of SHA-256 is enough where the input is random: there is no dictionary to try.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def matches(key: str, stored: str) -> bool:
    """Whether *stored* is the hash of *key*, in a time that does not tell where they differ."""
    return hmac.compare_digest(digest(key), stored)


def shown(key: str, prefix: str) -> str:
    """Return the part of *key* that is kept for identification, as in ``bzy_proj_abc1``."""
    return key[: len(prefix) + SHOWN_LENGTH]


def bearer(field: str) -> str | None:
    """Return the token of an Authorization field, or None unless it is one Bearer credential."""
    match = BEARER.fullmatch(field.strip(" \t"))
    return match[1] if match else None
