"""Credentials: the ways in which a request says, or pretends to say, whose it is."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from conformance.contract import Contract
from conformance.exchange import Fields
from conformance.keyring import Key

QUERY_NAMES = (
    "access_token",
    "api_key",
    "apikey",
    "apiKey",
    "key",
    "token",
    "auth",
    "authorization",
    "bearer_token",
    "auth_token",
    "api-key",
    "x-api-key",
    "project_key",
    "jwt",
    "secret",
)
COOKIE_NAMES = (
    "token",
    "api_key",
    "access_token",
    "session",
    "Authorization",
    "key",
    "auth",
    "auth_token",
    "apiKey",
    "jwt",
    "sid",
)
FIELD_NAMES = (
    "X-API-Key",
    "X-Api-Token",
    "X-Auth-Token",
    "X-Access-Token",
    "Api-Key",
    "Proxy-Authorization",
    "X-Authorization",
    "X-Forwarded-Authorization",
    "Authentication",
    "X-Bugzy-Key",
    "X-Bugzy-Api-Key",
    "X-Original-Authorization",
    "X-Key",
    "Token",
    "Auth-Token",
    "X-Webhook-Secret",
    "X-Project-Key",
    "X-Team-Key",
)
BODY_NAMES = ("access_token", "api_key", "token", "key", "apiKey", "authorization")
MARKS = (  # which part a key from what follows it; the last ones may be in a token (RFC 6750, 2.1)
    ("colon", ":"),
    ("slash", "/"),
    ("hash", "#"),
    ("equals", "="),
    ("pipe", "|"),
    ("at", "@"),
    ("dot", "."),
    ("plus", "+"),
    ("tilde", "~"),
)
MISTAKEN = str.maketrans("O0lI1", "0OIll")  # letters that people take for one another
LIKELIEST = frozenset(  # what servers that do not compare keys whole let in
    f"altered:{form}"
    for form in ("last-cut", "extended", "upper", "lower", "last-changed", "display-prefix")
)
CARELESS = frozenset(  # what programs send that have no key, and what is easily taken for one
    f"malformed:{form}" for form in ("blank", "empty", "prefix", "word", "null", "none", "sample")
)
FORM = "application/x-www-form-urlencoded"
SHORT = 100  # characters: longer keys would make a request too long that holds them everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """How a request is authorised. *secrets* are masked in what is recorded of it."""

    name: str = "anonymous"
    key: str | None = None  # the label of the issued key that it holds in some form
    form: str = "none"
    fields: Fields = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # JSON members, or a form's
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


ANONYMOUS = Credential()


def bearer(key: Key) -> Credential:
    """The key as documented: a Bearer token in the Authorization field (API Keys)."""
    return Credential(
        name=key.party,
        key=key.label,
        form="bearer",
        fields=(("Authorization", f"Bearer {key.value}"),),
    )


def scheme_case(key: Key, scheme: str) -> Credential:
    """The scheme's name in another case (RFC 9110, 11.1)."""
    return Credential(
        name=key.party,
        key=key.label,
        form=f"scheme-case:{scheme}",
        fields=(("Authorization", f"{scheme} {key.value}"),),
    )


def other_schemes(key: Key) -> Iterator[Credential]:
    """The key under schemes that are not documented, and bare."""
    for form, value in (
        ("bare", key.value),
        ("token", f"Token {key.value}"),
        ("token-named", f'Token token="{key.value}"'),
        ("basic-user", f"Basic {_basic(key.value, '')}"),
        ("basic-password", f"Basic {_basic('', key.value)}"),
        ("basic-both", f"Basic {_basic('api', key.value)}"),
        ("basic-raw", f"Basic {key.value}"),
        ("basic-alone", f"Basic {_encoded(key.value)}"),
        ("oauth", f"OAuth {key.value}"),
        (
            "digest",
            f'Digest username="{key.value}", realm="bugzy", nonce="0", response="{"0" * 32}"',
        ),
        ("digest-raw", f"Digest {key.value}"),
        ("apikey", f"ApiKey {key.value}"),
        ("key", f"Key {key.value}"),
        ("jwt", f"JWT {key.value}"),
        ("bearer-prefix", f"BearerToken {key.value}"),
        ("bearer-joined", f"Bearer{key.value}"),
        ("bearer-colon", f"Bearer: {key.value}"),
        ("dpop", f"DPoP {key.value}"),
        ("hawk", f'Hawk id="{key.value}"'),
    ):
        yield _in_field(key, f"scheme:{form}", "Authorization", value)


def in_query(key: Key) -> Iterator[Credential]:
    """The key in the query."""
    for name in QUERY_NAMES:
        yield Credential(
            name=key.party, key=key.label, form=f"query:{name}", query=((name, key.value),)
        )


