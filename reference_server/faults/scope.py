"""scope: what a key reaches."""

from __future__ import annotations

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, forbidden
from reference_server.store import Resource

LEAKS = ("leak.same-answer", "leak.before-validation")


class Reaches(Server):
    """Lets a key reach what is not its own."""

    def accepts_owner(self, call: Call) -> bool:
        exists = self.store.owner(call.owner) is not None
        return super().accepts_owner(call) or (exists and self.lets_reach(call))

    def lets_reach(self, _: Call) -> bool:
        """Whether the key of the right kind may do this to another's."""
        return False


# scope.project-isolation


@fault(
    breaks="scope.project-isolation",
    also=("scope.no-side-effect", "scope.nested", *LEAKS, "leak.nested"),
)
class ForgetsProject(Reaches):
    """Lets a project key reach every project there is."""

    def lets_reach(self, call: Call) -> bool:
        return call.key.kind == "project"


@fault(breaks="scope.project-isolation", also=("scope.no-side-effect", *LEAKS))
class ForgetsProjectForWrites(Reaches):
    """Looks whose the project is where something is read, not where something is written."""

    def lets_reach(self, call: Call) -> bool:
        return call.key.kind == "project" and call.operation.method != "GET"


@fault(breaks="scope.project-isolation", also=LEAKS)
class ForgetsProjectForOneRoute(Reaches):
    """Forgot the check on the newest of the routes."""

    def lets_reach(self, call: Call) -> bool:
        return call.operation.id == "listBugReports"


@fault(
    breaks="scope.project-isolation",
    also=(
        "scope.nested",
        "leak.nested",
        "error.invalid-parameters",
        "scope.own-only",
    ),
)
class IgnoresProjectId(Server):
    """Takes the project from the key and serves it under whatever id the path has."""

    def accepts_owner(self, call: Call) -> bool:
        if call.key.kind == "project":
            call.ids = {**call.ids, call.operation.owner: call.key.owner}
        return super().accepts_owner(call)


@fault(
    breaks="scope.project-isolation",
    also=("scope.nested", "error.documented-status", "error.code-matches", *LEAKS, "leak.nested"),
)
class ForbidsForeignProject(Undocumented):
    """Answers 403 to another's project."""

    def wrong_owner(self, call: Call) -> Refusal:
        owner = self.store.owner(call.owner)
        return forbidden() if owner and owner.kind == "project" else super().wrong_owner(call)


@fault(breaks="scope.project-isolation", also=("scope.nested", "leak.nested"))
class InvalidatesKeyElsewhere(Server):
    """Looks a key up together with the project of the path: elsewhere it is invalid, 401."""

    def wrong_owner(self, call: Call) -> Refusal:
        return errors.unauthorized() if call.key.kind == "project" else super().wrong_owner(call)


@fault(breaks="scope.project-isolation", also=("scope.team-isolation",))
class ReachesInCapitals(Server):
    """Finds a project whatever the case of its id, and checks the key where the case is right."""

    def accepts_owner(self, call: Call) -> bool:
        written = call.owner
        call.ids = {**call.ids, call.operation.owner: written.lower()}
        known = self.store.owner(call.owner) is not None
        return super().accepts_owner(call) or (known and written != call.owner)


# scope.team-isolation


@fault(breaks="scope.project-isolation", also=("scope.nested",))
class ServesOwnUnderForeign(Server):
    """Looks whose an execution is, and not which project the path names."""

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or call.operation.id == "getExecution"

    def find_resource(self, call: Call, resource_id: str, collection: str) -> Resource:
        resource = self.store.resource(call.key.owner, collection, resource_id)
        if resource is None:
            raise self.no_resource(call, resource_id)
        return resource


@fault(breaks="scope.team-isolation", also=("scope.nested", *LEAKS, "leak.nested"))
class ReachesOneWay(Reaches):
    """Lets the later one of two teams read the environments of the earlier."""

    def lets_reach(self, call: Call) -> bool:
        return call.operation.id == "getEnvironment" and call.key.owner > call.owner


@fault(
    breaks="scope.team-isolation",
    also=("scope.no-side-effect", "scope.nested", *LEAKS, "leak.nested"),
)
class ForgetsTeam(Reaches):
    """Lets a team key reach every team there is."""

    def lets_reach(self, call: Call) -> bool:
        return call.key.kind == "team"


@fault(breaks="scope.team-isolation", also=LEAKS)
class ForgetsTeamForEvents(Reaches):
    """Takes events for every team, as the path names it."""

    def lets_reach(self, call: Call) -> bool:
        return call.operation.id == "sendTeamEvent"


