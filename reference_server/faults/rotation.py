"""rotation: a new key revokes the old."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Hashable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reference_server import errors, keys
from reference_server.app import Call, Server
from reference_server.contract import KeyKind
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, forbidden, operation
from reference_server.keys import Key
from reference_server.store import Owner
from reference_server.windows import Window

CACHED = 20.0  # seconds that CachesKeys believes what it has read
LAG = 0.05  # seconds that a replica is behind
FORGOTTEN = 30.0  # seconds after which RevivesAfterAWait has forgotten a revocation
BUSY = 4  # requests under way at once
TEAM = "team"

# What cannot hold where an old key still does something at first.
WHILE_OLD_WORKS = (
    "rotation.in-flight",
    "rotation.under-load",
    "rotation.one-survivor",
    "rotation.same-as-unknown",
    "rate.revoked-is-401",
)
WITH_UNKNOWN_NEW_KEYS = (  # what a new key is tried on, besides
    "rotation.one-survivor",
    "auth.project-key-accepted",
    "auth.team-key-accepted",
    "error.unknown-route",
    "scope.nested",
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """A key that was replaced, and when."""

    key: Key
    at: float


class RemembersKeys(Server):
    """Remembers each replaced key, and decides anew whether it is still good."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.replaced: dict[str, Replaced] = {}

    def issue(self, owner: Owner) -> str:
        if self.replaces(owner):
            for key in self.store.keys(owner.id):
                self.replaced[key.digest] = Replaced(key, self.now())
        return super().issue(owner)

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            old = self.old_key(call)
            if old is None or not self.still_good(call, old):
                raise
            call.key = old.key

    def old_key(self, call: Call) -> Replaced | None:
        """Return the replaced key that was sent, or None."""
        token = self.credential_of(call)
        return self.replaced.get(keys.digest(token)) if token else None

    def still_good(self, _call: Call, _old: Replaced) -> bool:
        """Whether the old key still gets in."""
        return False


# rotation.new-key-works


class Delays(Server):
    """Finds a new key only some time after it was shown. The seeded keys are known at once."""

    seconds = LAG

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.issued: dict[str, float] = {}

    async def rotate(self, owner: Owner) -> str:
        key = await super().rotate(owner)
        if self.delays(owner):
            self.issued[keys.digest(key)] = self.now()
        return key

    def find_key(self, token: str) -> Key | None:
        fresh = self.now() < self.issued.get(keys.digest(token), 0) + self.seconds
        return None if fresh else super().find_key(token)

    def delays(self, _: Owner) -> bool:
        """Whether a new key of this project or team is late."""
        return True


@fault(breaks="rotation.new-key-works", also=WITH_UNKNOWN_NEW_KEYS)
class ReadsFromReplica(Delays):
    """Looks keys up in a replica that is a moment behind: a new one is unknown at first."""


@fault(
    breaks="rotation.new-key-works",
    also=(
        "auth.team-key-accepted",
        "error.unknown-route",
        "scope.nested",
    ),
)
class ActivatesTeamKeysLater(Delays):
    """Activates a new team key some seconds after it was shown."""

    seconds = 5.0

    def delays(self, owner: Owner) -> bool:
        return owner.kind == TEAM


