"""What each operation does, once the request has been found valid; named by operationId."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reference_server import errors
from reference_server.store import Resource

if TYPE_CHECKING:
    from reference_server.app import Server
from reference_server.call import Call

Work = Callable[["Server", "Call"], object]
WORK: dict[str, Work] = {}


def does(*operation_ids: str) -> Callable[[Work], Work]:
    """Register a function as the work of these operations."""

    def register(work: Work) -> Work:
        WORK.update(dict.fromkeys(operation_ids, work))
        return work

    return register


@does(
    "listExecutions",
    "listTestRuns",
    "listBugReports",
    "listIntegrations",
    "listEnvironments",
    "listAutomations",
)
def list_contents(server: Server, call: Call) -> object:
    """List a collection of the project or team."""
    return server.contents(call)


@does("getExecution", "getEnvironment")
def show_resource(_: Server, call: Call) -> object:
    """Show the resource that the path names."""
    assert call.resource
    return call.resource.content


@does("getOnboarding")
def show_onboarding(server: Server, call: Call) -> object:
    """Show the one onboarding that every project has."""
    return server.contents(call)[0]


@does("createExecution")
def create_execution(server: Server, call: Call) -> object:
    """Queue a task. It stays queued, as there is nothing here to run it."""
    content = {
        "taskSlug": call.content["taskSlug"],
        "status": "queued",
        "createdAt": server.timestamp(call),
    }
    return server.create(call, "executionId", content)


@does("createEnvironment")
def create_environment(server: Server, call: Call) -> object:
    """Create an environment of the team."""
    return server.create(call, "environmentId", {"name": call.content["name"]})


@does("putVariables")
def replace_variables(server: Server, call: Call) -> object:
    """Replace the variables of an environment. Nothing reads their values, so none is kept."""
    assert call.resource
    content = {"variables": [{"name": each["name"]} for each in call.content["variables"]]}
    server.store.put(
        Resource(
            id=f"{call.resource.id}/variables",
            owner=call.owner,
            collection=call.operation.collection,
            content=content,
        )
    )
    return content


@does("sendProjectEvent", "sendTeamEvent")
def receive_event(server: Server, call: Call) -> object:
    """Take in an event; one for a project that the team does not have is for nothing there is."""
    project = call.content.get("project_id")
    if project is not None and not server.reaches(call.owner, project):
        raise errors.not_found()
    return server.create(call, "eventId", {"outcome": "accepted"})