@fault(
    breaks="scope.team-isolation",
    also=("scope.nested", "error.documented-status", "error.code-matches", *LEAKS, "leak.nested"),
)
class ForbidsForeignTeam(Undocumented):
    """Answers 403 to another team."""

    def wrong_owner(self, call: Call) -> Refusal:
        owner = self.store.owner(call.owner)
        return forbidden() if owner and owner.kind == "team" else super().wrong_owner(call)


# scope.project-key-on-team, scope.team-key-on-project


@fault(breaks="scope.project-key-on-team", also=("scope.no-side-effect",))
class LendsTeamToProject(Server):
    """Lets a project key call the operations of the team that owns the project."""

    def accepts_kind(self, call: Call) -> bool:
        return super().accepts_kind(call) or call.key.kind == "project"

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or self.reaches(call.owner, call.key.owner)


@fault(breaks="scope.project-key-on-team")
class LendsOneListToProject(Server):
    """Lets a project key list its team's environments, to choose one of them."""

    def accepts_kind(self, call: Call) -> bool:
        return super().accepts_kind(call) or call.operation.id == "listEnvironments"

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or self.reaches(call.owner, call.key.owner)


@fault(breaks="scope.project-key-on-team", seldom=True)
class LendsEnvironmentsToLatestProject(Server):
    """Lets the key of the project that was made last look at its team's environments."""

    def accepts_kind(self, call: Call) -> bool:
        latest = [one for one in self.store.owners() if one.kind == "project"][-1]
        asked = call.operation.id == "getEnvironment" and call.key.owner == latest.id
        return super().accepts_kind(call) or asked

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or self.reaches(call.owner, call.key.owner)


@fault(breaks="scope.project-key-on-team", also=("error.documented-status", "error.code-matches"))
class ForbidsProjectKeys(Undocumented):
    """Answers 403 to a project key on a team operation."""

    def wrong_kind(self, call: Call) -> Refusal:
        return forbidden() if call.key.kind == "project" else super().wrong_kind(call)


@fault(breaks="scope.team-key-on-project", also=("scope.no-side-effect",))
class TakesTeamForAdministrator(Server):
    """Lets a team key call the operations of the team's projects."""

    def accepts_kind(self, call: Call) -> bool:
        return super().accepts_kind(call) or call.key.kind == "team"

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or self.reaches(call.key.owner, call.owner)


@fault(breaks="scope.team-key-on-project")
class ShowsTeamItsProjects(Server):
    """Lets a team key read the executions of the team's projects."""

    def accepts_kind(self, call: Call) -> bool:
        return super().accepts_kind(call) or call.operation.id == "listExecutions"

    def accepts_owner(self, call: Call) -> bool:
        return super().accepts_owner(call) or self.reaches(call.key.owner, call.owner)


@fault(breaks="scope.team-key-on-project", seldom=True)
class ValidatesForAnyKind(Server):
    """Looks at the parameters that a team key sends to a project before at the key's kind."""

    def wrong_kind(self, call: Call) -> Refusal:
        if call.key.kind == "team":
            self.validate_parameters(call)
        return super().wrong_kind(call)


# scope.nested


class FindsElsewhere(Server):
    """Finds some nested resources of others too."""

    def find_resource(self, call: Call, resource_id: str, collection: str) -> Resource:
        owners = [owner.id for owner in self.store.owners()] if self.astray(call) else []
        found = (self.store.resource(owner, collection, resource_id) for owner in owners)
        return next((each for each in found if each), None) or super().find_resource(
            call, resource_id, collection
        )

    def astray(self, _: Call) -> bool:
        """Whether the resource is looked up by its id alone."""
        return True


@fault(breaks="scope.nested", also=("leak.nested",))
class FindsNestedAnywhere(FindsElsewhere):
    """Looks a nested resource up by its id alone."""


@fault(breaks="scope.nested", also=("leak.nested", "error.documented-status", "error.code-matches"))
class ForbidsForeignNested(Undocumented):
    """Answers 403 to another's resource under one's own id."""

    def no_resource(self, call: Call, resource_id: str) -> Refusal:
        owners, collection = self.store.owners(), dict(call.operation.nested)
        exists = any(
            self.store.resource(owner.id, each, resource_id)
            for owner in owners
            for each in collection.values()
        )
        return forbidden() if exists else super().no_resource(call, resource_id)


@fault(breaks="scope.nested")
class TakesEventsForAnyProject(Server):
    """Takes a team's event for any project that there is, whose team that may be."""

    def reaches(self, team_id: str, project_id: str) -> bool:
        event = super().reaches(team_id, project_id)
        return event or self.store.owner(project_id) is not None
