"""The settings pages: make a key, see its prefix, revoke it (API Keys, Generating a Project Key).

A seeded fault or a lawful variant of the server may decide one of these steps otherwise.
"""

from __future__ import annotations

from reference_server import keys
from reference_server.contract import Contract, KeyKind
from reference_server.keys import Key
from reference_server.store import Owner, Store


class Settings:
    """What Project Settings > API Key and Team Settings > API Keys do."""

    def __init__(self, contract: Contract, store: Store) -> None:
        self.contract = contract
        self.store = store

    async def rotate(self, owner: Owner) -> str:
        """Generate a key for a project or team at its settings page, and return it to be shown."""
        return self.issue(owner)

    def issue(self, owner: Owner) -> str:
        """Make a key and keep what is kept of it; where the kind says so, it replaces the last."""
        kind = self.contract.kinds[owner.kind]
        key = self.generate(kind)
        self.store.add_key(self.record(owner, key), replaces=self.replaces(owner))
        return key

    def replaces(self, owner: Owner) -> bool:
        """Whether a new key revokes the previous one."""
        return self.contract.kinds[owner.kind].replaces

    def generate(self, kind: KeyKind) -> str:
        """Return a new key of this kind."""
        return keys.generate(kind.prefix)

    def record(self, owner: Owner, key: str) -> Key:
        """Return what is kept of *key*."""
        shown = self.shown(owner, key)
        return Key(digest=keys.digest(key), owner=owner.id, kind=owner.kind, shown=shown)

    def shown(self, owner: Owner, key: str) -> str:
        """Return the part of *key* that stays visible: its prefix, "stored for identification"."""
        return keys.shown(key, self.contract.kinds[owner.kind].prefix)

    def revoke(self, owner: Owner, shown: str) -> bool:
        """Revoke the key that the settings page shows like this; False if there is none."""
        found = [key for key in self.store.keys(owner.id) if self.displayed(key) == shown]
        for key in found:
            self.store.revoke(key)
        return bool(found)

    def display(self, owner: Owner) -> list[str]:
        """Return what the settings page shows of each valid key, oldest first."""
        return [self.displayed(key) for key in self.store.keys(owner.id)]

    def displayed(self, key: Key) -> str:
        """Return what the settings page shows of *key*, as in ``bzy_proj_abc1...``."""
        return f"{key.shown}..."