@fault(breaks="rotation.new-key-works", also=WITH_UNKNOWN_NEW_KEYS)
class KnowsKeysPerConnection(Server):
    """Reads a project's key once for each connection, so that an open one does not see the new."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.born: dict[str, int] = {}
        self.seen: dict[Hashable, int] = {}

    async def rotate(self, owner: Owner) -> str:
        key = await super().rotate(owner)
        self.born[keys.digest(key)] = len(self.born) + 1
        return key

    def authenticate(self, call: Call) -> None:
        super().authenticate(call)
        known = self.seen.setdefault(call.request.client, len(self.born))
        if self.born.get(call.key.digest, 0) > known:
            raise self.no_valid_key(call)


# rotation.old-key-revoked


@fault(
    breaks="rotation.old-key-revoked",
    also=("rotation.permanent", *WHILE_OLD_WORKS),
)
class KeepsOldKeys(Server):
    """Generates a key beside the one before it."""

    def replaces(self, _: Owner) -> bool:
        return False


@fault(breaks="rotation.old-key-revoked", also=WHILE_OLD_WORKS)
class CachesKeys(RemembersKeys):
    """Believes for a while what it has read about a key."""

    def still_good(self, _: Call, old: Replaced) -> bool:
        return self.now() < old.at + CACHED


@fault(breaks="rotation.old-key-revoked", also=WHILE_OLD_WORKS)
class LagsBehind(RemembersKeys):
    """Looks keys up in a replica that is a moment behind: a revoked one is valid at first."""

    def still_good(self, _: Call, old: Replaced) -> bool:
        return self.now() < old.at + LAG


@fault(
    breaks="rotation.old-key-revoked",
    also=(
        "rotation.permanent",
        "rotation.in-flight",
        "rate.revoked-is-401",
    ),
)
class KeepsOldKeyForWrites(RemembersKeys):
    """Revokes the old key for reading; writes go to a service that does not hear of it."""

    def still_good(self, call: Call, _: Replaced) -> bool:
        return call.request.method == "POST"


@fault(
    breaks="rotation.old-key-revoked",
    also=(
        "rotation.permanent",
        "rotation.under-load",
        "rotation.same-as-unknown",
        "rate.revoked-is-401",
    ),
)
class KeepsOldKeyForOneRoute(RemembersKeys):
    """Revokes the old key everywhere but on one route, which has a cache of its own."""

    def still_good(self, call: Call, _: Replaced) -> bool:
        asked = operation(self, call)
        return asked is not None and asked.id == "listTestRuns"


@fault(breaks="rotation.old-key-revoked", also=("rotation.permanent", *WHILE_OLD_WORKS))
class AuthenticatesConnections(RemembersKeys):
    """Authenticates a key once for each connection."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seen: set[Hashable] = set()

    def authenticate(self, call: Call) -> None:
        super().authenticate(call)
        self.seen.add((call.request.client, call.key.digest))

    def still_good(self, call: Call, old: Replaced) -> bool:
        return (call.request.client, old.key.digest) in self.seen


@fault(breaks="rotation.old-key-revoked", also=WHILE_OLD_WORKS)
class RevokesOnFirstUse(RemembersKeys):
    """Lets the old key in until the new one has been used, so that nobody is locked out."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.used: set[str] = set()

    def authenticate(self, call: Call) -> None:
        super().authenticate(call)
        self.used.add(call.key.digest)

    def still_good(self, _: Call, old: Replaced) -> bool:
        return all(key.digest not in self.used for key in self.store.keys(old.key.owner))


@fault(
    breaks="rotation.old-key-revoked",
    also=(
        "rotation.permanent",
        "rotation.in-flight",
        "rotation.one-survivor",
        "rotation.same-as-unknown",
        "rate.revoked-is-401",
        "error.documented-status",
        "error.code-matches",
    ),
)
class ForbidsOldKeys(RemembersKeys, Undocumented):
    """Answers 403 to a key that was replaced."""

    def no_valid_key(self, call: Call) -> Refusal:
        return forbidden() if self.old_key(call) else super().no_valid_key(call)


# rotation.permanent


@fault(
    breaks="rotation.permanent",
    also=(
        "rotation.old-key-revoked",
        "rate.revoked-is-401",
    ),
)
class RevivesAfterAWait(RemembersKeys):
    """Keeps its list of revoked keys in a cache, where they expire."""

    def still_good(self, _: Call, old: Replaced) -> bool:
        return self.now() > old.at + FORGOTTEN


@fault(
    breaks="rotation.permanent",
    also=(
        "rotation.one-survivor",
        "rotation.old-key-revoked",
        "rate.revoked-is-401",
    ),
)
class RevivesAfterAnotherRotation(RemembersKeys):
    """Remembers one previous key to revoke: with the next, the one before it is valid again."""

    def still_good(self, _: Call, old: Replaced) -> bool:
        latest = [each for each in self.replaced.values() if each.key.owner == old.key.owner][-1]
        return old is not latest


@fault(
    breaks="rotation.permanent",
    also=("rotation.old-key-revoked", *WHILE_OLD_WORKS, "rate.no-bypass"),
)
class RevivesOnNewConnection(RemembersKeys):
    """Has one more worker, which did not hear of the revocation: new connections may lead to it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.before: dict[Hashable, set[str]] = {}

    def authenticate(self, call: Call) -> None:
        self.before.setdefault(call.request.client, set(self.replaced))
        super().authenticate(call)

    def still_good(self, call: Call, old: Replaced) -> bool:
        return old.key.digest in self.before[call.request.client]


# rotation.in-flight


@fault(breaks="rotation.in-flight")
class ChecksKeyBeforeBody(Server):
    """Authenticates when the header arrives and never again."""

    async def receive(self, call: Call) -> None:
        super().authenticate(call)
        await super().receive(call)

    def authenticate(self, call: Call) -> None:
        """Trust the key that was found before the body."""


