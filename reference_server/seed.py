"""What a new server holds: two teams with one project each, and something of every collection."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reference_server.app import Server
from reference_server.store import NAMESPACE, Owner, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A project or team, and the key that was generated for it."""

    id: str
    key: str


def owners() -> Mapping[str, Owner]:
    """Return the seeded projects and teams by the names that a target file gives them."""
    team, other_team = _team("team", "Team"), _team("other_team", "Other team")
    return {
        "team": team,
        "other_team": other_team,
        "project": _project("project", "Project", team),
        "other_project": _project("other_project", "Other project", other_team),
    }


def plant(server: Server) -> Mapping[str, Credential]:
    """Fill an empty store and return the credentials; of a filled one the keys are not known."""
    seeded = owners()
    if any(server.store.owner(owner.id) for owner in seeded.values()):
        return {}
    for owner in seeded.values():
        server.store.add_owner(owner)
        for resource in _resources(owner, server.clock.now()):
            server.store.put(resource)
    return {name: Credential(id=own.id, key=server.issue(own)) for name, own in seeded.items()}


def _team(name: str, title: str) -> Owner:
    return Owner(id=_id(name), kind="team", name=title)


def _project(name: str, title: str, team: Owner) -> Owner:
    return Owner(id=_id(name), kind="project", name=title, team=team.id)


def _id(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))


def _resources(owner: Owner, now: float) -> Iterator[Resource]:
    contents = _of_project(now) if owner.kind == "project" else _of_team()
    for number, (collection, id_member, content) in enumerate(contents):
        new_id = _id(f"{owner.id}/{number}")
        whole = {id_member: new_id, **content} if id_member else content
        yield Resource(id=new_id, owner=owner.id, collection=collection, content=whole)


Content = tuple[str, str | None, Mapping[str, Any]]  # collection, the id's member, the rest


def _of_project(now: float) -> Iterator[Content]:
    created = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    for status in ("succeeded", "failed"):
        execution = {"taskSlug": "run-tests", "status": status, "createdAt": created}
        yield "executions", "executionId", execution
        yield "test-runs", "testRunId", {"status": status}
    yield "bug-reports", "bugReportId", {"title": "The cart loses its items", "status": "open"}
    yield "onboarding", None, {"status": "in_progress", "completedSteps": ["create_project"]}


def _of_team() -> Iterator[Content]:
    yield "environments", "environmentId", {"name": "staging"}
    yield "integrations", None, {"provider": "generic", "status": "connected"}
    yield "automations", "automationId", {"enabled": True}
