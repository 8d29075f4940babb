"""The schedule: which probes run, in which order, and which windows they spend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from conformance.address import OTHERS, relative
from conformance.catalogue import AREAS
from conformance.contract import LEFT_OUT, Contract
from conformance.pace import thrifty, too_slow
from conformance.probe import Phase, Probe
from conformance.target import NEW_KEY, PARTIES, Target

RESERVE = {  # requests of a first window that stay: for its drain, or to show that a key lives on
    "project": 6,
    "team": 6,
    "other_project": 4,
    "other_team": 3,
}
KINDS = {  # requirements that speak of the operations of one kind only
    "auth.project-key-accepted": "project",
    "auth.team-key-accepted": "team",
    "scope.project-isolation": "project",
    "scope.team-isolation": "team",
    "scope.project-key-on-team": "team",
    "scope.team-key-on-project": "project",
}
EXHAUSTING = (
    Phase.DRAIN,
    Phase.EXHAUSTED,
    Phase.REPLACE,
    Phase.RECOVER,
    Phase.REPLACE_LATE,
)
BINS = ("project", "team", "other_project", "other_team", "free")  # the first one has most to do


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One probe, for one operation or party, and its place."""

    id: str  # area.name[parameter]
    probe: Probe
    party: str  # the party whose key it mainly spends; free: none
    phase: Phase
    spends: Mapping[str, int] = field(default_factory=dict)  # by party, resolved
    serves: tuple[str, ...] = ()  # requirements, of those that its probe serves for any kind
    refill: bool = False  # a new key may be generated to make room

    @property
    def makes_room(self) -> bool:
        """Whether the windows that it spends must have room: some work on those that have none."""
        return self.phase not in EXHAUSTING


@dataclass(frozen=True, kw_only=True)
class Left:
    """A probe that cannot run, and what to add so that it can."""

    id: str
    serves: tuple[str, ...]
    needs: str


def slot(id: str, probe: Probe, party: str, target: Target) -> Slot:
    """A probe with *own* and *other* replaced by the parties meant."""
    spends: dict[str, int] = {}
    for name, count in probe.spends.items():
        resolved = _resolved(name, party, target)
        spends[resolved] = spends.get(resolved, 0) + count
    held = [need.removesuffix(".key") for need in probe.needs if need.endswith(".key")]
    held = [name for name in held if name != "another"]
    keys = [*spends, *(_resolved(name, party, target) for name in held)]
    main = next((name for name in keys if name in PARTIES), "free")
    serves = tuple(one for one in probe.serves if KINDS.get(one, party) in party)
    return Slot(id=id, probe=probe, party=main, phase=probe.phase, spends=spends, serves=serves)


def missing(one: Slot, party: str, contract: Contract, target: Target) -> str | None:
    """What a target must add for a probe to run; None when nothing lacks."""
    for kind in sorted({PARTIES[name] for name in (party, *one.spends)}):
        if not contract.of_kind(kind):
            return f"leave in an operation of a {kind} (operations.exclude)"
    for name in one.spends:
        if not target.has_key(name):
            return f"add [{name}] with its id and key"
    for need in one.probe.needs:
        if lack := _lack(need, party, contract, target):
            return lack
    return None


def undecidable(target: Target) -> Iterator[tuple[str, str]]:
    """Requirements that can be broken but not kept with the keys given, and what to add.

    What exists below another's is known with its key; that a refusal is the key's fault, with a
    right one; and that a counter is a key's own, with two.
    """
    keyed = [name for name in PARTIES if target.has_key(name)]
    kinds = {PARTIES[name] for name in keyed}
    if not any(name.startswith("other") for name in keyed):
        yield "scope.nested", "add [other_project] with its id and key"
    if "team" not in kinds:
        yield "scope.project-key-on-team", "add [team] with its id and key"
    if len(keyed) < 2:
        yield "rate.per-key", "add [other_project] or [team] with its id and key"


def unserved(slots: Iterable[Slot], served: Iterable[str]) -> Iterator[Left]:
    """Requirements that probes serve, but none for the operations that a deployment has."""
    for id in sorted(set(served) - {id for one in slots for id in one.serves}):
        yield Left(id=id, serves=(id,), needs=LEFT_OUT)


def _lack(need: str, party: str, contract: Contract, target: Target) -> str | None:
    name, _, what = need.partition(".")
    if need == "pace":
        return too_slow(contract, target)
    if need == "writes":
        return None if target.allow_writes else "allow writes (--allow-writes)"
    if name == "hooks":
        given = target.control is not None or what in target.hooks
        return None if given else f"add hooks.{what}"
    if name == "another":
        given = any(target.has_key(one) for one in PARTIES if one != party)
        return None if given else "add [other_project] or [team] with its id and key"
    resolved = _resolved(name, party, target)
    if what == "generate":
        hook = NEW_KEY[PARTIES[resolved]]
        return _lack(f"hooks.{hook}", party, contract, target)
    if what == "key":
        return None if target.has_key(resolved) else f"add [{resolved}] with its id and key"
    return None if resolved in target.parties else f"add [{resolved}] with its id"


def _resolved(name: str, party: str, target: Target) -> str:
    other = OTHERS.get(party, party)
    spare = other if target.has_key(other) else party
    return (relative(party) | {"spare": spare}).get(name, name)


