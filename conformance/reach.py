"""What keeps a target from being reached, or a key from being let in, by its first answers."""

from __future__ import annotations

import urllib.parse

from conformance.contract import Contract
from conformance.exchange import Exchange, Response
from conformance.target import Party

PLAIN = "WRONG_VERSION_NUMBER"  # what OpenSSL says of an answer in plain text
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
MOVED = frozenset({301, 302, 303, 307, 308})  # RFC 9110, 15.4
NO_END = "no end"  # how the client calls an answer that never ended
LONGEST = 200  # characters of a Location


def unanswered(base_url: str, failure: str) -> str:
    """Why there is no answer, and what to do."""
    if PLAIN in failure:
        hint = f"it speaks no TLS; write http://{base_url.partition('://')[2]}"
    elif UNTRUSTED in failure:
        hint = "name the file of the CA that signed it in SSL_CERT_FILE, or give --insecure"
    elif hangs(failure):
        hint = "does it hang, is base_url right, or does it need more time than --timeout gives it?"
    else:
        hint = "is it running, is base_url right?"
    return f"{base_url} does not answer ({failure}): {hint}"


def hangs(failure: str) -> bool:
    """Whether no answer came in the time given: each further request costs as much again."""
    return "Timeout" in failure or failure == NO_END


def moved(base_url: str, exchange: Exchange) -> str | None:
    """Where an answer leads, and what to write instead; None if it is no redirect."""
    response = exchange.response
    location = response.value("Location") if response and response.status in MOVED else None
    if location is None:
        return None
    led = urllib.parse.urljoin(base_url + "/", location).partition("?")[0]
    below = exchange.request.path.removeprefix(urllib.parse.urlsplit(base_url).path)
    if led.endswith(below) and led.isprintable():
        return f"redirects to {led.removesuffix(below)}; write that as base_url"
    return f"redirects to {location[:LONGEST]!r}; is base_url right, does a gateway ask for more?"


def refusal(contract: Contract, party: Party, response: Response) -> str:
    """Why a key may have been refused."""
    if problem := misplaced(contract, party):
        return problem
    if response.json is None:
        return "no JSON came with it, so base_url is probably wrong: it stands without /api/v1"
    return (
        f"the key does not belong to {party.name}.id, is revoked, or is of another deployment than "
        "base_url, or the server refuses every key"
    )


def misplaced(contract: Contract, party: Party) -> str | None:
    """That a key is of another kind, if its prefix says so."""
    kind, own = contract.kind_of(party.key or ""), contract.kinds[party.kind]
    if kind is None or kind is own:
        return None
    return (
        f"it is a {kind.name} key by its prefix {kind.prefix}; write a {own.name}'s, "
        f"which begins with {own.prefix}"
    )