def in_cookies(key: Key) -> Iterator[Credential]:
    """The key in a cookie."""
    for name in COOKIE_NAMES:
        yield _in_field(key, f"cookie:{name}", "Cookie", f"{name}={key.value}")


def in_fields(key: Key) -> Iterator[Credential]:
    """The key in fields other than Authorization."""
    for name in FIELD_NAMES:
        value = f"Bearer {key.value}" if "uthori" in name else key.value
        yield _in_field(key, f"field:{name}", name, value)


def in_body(key: Key) -> Iterator[Credential]:
    """The key in a member of the body, in all of them first."""
    everywhere = tuple((name, key.value) for name in BODY_NAMES)
    yield Credential(name=key.party, key=key.label, form="body:everywhere", body=everywhere)
    for name in BODY_NAMES:
        yield Credential(
            name=key.party, key=key.label, form=f"body:{name}", body=((name, key.value),)
        )
    members = (("access_token", key.value),)  # RFC 6750, 2.2
    yield replace(_in_field(key, "body:form", "Content-Type", FORM), body=members)


def elsewhere(key: Key, beside: Fields = ()) -> Credential:
    """The key in every undocumented place at once: query, cookies and other fields.

    *beside*: what is in the documented place, and is no key.
    """
    places = None if len(key.value) <= SHORT else 4
    cookies = "; ".join(f"{name}={key.value}" for name in COOKIE_NAMES)
    fields = [field for form in in_fields(key) for field in form.fields]
    return Credential(
        name=key.party,
        key=key.label,
        form="elsewhere:beside" if beside else "elsewhere",
        query=tuple((name, key.value) for name in QUERY_NAMES[:places]),
        fields=(*beside, ("Cookie", cookies), *fields[:places]),
    )


def altered(contract: Contract, key: Key, rng: random.Random) -> Iterator[Credential]:
    """Tokens that differ from a valid key a little; never the key itself."""
    prefix, secret = contract.kinds[key.kind].prefix, key.secret(contract)
    seen = {key.value}
    for form, value in _alterations(prefix, secret, rng):
        if value not in seen:
            seen.add(value)
            yield token(value, name=key.party, key=key.label, form=f"altered:{form}")


def changed_anywhere(contract: Contract, key: Key) -> Iterator[Credential]:
    """Tokens of which one character is another, each character in turn."""
    prefix, secret = contract.kinds[key.kind].prefix, key.secret(contract)
    for place in range(len(secret)):
        value, form = prefix + _changed(secret, place), f"altered:changed-{place}"
        yield token(value, name=key.party, key=key.label, form=form)