@fault(breaks="rotation.in-flight")
class ChecksKeyBeforeChunks(Server):
    """Authenticates a chunked request when its header arrives and never again."""

    async def receive(self, call: Call) -> None:
        if self.chunked(call):
            super().authenticate(call)
        await super().receive(call)

    def authenticate(self, call: Call) -> None:
        if not self.chunked(call):
            super().authenticate(call)

    def chunked(self, call: Call) -> bool:
        """Whether the body has no announced length."""
        return "transfer-encoding" in call.request.headers


@fault(breaks="rotation.in-flight", also=("error.no-server-error",))
class FailsWhenReplaced(Server):
    """Fails where the key that it has found before the body is gone afterwards."""

    async def receive(self, call: Call) -> None:
        token = self.credential_of(call)
        known = token is not None and self.find_key(token) is not None
        await super().receive(call)
        if known and token and self.find_key(token) is None:
            raise errors.internal()


# rotation.under-load


@fault(breaks="rotation.under-load", also=("rotation.old-key-revoked", "rotation.one-survivor"))
class RevokesWhenIdle(RemembersKeys):
    """Hears of a revocation only when it is not busy."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.under_way = 0

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.under_way += 1
        try:
            await super().serve(scope, receive, send)
        finally:
            self.under_way -= 1

    async def receive(self, call: Call) -> None:
        await super().receive(call)
        await asyncio.sleep(0.005)

    def still_good(self, _call: Call, _old: Replaced) -> bool:
        return self.under_way >= BUSY


# rotation.only-own


class RevokesOthers(Server):
    """Revokes more than the project's own key."""

    async def rotate(self, owner: Owner) -> str:
        for other in self.store.owners():
            if owner.kind == "project" and other.id != owner.id and self.concerns(owner, other):
                for key in self.store.keys(other.id):
                    self.store.revoke(key)
        return await super().rotate(owner)

    def concerns(self, _owner: Owner, _other: Owner) -> bool:
        """Whether the other's keys are revoked too."""
        return False


@fault(
    breaks="rotation.only-own",
    also=(
        "auth.team-key-accepted",
        "error.unknown-route",
        "scope.nested",
    ),
)
class RevokesTeamKeys(RevokesOthers):
    """Revokes the team's keys with the project's."""

    def concerns(self, owner: Owner, other: Owner) -> bool:
        return owner.team == other.id


@fault(
    breaks="rotation.only-own",
    also=(
        "auth.project-key-accepted",
        "scope.project-isolation",
    ),
)
class RevokesEveryProject(RevokesOthers):
    """Forgets the condition in its UPDATE: every project's key is revoked."""

    def concerns(self, _: Owner, other: Owner) -> bool:
        return other.kind == "project"


# rotation.one-survivor


@fault(breaks="rotation.one-survivor", also=("rotation.old-key-revoked", "rotation.permanent"))
class RotatesWithoutTransaction(Server):
    """Reads which key to revoke, waits for its database, and then writes the new one."""

    async def rotate(self, owner: Owner) -> str:
        before = self.store.keys(owner.id)
        await asyncio.sleep(LAG)
        for key in before:
            if self.replaces(owner):
                self.store.revoke(key)
        new = self.generate(self.contract.kinds[owner.kind])
        self.store.add_key(self.record(owner, new), replaces=False)
        return new


@fault(breaks="rotation.one-survivor", also=("rotation.new-key-works",))
class RevokesRivals(Server):
    """Adds its key, waits, and revokes all others: of two at once none survives."""

    async def rotate(self, owner: Owner) -> str:
        if not self.replaces(owner):
            return await super().rotate(owner)
        new = self.generate(self.contract.kinds[owner.kind])
        mine = self.record(owner, new)
        self.store.add_key(mine, replaces=False)
        await asyncio.sleep(LAG)
        for key in self.store.keys(owner.id):
            if key.digest != mine.digest:
                self.store.revoke(key)
        return new


# rotation.key-form


class Prefixes(Server):
    """Begins its keys otherwise."""

    def generate(self, kind: KeyKind) -> str:
        return self.prefix(kind) + super().generate(kind).removeprefix(kind.prefix)

    def prefix(self, kind: KeyKind) -> str:
        """Return what a key of this kind begins with."""
        return kind.prefix


