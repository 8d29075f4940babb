"""What lasts: projects, teams, what belongs to them, and what is kept of their keys."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reference_server.keys import Key

NAMESPACE = uuid.UUID("6f1c3f0e-5d0b-5f0a-9a3e-2f1f0b0c7d11")

SCHEMA = """
CREATE TABLE IF NOT EXISTS owners (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, team TEXT REFERENCES owners);
CREATE TABLE IF NOT EXISTS keys (
    digest TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES owners, kind TEXT NOT NULL,
    shown TEXT NOT NULL, revoked INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS keys_of ON keys (owner);
CREATE TABLE IF NOT EXISTS resources (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES owners, collection TEXT NOT NULL,
    content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resources_of ON resources (owner, collection);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A project or a team: what keys and resources belong to."""

    id: str
    kind: str
    name: str
    team: str | None = None  # the team that a project is part of


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that belongs to a project or team, as the API shows it."""

    id: str
    owner: str
    collection: str
    content: Mapping[str, Any]


class Store:
    """A SQLite database, in memory unless *path* names a file.

    Every change is on the disk before the call returns, so that a server that is killed loses no
    key that it has shown.
    """

    def __init__(self, path: str = ":memory:") -> None:
        # Seeded by the thread that starts the server, then used by the server's alone.
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA foreign_keys = ON")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def add_owner(self, owner: Owner) -> None:
        """Keep a new project or team."""
        with self._database as database:
            row = (owner.id, owner.kind, owner.name, owner.team)
            database.execute("INSERT INTO owners VALUES (?, ?, ?, ?)", row)

    def owner(self, owner_id: str) -> Owner | None:
        """Return the project or team with this id."""
        query = "SELECT id, kind, name, team FROM owners WHERE id = ?"
        row = self._database.execute(query, (owner_id,)).fetchone()
        return _owner(row) if row else None

    def owners(self) -> list[Owner]:
        """Return all projects and teams, oldest first."""
        rows = self._database.execute("SELECT id, kind, name, team FROM owners ORDER BY rowid")
        return [_owner(row) for row in rows]

    def add_key(self, key: Key, *, replaces: bool) -> None:
        """Keep a new key; *replaces* revokes those before it, in the same transaction."""
        with self._database as database:
            if replaces:
                database.execute("UPDATE keys SET revoked = 1 WHERE owner = ?", (key.owner,))
            row = (key.digest, key.owner, key.kind, key.shown)
            database.execute(
                "INSERT INTO keys (digest, owner, kind, shown) VALUES (?, ?, ?, ?)", row
            )

    def key(self, digest: str) -> Key | None:
        """Return the key with this hash, unless it is revoked."""
        query = "SELECT digest, owner, kind, shown FROM keys WHERE digest = ? AND NOT revoked"
        row = self._database.execute(query, (digest,)).fetchone()
        return _key(row) if row else None

    def keys(self, owner_id: str) -> list[Key]:
        """Return the valid keys of a project or team, oldest first."""
        query = (
            "SELECT digest, owner, kind, shown FROM keys "
            "WHERE owner = ? AND NOT revoked ORDER BY rowid"
        )
        return [_key(row) for row in self._database.execute(query, (owner_id,))]

    def revoke(self, key: Key) -> None:
        """Make *key* invalid for good."""
        with self._database as database:
            database.execute("UPDATE keys SET revoked = 1 WHERE digest = ?", (key.digest,))

    def next_id(self, owner_id: str, collection: str) -> str:
        """Return the id of the next resource in a collection: the same in every run."""
        query = "SELECT count(*) FROM resources WHERE owner = ? AND collection = ?"
        (count,) = self._database.execute(query, (owner_id, collection)).fetchone()
        return str(uuid.uuid5(NAMESPACE, f"{owner_id}/{collection}/{count}"))

    def put(self, resource: Resource) -> None:
        """Keep a resource, in the place of the one with the same id."""
        row = (resource.id, resource.owner, resource.collection, json.dumps(resource.content))
        statement = (
            "INSERT INTO resources VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET content = excluded.content"
        )
        with self._database as database:
            database.execute(statement, row)

    def resource(self, owner_id: str, collection: str, resource_id: str) -> Resource | None:
        """Return what a project or team has in a collection under this id."""
        query = (
            "SELECT id, owner, collection, content FROM resources "
            "WHERE owner = ? AND collection = ? AND id = ?"
        )
        row = self._database.execute(query, (owner_id, collection, resource_id)).fetchone()
        return _resource(row) if row else None

    def resources(self, owner_id: str, collection: str, limit: int | None = None) -> list[Resource]:
        """Return what a project or team has of a collection, newest first, at most *limit*."""
        query = (
            "SELECT id, owner, collection, content FROM resources "
            "WHERE owner = ? AND collection = ? ORDER BY rowid DESC LIMIT ?"
        )
        everything = -1  # SQLite's way to say it
        rows = self._database.execute(query, (owner_id, collection, limit or everything))
        return [_resource(row) for row in rows]


def _owner(row: tuple[str, str, str, str | None]) -> Owner:
    return Owner(id=row[0], kind=row[1], name=row[2], team=row[3])


def _key(row: tuple[str, str, str, str]) -> Key:
    return Key(digest=row[0], owner=row[1], kind=row[2], shown=row[3])


def _resource(row: tuple[str, str, str, str]) -> Resource:
    return Resource(id=row[0], owner=row[1], collection=row[2], content=json.loads(row[3]))