def _alterations(prefix: str, secret: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    if not secret:
        return
    middle = min(rng.randrange(1, max(2, len(secret) - 1)), len(secret) - 1)
    yield "last-cut", prefix + secret[:-1]
    yield "first-cut", prefix + secret[1:]
    yield "padded", prefix + secret + "="  # which RFC 6750, 2.1 admits at the end of a token
    yield "halved", prefix + secret[: len(secret) // 2]
    yield "extended", prefix + secret + rng.choice(string.ascii_letters)
    yield "extended-long", prefix + secret + "x" * 80
    yield "doubled", prefix + secret + secret
    yield "before", "x" + prefix + secret
    yield "swapped-case", prefix + secret.swapcase()
    yield "upper", prefix + secret.upper()
    yield "lower", prefix + secret.lower()
    yield "whole-upper", (prefix + secret).upper()
    yield "whole-lower", (prefix + secret).lower()
    yield "prefix-upper", prefix.upper() + secret
    yield "prefix-mark", prefix.replace("_", "-") + secret
    yield "first-changed", prefix + _changed(secret, 0)
    yield "middle-changed", prefix + _changed(secret, middle)
    yield "last-changed", prefix + _changed(secret, len(secret) - 1)
    yield "tail-changed", prefix + secret[:8] + _scrambled(secret[8:], rng)
    yield "head-changed", prefix + _scrambled(secret[:8], rng) + secret[8:]
    yield "transposed", prefix + secret[1::-1] + secret[2:]
    yield "reversed", prefix + secret[::-1]
    yield "display-prefix", prefix + secret[:4]
    yield "display-text", prefix + secret[:4] + "..."
    yield "long-prefix", prefix + secret[: max(4, len(secret) * 3 // 4)]
    yield "secret-alone", secret
    yield "vendor-cut", prefix.partition("_")[2] + secret
    yield "dashed", f"{prefix}{secret[:4]}-{secret[4:]}"
    yield "mistaken", prefix + secret.translate(MISTAKEN)
    yield "scheme-doubled", f"Bearer {prefix}{secret}"
    yield "named", f'token="{prefix}{secret}"'
    yield "quoted", f'"{prefix}{secret}"'
    yield "dotted", f"{prefix}{secret}."
    yield "prefix-doubled", prefix + prefix + secret
    yield "percent-encoded", f"{prefix}%{ord(secret[0]):02X}{secret[1:]}"
    yield "base64", _encoded(prefix + secret)
    yield "hash", hashlib.sha256((prefix + secret).encode()).hexdigest()  # as it may be stored
    yield "comma", f"{prefix}{secret},"
    yield "semicolon", f"{prefix}{secret};x"
    yield from ((f"followed-by-{name}", f"{prefix}{secret}{mark}x") for name, mark in MARKS)
    yield "wildcard", prefix + secret[:-1] + "%"
    yield "underscore", prefix + secret[:-1] + "_"


def _changed(text: str, place: int) -> str:
    """The text with one character replaced by another of its class."""
    old = text[place]
    pool = string.digits if old.isdigit() else string.ascii_lowercase
    new = next(letter for letter in pool if letter != old.lower())
    return text[:place] + (new.upper() if old.isupper() else new) + text[place + 1 :]


def _scrambled(text: str, rng: random.Random) -> str:
    return "".join(rng.choice(string.ascii_letters + string.digits) for _ in text)


def exchanged(contract: Contract, key: Key, issued: Callable[[str], bool]) -> Iterator[Credential]:
    """The secret of a key under each other documented prefix, unless that is *issued* as well."""
    for kind in contract.kinds.values():
        value = kind.prefix + key.secret(contract)
        if kind.name != key.kind and not issued(value):
            yield token(value, name=key.party, key=key.label, form=f"prefix:{kind.name}")


def forged(
    contract: Contract, kind: str, rng: random.Random, like: str | None = None
) -> Credential:
    """A well-formed key that was never issued."""
    length = len(like) if like else 40
    letters = string.ascii_letters + string.digits
    secret = "".join(rng.choice(letters) for _ in range(length))
    return token(contract.kinds[kind].prefix + secret, name="forged", form=f"forged:{kind}")


STRANGE = Credential(  # no key, under a scheme that is not taken
    name="forged",
    form="malformed:scheme",
    fields=(("Authorization", "Basic Y29uZm9ybWFuY2U6bm9uZQ=="),),
)


def malformed(contract: Contract, kind: str) -> Iterator[Credential]:
    """Bearer tokens that no key of a kind looks like; and a field with nothing in it."""
    prefix = contract.kinds[kind].prefix
    yield Credential(name="forged", form="malformed:blank", fields=(("Authorization", ""),))
    for form, value in (
        ("empty", ""),
        ("prefix", prefix),
        ("word", "undefined"),
        ("null", "null"),
        ("none", "None"),
        ("star", "*"),
        ("percent", "%"),
        ("quote", "'"),
        ("sql", "'OR'1'='1"),
        ("sql-like", prefix + "%"),
        ("json", '{"$ne":""}'),
        ("digits", "0"),
        ("slash", prefix + "../../x"),
        ("sample", prefix + "abc123"),  # the documentation's own, which is cut off there
        ("sample-whole", prefix + "abc123..."),
        ("long", prefix + "a" * 4000),
        ("jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."),
    ):
        yield token(value, name="forged", form=f"malformed:{form}")


def token(value: str, *, name: str, form: str, key: str | None = None) -> Credential:
    """Any text as a Bearer token."""
    secrets = ((value, key or name),) if len(value) >= 12 else ()
    fields = (("Authorization", f"Bearer {value}".rstrip()),)
    return Credential(name=name, key=key, form=form, fields=fields, secrets=secrets)


def ambiguous(key: Key, other: str) -> Iterator[Credential]:
    """Two credentials: in two Authorization fields, or in one; of one scheme, or of two."""
    good, bad = f"Bearer {key.value}", f"Bearer {other}"
    basic = STRANGE.fields[0][1]
    for form, fields in (
        ("good-bad", (("Authorization", good), ("Authorization", bad))),
        ("bad-good", (("Authorization", bad), ("Authorization", good))),
        ("good-good", (("Authorization", good), ("Authorization", good))),
        ("comma", (("Authorization", f"{good}, {bad}"),)),
        ("comma-first", (("Authorization", f"{bad}, {good}"),)),
        ("space", (("Authorization", f"{good} {other}"),)),
        ("basic-good", (("Authorization", basic), ("Authorization", good))),
        ("good-basic", (("Authorization", good), ("Authorization", basic))),
        ("comma-basic", (("Authorization", f"{good}, {basic}"),)),
        ("basic-comma", (("Authorization", f"{basic}, {good}"),)),
    ):
        yield Credential(name=key.party, key=key.label, form=f"ambiguous:{form}", fields=fields)


def _in_field(key: Key, form: str, name: str, value: str) -> Credential:
    encoded = ((urllib.parse.quote(key.value), key.label),)
    return Credential(
        name=key.party, key=key.label, form=form, fields=((name, value),), secrets=encoded
    )


def _basic(user: str, password: str) -> str:
    return _encoded(f"{user}:{password}")


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