@fault(breaks="rotation.key-form")
class MisspellsPrefix(Prefixes):
    """Writes the prefix of a project key out."""

    def prefix(self, kind: KeyKind) -> str:
        return kind.prefix.replace("_proj_", "_project_")


@fault(breaks="rotation.key-form")
class ForgetsPrefixOfTeamKeys(Prefixes):
    """Generates team keys without a prefix."""

    def prefix(self, kind: KeyKind) -> str:
        return "" if kind.name == TEAM else kind.prefix


@fault(breaks="rotation.key-form", also=("rate.new-key-window",))
class ShowsTeamKeyAgain(Server):
    """Shows the team key that there is, where a new one was asked for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.issued: dict[str, str] = {}

    def issue(self, owner: Owner) -> str:
        known = self.issued.get(owner.id) if owner.kind == TEAM else None
        self.issued[owner.id] = known or super().issue(owner)
        return self.issued[owner.id]


@fault(breaks="rotation.key-form", also=("rotation.one-survivor",))
class SharesRotations(Server):
    """Answers two rotations at once with the same key."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.under_way: dict[str, asyncio.Task[str]] = {}

    async def rotate(self, owner: Owner) -> str:
        if owner.id not in self.under_way:
            self.under_way[owner.id] = asyncio.create_task(self.rotate_once(owner))
        return await asyncio.shield(self.under_way[owner.id])

    async def rotate_once(self, owner: Owner) -> str:
        """Generate the key that all who wait for it are given."""
        await asyncio.sleep(LAG)
        del self.under_way[owner.id]
        return self.issue(owner)


# rotation.shown-once


@fault(breaks="rotation.shown-once")
class ShowsWholeKey(Server):
    """Keeps the key itself and shows it whenever the settings page is opened."""

    def shown(self, _: Owner, key: str) -> str:
        return key


@fault(breaks="rotation.shown-once")
class ShowsTail(Server):
    """Shows the last characters of the key too."""

    def shown(self, owner: Owner, key: str) -> str:
        return f"{super().shown(owner, key)}...{key[-8:]}"


@fault(breaks="rotation.shown-once")
class ShowsKindOnly(Server):
    """Shows the documented prefix and nothing that tells one key from another."""

    def shown(self, owner: Owner, _: str) -> str:
        return self.contract.kinds[owner.kind].prefix


@fault(breaks="rotation.shown-once")
class ShowsPreviousKey(Server):
    """Shows the prefix of the key before."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.previous: dict[str, str] = {}

    def shown(self, owner: Owner, key: str) -> str:
        shown = super().shown(owner, key)
        before, self.previous[owner.id] = self.previous.get(owner.id, shown), shown
        return before


@fault(breaks="rotation.shown-once")
class ShowsKeyUntilCopied(Server):
    """Shows a project's whole key for as long as it has not been used."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.unused: dict[str, str] = {}

    def issue(self, owner: Owner) -> str:
        key = super().issue(owner)
        self.unused[keys.digest(key)] = key
        return key

    def authenticate(self, call: Call) -> None:
        super().authenticate(call)
        self.unused.pop(call.key.digest, None)

    def displayed(self, key: Key) -> str:
        return self.unused.get(key.digest) or super().displayed(key)


# rotation.same-as-unknown


@fault(breaks="rotation.same-as-unknown")
class SaysRevoked(RemembersKeys):
    """Tells whoever sends a replaced key that it once was one."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal = super().no_valid_key(call)
        if self.old_key(call):
            return Refusal(refusal.status, "This API key has been revoked", refusal.headers)
        return refusal


@fault(breaks="rotation.same-as-unknown")
class SaysRevokedInField(RemembersKeys):
    """Tells in a field that a key was replaced."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.UNAUTHORIZED and self.old_key(call):
            response.headers["X-Key-Status"] = "revoked"
        return response


@fault(breaks="rotation.same-as-unknown")
class SaysNoneLeftToOldKeys(RemembersKeys):
    """Says that nothing is left of a replaced key's window, and something of an unknown one's."""

    def remaining_field(self, call: Call, window: Window) -> str:
        old = call.window is None and self.old_key(call)
        return "0" if old else super().remaining_field(call, window)


# rotation.entropy


@fault(breaks="rotation.entropy")
class GeneratesShortKeys(Server):
    """Generates secrets of sixteen hexadecimal digits."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + secrets.token_hex(8)


@fault(breaks="rotation.entropy")
class GeneratesNumbers(Server):
    """Generates secrets of twenty decimal digits."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + f"{secrets.randbelow(10**20):020}"
