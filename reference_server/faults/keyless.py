"""leak: what a stranger is told of what exists."""

from __future__ import annotations

from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import addressed
from reference_server.windows import Window


@fault(breaks="leak.unauthenticated", also=("auth.before-all",))
class AsksForKeyOfProject(Server):
    """Says to who comes without a key which project or team the key has to be of."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal = super().no_valid_key(call)
        if addressed(self, call):
            return Refusal(refusal.status, "A key of this project is needed", refusal.headers)
        return refusal


@fault(breaks="leak.unauthenticated", also=("auth.before-all",))
class NamesRealm(Server):
    """Names in the challenge the project or team, if it exists."""

    def no_valid_key(self, call: Call) -> Refusal:
        refusal, owner = super().no_valid_key(call), addressed(self, call)
        if owner is None:
            return refusal
        challenge = {"WWW-Authenticate": f'Bearer realm="{owner.name}"'}
        return Refusal(refusal.status, refusal.message, challenge)


@fault(breaks="leak.unauthenticated", also=("auth.before-all",), seldom=True)
class NamesRealmForOtherSchemes(NamesRealm):
    """Names it where the key comes under a scheme that is not taken."""

    def no_valid_key(self, call: Call) -> Refusal:
        sent = call.request.headers.get("authorization", "bearer").lower()
        if sent.startswith("bearer"):
            return Server.no_valid_key(self, call)
        return super().no_valid_key(call)


@fault(breaks="leak.unauthenticated", also=("auth.before-all",))
class SaysNoneLeftOfWhatExists(Server):
    """Says without a valid key that no request is left for a project or team, if it exists."""

    def remaining_field(self, call: Call, window: Window) -> str:
        exists = call.window is None and addressed(self, call)
        return "0" if exists else super().remaining_field(call, window)


@fault(breaks="leak.unauthenticated", also=("auth.before-all",))
class TellsWindowOfWhatExists(Server):
    """Says without a valid key what the key of the project or team has left, if that exists."""

    def fresh_window(self, call: Call) -> Window:
        owner = addressed(self, call)
        kept = self.store.keys(owner.id) if owner else []
        return self.windows.peek(kept[0].digest, call.now) if kept else super().fresh_window(call)
