"""rotation: what becomes of the old key, and that others' keys stay."""

from __future__ import annotations

from collections.abc import Hashable
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import (
    LAG,
    RemembersKeys,
    Replaced,
    Undocumented,
    forbidden,
    operation,
)
from reference_server.store import Owner
from reference_server.windows import Window

CACHED = 20.0  # seconds that CachesKeys believes what it has read
FORGOTTEN = 0.5  # of a window: after that long, RevivesAfterAWait has forgotten a revocation

# What cannot hold where an old key still does something at first.
WHILE_OLD_WORKS = (
    "rotation.in-flight",
    "rotation.under-load",
    "rotation.one-survivor",
    "rotation.same-as-unknown",
    "rate.revoked-is-401",
)

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


@fault(breaks="rotation.old-key-revoked")
class LooksForReplacedKeys(RemembersKeys):
    """Looks for what is asked first, and then whether the key that once reached it still may."""

    def no_valid_key(self, call: Call) -> Refusal:
        if old := self.old_key(call):
            call.key = old.key
            self.locate(call)
        return super().no_valid_key(call)


@fault(breaks="rotation.old-key-revoked", also=WHILE_OLD_WORKS)
class LagsBehind(RemembersKeys):
    """Looks keys up in a replica that is a moment behind: a revoked one is valid at first."""

    def still_good(self, _: Call, old: Replaced) -> bool:
        return self.now() < old.at + LAG


@fault(
    breaks="rotation.old-key-revoked",
    also=(
        "rotation.permanent",
        "rotation.one-survivor",
        "rotation.in-flight",
        "rotation.under-load",
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


@fault(breaks="rotation.old-key-revoked", seldom=True)
class KeepsOldKeyInSmallLetters(RemembersKeys):
    """Has a cache in front, by the Authorization field; a scheme in small letters is its own."""

    def still_good(self, call: Call, _: Replaced) -> bool:
        return call.request.headers["authorization"].startswith("bearer")


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


@fault(breaks="rotation.old-key-revoked", also=(*WHILE_OLD_WORKS, "rotation.permanent"))
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


@fault(breaks="rotation.old-key-revoked")
class RoutesForOldKeys(RemembersKeys):
    """Answers 404 to a method that a path lacks, with a key that was valid once."""

    def no_valid_key(self, call: Call) -> Refusal:
        lacking = self.old_key(call) and self.route(call) is None
        return errors.not_found() if lacking else super().no_valid_key(call)


@fault(breaks="rotation.old-key-revoked", also=("rotation.same-as-unknown", "auth.before-all"))
class ValidatesForOldKeys(RemembersKeys):
    """Answers 400 to an invalid request with a key that was valid once."""

    def no_valid_key(self, call: Call) -> Refusal:
        route = self.route(call) if self.old_key(call) else None
        if route:
            call.operation, call.ids = route
            self.validate(call)
        return super().no_valid_key(call)


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

    forgotten = FORGOTTEN

    def still_good(self, _: Call, old: Replaced) -> bool:
        return self.now() > old.at + self.forgotten * self.seconds


@fault(breaks="rotation.permanent", also=("rotation.old-key-revoked", "rate.revoked-is-401"))
class RevivesWithNextWindow(RevivesAfterAWait):
    """Keeps what it knows of a revoked key as long as its counter: for a window."""

    forgotten = 1.0


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
        return old is not self.latest(old.key.owner)


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


@fault(breaks="rotation.permanent", also=("rotation.old-key-revoked",))
class RevivesOnLastRequest(RemembersKeys):
    """Does not look again whether a key is good where the connection ends with the answer."""

    def still_good(self, call: Call, _: Replaced) -> bool:
        return call.request.headers.get("connection") == "close"


# rotation.only-own


class RevokesOthers(Server):
    """Revokes more than the project's own key."""

    async def rotate(self, owner: Owner) -> str:
        for other in self.store.owners():
            if other.id != owner.id and self.concerns(owner, other):
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
    also=("auth.project-key-accepted", "rotation.shown-once"),
    seldom=True,
)
class RevokesKeysOfProjects(RevokesOthers):
    """Revokes with a team's new key those of its projects."""

    def concerns(self, owner: Owner, other: Owner) -> bool:
        return other.team == owner.id


@fault(
    breaks="rotation.only-own",
    also=(
        "auth.project-key-accepted",
        "scope.project-isolation",
    ),
)
class RevokesEveryProject(RevokesOthers):
    """Forgets the condition in its UPDATE: every project's key is revoked."""

    def concerns(self, owner: Owner, other: Owner) -> bool:
        return owner.kind == other.kind == "project"


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


@fault(breaks="rotation.same-as-unknown")
class SaysExpired(RemembersKeys):
    """Tells whoever sends a key that was replaced more than once ago that it was one."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal, old = super().no_valid_key(call), self.old_key(call)
        if old is None or old is self.latest(old.key.owner):
            return refusal
        return Refusal(refusal.status, "This API key has expired", refusal.headers)
