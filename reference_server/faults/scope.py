"""scope: what a key reaches."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Undocumented, forbidden
from reference_server.store import Resource

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
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


@fault(breaks="scope.project-key-on-team")
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


@fault(breaks="scope.team-key-on-project")
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


# scope.no-side-effect


class Tries(Server):
    """Does what is then refused."""

    def try_to(self, call: Call) -> None:
        """Do the operation's work, if the request is valid but for who sends it."""
        try:
            self.validate(call)
            self.perform(call)
        except Refusal:
            return


@fault(breaks="scope.project-isolation")
class DeniesKeyForForeignMethods(Server):
    """Says that a key is none where a method is lacking, unless the project is the key's own."""

    def no_route(self, call: Call) -> Refusal:
        _, ids = self.contract.match(call.request.scope["path"]) or ({}, {})
        if call.key.kind == "project" and ids and call.key.owner not in ids.values():
            return errors.unauthorized()
        return super().no_route(call)


@fault(breaks="scope.no-side-effect")
class WritesBeforeRefusing(Tries):
    """Does what was asked and only then finds that it was another's project or team."""

    def wrong_owner(self, call: Call) -> Refusal:
        refusal = super().wrong_owner(call)
        if self.store.owner(call.owner) and call.operation.id.startswith("create"):
            self.try_to(call)
        return refusal


@fault(breaks="scope.no-side-effect")
class KeepsInvalid(Server):
    """Keeps a new execution or environment before it has validated the whole body."""

    def validate_body(self, call: Call) -> None:
        try:
            super().validate_body(call)
        except Refusal:
            if isinstance(call.content, dict) and valid_name(call):
                self.perform(call)
            raise


def valid_name(call: Call) -> bool:
    """Whether a body has the text that its operation's work needs."""
    names = {"createExecution": "taskSlug", "createEnvironment": "name"}
    text = call.content.get(names.get(call.operation.id))
    return isinstance(text, str) and len(text) <= 64 and SLUG.fullmatch(text) is not None


@fault(breaks="scope.no-side-effect")
class RunsWhatIsNoJson(Server):
    """Runs the usual task where a new execution's body cannot be read, and refuses it besides."""

    def decode(self, call: Call) -> Any:
        try:
            return super().decode(call)
        except Refusal:
            if call.operation.id == "createExecution":
                call.content = {"taskSlug": "run-tests"}
                self.perform(call)
            raise


@fault(breaks="scope.no-side-effect")
class RunsForMisspelledTask(Server):
    """Runs the usual task where the name of one is misspelled, and refuses it besides."""

    def wrong_body(self, call: Call, found: ValidationError) -> Refusal:
        refusal = super().wrong_body(call, found)
        misspelled = isinstance(found.kind, ValidationErrorKind.Pattern)
        if misspelled and call.operation.id == "createExecution":
            call.content = {"taskSlug": "run-tests"}
            self.perform(call)
        return refusal


@fault(breaks="scope.no-side-effect")
class QueuesBeforeAuthenticating(Tries):
    """Puts a valid write into its queue before it has looked at the key."""

    def no_valid_key(self, call: Call) -> Refusal:
        if route := self.route(call):
            call.operation, call.ids = route
            if self.store.owner(call.owner) and call.operation.id.startswith("create"):
                self.try_to(call)
        return super().no_valid_key(call)


@fault(breaks="scope.no-side-effect")
class RunsForUnknownKeys(Server):
    """Runs the usual task for whoever brings a key, and looks afterwards whether there is one."""

    def no_valid_key(self, call: Call) -> Refusal:
        route = self.route(call) if self.credential_of(call) else None
        if route is not None and route[0].id == "createExecution":
            call.operation, call.ids = route
            if self.store.owner(call.owner):
                call.content = {"taskSlug": "run-tests"}
                self.perform(call)
        return super().no_valid_key(call)


@fault(breaks="scope.no-side-effect")
class RunsForeignEvents(Server):
    """Runs what an event asks for before it looks whose project the event is for."""

    def wrong_owner(self, call: Call) -> Refusal:
        if call.operation.id == "sendProjectEvent" and self.store.owner(call.owner):
            executions = self.store.resources(call.owner, "executions")
            new = self.store.next_id(call.owner, "executions")
            content = {**executions[0].content, "executionId": new}
            self.store.put(replace(executions[0], id=new, content=content))
        return super().wrong_owner(call)
