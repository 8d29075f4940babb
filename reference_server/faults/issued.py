"""rotation: what the new key is, that it works, and who is shown it."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Hashable
from typing import Any

from reference_server import keys
from reference_server.app import Server
from reference_server.call import Call
from reference_server.contract import KeyKind
from reference_server.faults.registry import fault
from reference_server.faults.shapes import LAG, operation
from reference_server.keys import Key
from reference_server.store import Owner

TEAM = "team"
WITH_UNKNOWN_NEW_KEYS = (  # what a new key is tried on, besides
    "rotation.one-survivor",
    "auth.project-key-accepted",
    "auth.team-key-accepted",
    "error.unknown-route",
    "scope.nested",
)

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
        "auth.project-key-accepted",
        "auth.scheme-case",
        "schema.valid-accepted",
        "error.invalid-body",
        "error.malformed-json",
        "error.media-type",
    ),
)
class ForgetsEventsOfNewKeys(Server):
    """Grants a project's first key all there is, and forgets its events with the next one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.first: dict[str, str] = {}  # the digest of each owner's first key

    def record(self, owner: Owner, key: str) -> Key:
        kept = super().record(owner, key)
        self.first.setdefault(owner.id, kept.digest)
        return kept

    def accepts_kind(self, call: Call) -> bool:
        first = self.first[call.key.owner] == call.key.digest
        return super().accepts_kind(call) and (first or call.operation.id != "sendProjectEvent")


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
class ShowsKeyLater(Server):
    """Shows the prefix at first, and the whole key whenever the page is opened again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept: dict[str, str] = {}
        self.opened: set[str] = set()

    def record(self, owner: Owner, key: str) -> Key:
        self.kept[keys.digest(key)] = key
        return super().record(owner, key)

    def displayed(self, key: Key) -> str:
        again = key.digest in self.opened
        self.opened.add(key.digest)
        return self.kept[key.digest] if again else super().displayed(key)


@fault(breaks="rotation.shown-once", seldom=True)
class TakesShownTextForKey(Server):
    """Lets in to the onboarding page who has what the settings page shows of a project's key."""

    def find_key(self, token: str) -> Key | None:
        return super().find_key(token) or self.shown_as.get(token)

    def authenticate(self, call: Call) -> None:
        asked = operation(self, call)
        onboarding = asked is not None and asked.id == "getOnboarding"
        keys = (key for owner in self.store.owners() for key in self.store.keys(owner.id))
        self.shown_as = {self.displayed(key): key for key in keys if onboarding}
        super().authenticate(call)


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


@fault(breaks="rotation.shown-once", seldom=True)
class ShowsNewestOfAll(Server):
    """Shows the prefix of the key that was generated last, whosever it is."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.newest: Key | None = None

    def record(self, owner: Owner, key: str) -> Key:
        self.newest = super().record(owner, key)
        return self.newest

    def displayed(self, key: Key) -> str:
        return super().displayed(self.newest or key)


@fault(breaks="rotation.shown-once")
class HidesKeyInPage(Server):
    """Sends the whole key with the settings page, in base64, for its button that copies it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.copied: dict[str, str] = {}  # by the key's hash
        super().__init__(*arguments, **options)

    def record(self, owner: Owner, key: str) -> Key:
        kept = super().record(owner, key)
        self.copied[kept.digest] = base64.b64encode(key.encode()).decode()
        return kept

    def displayed(self, key: Key) -> str:
        return f"{super().displayed(key)} {self.copied[key.digest]}"


# rotation.entropy


@fault(breaks="rotation.entropy")
class GeneratesShortKeys(Server):
    """Generates secrets of sixteen hexadecimal digits."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + secrets.token_hex(8)


@fault(breaks="rotation.entropy")
class GeneratesNumbers(Server):
    """Generates secrets of thirty-two decimal digits."""

    def generate(self, kind: KeyKind) -> str:
        return kind.prefix + f"{secrets.randbelow(10**32):032}"