def ordered(slots: Iterable[Slot], contract: Contract, target: Target) -> list[Slot]:
    """The slots in the order in which they spend as few windows as possible."""
    limit = contract.rate_limit.limit
    room = {name: limit - RESERVE[name] for name in target.parties}
    in_order = sorted(slots, key=lambda one: AREAS.index(one.id.partition(".")[0]))
    placed = [_placed(one, room, target) for one in in_order if not _superfluous(one, target)]
    saving = thrifty(contract, target)
    placed = [one for one in placed if not (saving and one.probe.thorough)]
    extra = target.windows > 1 or not saving
    kept = [one for one in placed if extra or one.probe.phase is not Phase.EXTRA]
    kept = [one for one in kept if one.phase is not Phase.EXTRA or target.windows > 1]
    return sorted(kept, key=_turn)  # stable: the catalogue's order within


def _turn(one: Slot) -> tuple[Phase, bool]:
    """Its phase; there, what spends keys of several parties may have to wait, and comes last."""
    return one.phase, len(one.spends) > 1


def _superfluous(one: Slot, target: Target) -> bool:
    """Whether another probe shows the same at less cost to this target."""
    if one.phase is Phase.RECOVER:
        return one.party not in recoverers(target)
    if one.phase is Phase.DRAIN and one.party == "other_project":
        return one.party not in recoverers(target) or not generates("project", target)
    if one.phase is Phase.EDGE:
        return generates("project", target) or one.party != edge_party(target)
    return False


def recoverers(target: Target) -> list[str]:
    """The parties whose keys are watched over a reset."""
    keyed = [name for name in ("project", "team", "other_project") if target.has_key(name)]
    found = [name for name in keyed if not rotates_early(target, name)]
    beside = rotates_early(target, "team") and target.has_key("other_team")
    return [*found, "other_team"] if beside else found


def edge_party(target: Target) -> str:
    """The party whose window ends in a burst, where no hook gives keys for that."""
    return "other_project" if target.has_key("other_project") else "project"


def _placed(one: Slot, room: dict[str, int], target: Target) -> Slot:
    if one.phase in (Phase.ACCEPT, Phase.OPEN):
        roomy = all(room.get(name, 0) >= count for name, count in one.spends.items())
        fits = roomy and not _divided(one, target)
        if fits or one.phase is Phase.ACCEPT:
            for name, count in one.spends.items():
                room[name] = room.get(name, 0) - count
            return replace(one, refill=rotates_early(target, one.party))
        return _moved(one, target)
    if one.phase is Phase.EXTRA and generates(one.party, target):
        return _moved(one, target)
    if one.phase is Phase.EDGE and one.party != "project":
        return replace(one, phase=Phase.DRAIN)
    rotates = one.phase in (Phase.REPLACE, Phase.ROTATE)
    if rotates and not rotates_early(target, one.party):
        late = Phase.REPLACE_LATE if one.phase is Phase.REPLACE else Phase.ROTATE_LATE
        return replace(one, phase=late, refill=True)
    return replace(one, refill=rotates or (one.phase is Phase.FINAL and _renewed(one, target)))


def _divided(one: Slot, target: Target) -> bool:
    """Whether it spends keys that several workers may have, who use up windows at their own time.

    However many there are: the same is sent in all runs.
    """
    return len({_bin(name, len(BINS), target) for name in one.spends}) > 1


def _moved(one: Slot, target: Target) -> Slot:
    """An open probe that found no room in the first window."""
    if not _renewed(one, target) or _divided(one, target):
        return replace(one, phase=Phase.LATER, refill=generates(one.party, target))
    early = all(rotates_early(target, party) for party in one.spends)
    return replace(one, phase=Phase.REFILLED if early else Phase.REFILLED_LATE, refill=True)


def _renewed(one: Slot, target: Target) -> bool:
    """Whether new keys can be generated for all that a slot spends."""
    return all(generates(party, target) for party in one.spends)


def rotates_early(target: Target, party: str) -> bool:
    """Whether a party's keys may be replaced before a reset was seen: another key shows it."""
    others = ("other_project", "other_team", "team") if party == "project" else ("other_project",)
    if party == "team" and not target.has_key("other_project"):
        return False
    return generates(party, target) and any(target.has_key(name) for name in others)


def generates(party: str, target: Target) -> bool:
    """Whether a hook generates keys for a party."""
    if party not in PARTIES or party.startswith("other"):
        return False
    return target.control is not None or NEW_KEY[PARTIES[party]] in target.hooks


def bin_of(one: Slot, workers: int, target: Target) -> str:
    """Which worker a slot belongs to: whoever spends a key, or moves a clock, owns it."""
    return _bin(one.party, workers, target)


def owned(one: Slot, target: Target) -> frozenset[str]:
    """The parties whose keys belong to the worker that a slot belongs to."""
    mine = bin_of(one, target.workers, target)
    return frozenset(name for name in target.parties if _bin(name, target.workers, target) == mine)


def _bin(party: str, workers: int, target: Target) -> str:
    if target.control is not None or workers <= 1:
        return "all"
    return f"worker-{min(BINS.index(party), workers - 1)}"


def slot_id(nodeid: str) -> str:
    """The id of a probe in the schedule, from pytest's."""
    path, _, name = nodeid.partition("::")
    return f"{PurePath(path).stem}.{name.removeprefix('test_').replace('_', '-')}"
