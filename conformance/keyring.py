"""The keys a run holds or has held, each under a label that stands for it everywhere else."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract import Contract
from conformance.history import Event, Recorder
from conformance.secrets import Masker
from conformance.target import Party

CLASSES = {"lower": "a-z", "upper": "A-Z", "digit": "0-9"}


@dataclass(frozen=True, slots=True)
class Key:
    """A key that the target gave or a hook generated."""

    label: str  # project#1
    party: str
    kind: str
    value: str = field(repr=False)

    def secret(self, contract: Contract) -> str:
        """What follows the documented prefix (API Keys, Key Types)."""
        return self.value.removeprefix(contract.kinds[self.kind].prefix)


class Keyring:
    """Which key each party has now, and which it had before."""

    def __init__(self, contract: Contract, masker: Masker, recorder: Recorder) -> None:
        self._contract = contract
        self._masker = masker
        self._recorder = recorder
        self._keys: dict[str, list[Key]] = {}
        self._lock = threading.Lock()

    def add(
        self,
        party: Party,
        value: str,
        at: tuple[float, float],
        *,
        generated: bool = True,
        record: bool = True,
    ) -> Key:
        """Take a key in: mask it from now on, and record what its form is, but not the key."""
        with self._lock:
            key, same = self._label(party, value)
            self._masker.register(value, key.label)
            replaces = self._replaced(party, key) if generated else None
            self._keys.setdefault(party.name, []).append(key)
        data = {
            "party": party.name,
            "key": key.label,
            "replaces": replaces,
            "generated": generated,
            "same_as": same,
            **form(self._contract.kinds[party.kind].prefix, value),
        }
        if record:
            self._recorder.event(Event(kind="issued", started=at[0], ended=at[1], data=data))
        return key

    def current(self, party: str) -> Key | None:
        """The key that a party has now."""
        keys = self._keys.get(party)
        return keys[-1] if keys else None

    def holds(self, value: str) -> bool:
        """Whether a text is a key that somebody was given."""
        return any(key.value == value for keys in self._keys.values() for key in keys)

    def earlier(self, party: str) -> tuple[Key, ...]:
        """The keys that a party had before, oldest first."""
        return tuple(self._keys.get(party, ())[:-1])

    def replaced(self, label: str | None) -> bool:
        """Whether a newer key has replaced the one with this label."""
        party = (label or "").partition("#")[0]
        earlier = next((key for key in self.earlier(party) if key.label == label), None)
        return earlier is not None and self._contract.kinds[earlier.kind].replaces

    def _label(self, party: Party, value: str) -> tuple[Key, str | None]:
        known = [key for keys in self._keys.values() for key in keys if key.value == value]
        number = len(self._keys.get(party.name, ())) + 1
        label = f"{party.name}#{number}"
        return Key(label, party.name, party.kind, value), known[0].label if known else None

    def _replaced(self, party: Party, key: Key) -> str | None:
        before = self._keys.get(party.name)
        return before[-1].label if before and self._contract.kinds[key.kind].replaces else None


def form(prefix: str, value: str) -> Mapping[str, Any]:
    """What may be said of a key without giving it away: prefix, length and alphabet."""
    secret = value.removeprefix(prefix)
    alphabet = [name for name, span in CLASSES.items() if re.search(f"[{span}]", secret)]
    others = sorted({letter for letter in secret if not letter.isalnum()})
    return {
        "prefixed": value.startswith(prefix) and bool(secret),
        "secret_length": len(secret),
        "distinct": len(set(secret)),
        "alphabet": [*alphabet, *others],
        "hexadecimal": bool(re.fullmatch(r"[0-9a-f]*|[0-9A-F]*", secret)),
    }
