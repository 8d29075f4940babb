"""Settling: whose keys and resources recorded requests were about, as far as the whole shows."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conformance.classify import (
    OTHER_FIELDS,
    UNKNOWN,
    below,
    classify,
    decoded,
    find,
    pattern,
    presented,
)
from conformance.contract import Contract
from conformance.credential import QUERY_NAMES
from conformance.exchange import Exchange, Request, Response, Tags
from conformance.failing import failing
from conformance.history import Event
from conformance.keyring import form
from conformance.listed import Place, listed
from conformance.nearly import nearly
from conformance.secrets import Masker, mark
from conformance.target import Party

COOKIE = re.compile(r"=[^;]*")
CREDENTIALS = OTHER_FIELDS | {"authorization", "proxy-authorization"}


@dataclass(frozen=True)
class Owned:
    """A key of the recording: who has it, and what it was seen to reach."""

    label: str
    credential: str
    kind: str
    value: str = field(repr=False)
    home: str | None = None  # the project or team that is its own


Owners = Mapping[int, Owned | None]  # by the number of the exchange
Altered = tuple[Owned, str]  # a key, and how what was sent differs from it
Lives = Mapping[str, tuple[float, float]]  # by label


@dataclass
class Keys:
    """Every secret of a recording, each under a label, so that none is stored or shown."""

    contract: Contract
    parties: Mapping[str, Party]
    masker: Masker = field(default_factory=Masker)
    owned: dict[str, Owned] = field(default_factory=dict)  # by value
    taken: dict[str, int] = field(default_factory=dict)  # labels by kind
    unknown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for party in self.parties.values():
            if party.key:
                self._add(party.key, f"{party.name}#1", party.name, party.kind, party.id.lower())
                self.taken[party.name] = 1

    def collect(self, exchange: Exchange) -> None:
        """Learn the secrets of an exchange."""
        for value in _secrets(exchange.request):
            self._note(value)
        for text in _texts(exchange):
            for found in pattern(self.contract).findall(text):
                self._note(found)

    def presented(self, exchanges: Sequence[Exchange]) -> tuple[Owners, Mapping[int, Altered]]:
        """Whose key each exchange presents; or which key it nearly presents, and in what form."""
        values = {one.number: presented(self.contract, one.request)[2] for one in exchanges}
        let_in = (values[one.number] for one in exchanges if one.succeeded)
        near = nearly(self.contract, filter(None, values.values()), let_in)
        owners = {number: self.owned.get(value) for number, value in values.items()}
        altered = {
            number: (self.owned[near[value][0]], near[value][1])
            for number, value in values.items()
            if value in near and near[value][0] in self.owned
        }
        return {**owners, **dict.fromkeys(altered)}, altered

    def _note(self, value: str) -> None:
        """Give a secret a label, once."""
        if value in self.owned or value in self.unknown:
            return
        kind = self.contract.kind_of(value)
        if kind is not None and kind.available and find(self.contract, value) == value:
            number = self.taken.get(kind.name, 0) + 1
            self.taken[kind.name] = number
            self._add(value, f"{kind.name}#{number}", kind.name, kind.name, None)
        else:
            self.unknown.add(value)
            self.masker.register(value, f"{UNKNOWN}#{len(self.unknown)}")

    def _add(self, value: str, label: str, credential: str, kind: str, home: str | None) -> None:
        self.owned[value] = Owned(label, credential, kind, value, home)
        self.masker.register(value, label)


def _secrets(request: Request) -> Iterator[str]:
    """What a request carries that may be a credential, without its scheme."""
    for name, value in request.fields:
        if name.lower() in ("authorization", "proxy-authorization"):
            rest = value.strip().rpartition(" ")[2]
            yield rest
            yield from decoded(rest).split(":", 1)
        elif name.lower() in OTHER_FIELDS:
            yield value.rpartition(" ")[2]
    query = urllib.parse.urlsplit(request.target).query
    for name, value in urllib.parse.parse_qsl(query):
        if name.lower() in QUERY_NAMES:
            yield value


def _texts(exchange: Exchange) -> Iterator[str]:
    request, response = exchange.request, exchange.response
    yield urllib.parse.unquote(request.target)
    yield request.body.decode("latin-1")
    yield " ".join(urllib.parse.unquote(value) for _, value in request.fields)
    if response is not None:
        yield response.body.decode("latin-1")
        yield " ".join(value for _, value in response.fields)


def settled(
    contract: Contract,
    exchanges: Sequence[Exchange],
    parties: Mapping[str, Party],
    stripped: Collection[int] = (),
) -> tuple[tuple[Exchange, ...], tuple[Event, ...]]:
    """The exchanges with their tags and without secrets, and when each key was first seen alive.

    *stripped*: the numbers of exchanges from which credentials may have been taken away.
    """
    keys = Keys(contract, parties)
    for one in exchanges:
        keys.collect(one)
    tagged = [_classified(contract, one) for one in exchanges]
    there = _present(contract, tagged)
    tagged = failing([_grounded(one, there) for one in tagged])
    owners, altered = keys.presented(tagged)
    lives = _lives(tagged, owners)
    homes = _homes(contract, tagged, owners)
    places = {(one.kind, one.id.lower()) for one in parties.values()}
    belonging = listed(contract, tagged, lambda one: _place(contract, one))
    known = _Known(contract, owners, altered, lives, homes, places, belonging)
    return (
        tuple(
            _masked(keys.masker, replace(one, tags=known.tags(one, one.number in stripped)))
            for one in tagged
        ),
        tuple(_events(contract, keys.owned.values(), lives)),
    )


def _classified(contract: Contract, one: Exchange) -> Exchange:
    """The exchange with what its request says of itself, but what was missing from it."""
    tags = classify(contract, one.request)
    return replace(one, tags=replace(tags, defect=one.tags.defect or tags.defect))


def _present(contract: Contract, tagged: Iterable[Exchange]) -> frozenset[str | None]:
    """The operations that the deployment has; an assumed one must have answered more than 404."""
    assumed = {one.id for one in contract.operations if not one.documented}
    answered = {one.tags.operation for one in tagged if one.status not in (None, 404)}
    return frozenset(answered) | (set(contract.by_id) - assumed)


def _grounded(one: Exchange, there: frozenset[str | None]) -> Exchange:
    """The exchange, as to no operation if the deployment does not seem to have it."""
    if one.tags.operation in there:
        return one
    return replace(one, tags=replace(one.tags, operation=None, route=None, nested=None))


def _lives(tagged: Iterable[Exchange], owners: Owners) -> Lives:
    """From when to when each key was surely valid: it was let in then, and did succeed once."""
    times: dict[str, list[float]] = {}
    proven: set[str] = set()
    for one in tagged:
        owner = owners[one.number]
        if owner is None or not _proof(one):
            continue
        times.setdefault(owner.label, []).append(one.started)
        if one.succeeded:
            proven.add(owner.label)
    return {label: (min(times[label]), max(times[label])) for label in proven}


def _proof(one: Exchange) -> bool:
    """Whether an answer shows that a key was let in, if it is one."""
    return one.succeeded or (one.tags.operation is not None and one.status in (400, 404, 429))


def _homes(contract: Contract, tagged: Iterable[Exchange], owners: Owners) -> Mapping[str, Place]:
    """The kind and id of what is each key's own: as given, or what it succeeded on first."""
    homes: dict[str, Place] = {}
    for one in tagged:
        owner = owners[one.number]
        operation = contract.operation(one.tags.operation)
        if owner is None or operation is None:
            continue
        if owner.home is not None:
            homes[owner.label] = owner.kind, owner.home
        elif one.succeeded and operation.kind == owner.kind:
            homes.setdefault(owner.label, _place(contract, one))
    return homes


def _place(contract: Contract, one: Exchange) -> Place:
    """The kind and id of the project or team in the path."""
    operation = contract.operation(one.tags.operation)
    return (operation.kind, _part(contract, one, operation.owner)) if operation else ("", "")


def _part(contract: Contract, one: Exchange, name: str | None) -> str:
    """A parameter of the path, in lower case."""
    operation = contract.operation(one.tags.operation)
    path = urllib.parse.unquote(below(contract, one.request.target) or "").rstrip("/")
    found = operation.pattern.match(path) if operation and name else None
    return found[name].lower() if found and name else ""


@dataclass(frozen=True)
class _Known:
    """What the whole recording tells of each exchange."""

    contract: Contract
    owners: Owners
    altered: Mapping[int, Altered]
    lives: Lives
    homes: Mapping[str, Place]
    places: Collection[Place]  # projects and teams that exist
    belonging: Mapping[str, Collection[Place]]  # whose each resource is

    def tags(self, one: Exchange, stripped: bool) -> Tags:
        """The tags of an exchange, with key and resource where they are known."""
        owner, shape = self.altered.get(one.number, (self.owners[one.number], one.tags.form))
        if owner is None:
            unknown = replace(one.tags, credential=UNKNOWN, form=UNKNOWN)
            return unknown if stripped else one.tags
        if not self._alive(one, owner):
            return replace(one.tags, credential=UNKNOWN, form=UNKNOWN)
        resource = self._resource(one, owner)
        nested = self._nested(one) if one.tags.nested and resource == "own" else one.tags.nested
        return replace(
            one.tags,
            credential=owner.credential,
            key=owner.label,
            form=shape,
            resource=resource,
            nested=nested,
        )

    def _nested(self, one: Exchange) -> str:
        """Whose the resource is that was asked for below one's own."""
        operation = self.contract.operation(one.tags.operation)
        id = _part(self.contract, one, operation.nested if operation else None)
        if id in self.belonging and _place(self.contract, one) not in self.belonging[id]:
            return "foreign"
        return "own" if one.succeeded or one.status == 400 else UNKNOWN

    def _alive(self, one: Exchange, owner: Owned) -> bool:
        """Whether the key was surely valid; what is refused may have met its end on the way."""
        first, last = self.lives.get(owner.label, (0.0, -1.0))
        return first <= one.started and (one.started if _proof(one) else one.ended) <= last

    def _resource(self, one: Exchange, owner: Owned) -> str:
        operation = self.contract.operation(one.tags.operation)
        if operation is None:
            return UNKNOWN
        place = _place(self.contract, one)
        if place == self.homes.get(owner.label):
            return "own"
        exists = place in self.homes.values() or place in self.places
        if operation.kind != owner.kind:
            return "cross" if exists or one.succeeded else UNKNOWN
        return "foreign" if exists or one.succeeded else UNKNOWN


def _events(contract: Contract, owned: Iterable[Owned], lives: Lives) -> Iterator[Event]:
    """An event for each key that was seen alive. Each is its own party: who has it is unknown."""
    for one in owned:
        if one.label not in lives:
            continue
        first = lives[one.label][0]
        facts = {
            "party": one.credential if one.label == f"{one.credential}#1" else one.label,
            "key": one.label,
            "replaces": None,
            "generated": False,
            "same_as": None,
            **form(contract.kinds[one.kind].prefix, one.value),
        }
        yield Event(kind="issued", started=first, ended=first, data=facts)


def _masked(masker: Masker, one: Exchange) -> Exchange:
    """The exchange without any key, and without the values of cookies."""
    request = replace(
        one.request,
        target=masker.text(one.request.target),
        fields=tuple((name, _field(masker, name, text)) for name, text in one.request.fields),
        body=masker.mask(one.request.body),
    )
    return replace(one, request=request, response=_masked_response(masker, one.response))


def _masked_response(masker: Masker, response: Response | None) -> Response | None:
    if response is None:
        return None
    fields = tuple((name, _field(masker, name, text)) for name, text in response.fields)
    return replace(response, fields=fields, body=masker.mask(response.body))


def _field(masker: Masker, name: str, text: str) -> str:
    if name.lower() == "cookie":
        return COOKIE.sub("=[masked]", text)
    if name.lower() == "set-cookie":
        return COOKIE.sub("=[masked]", text, count=1)
    masked = masker.text(text)
    secret = name.lower() in CREDENTIALS and text.strip() and mark("")[:-1] not in masked
    return _scheme_of(text) + "[masked]" if secret else masked


def _scheme_of(text: str) -> str:
    """What stands before a credential."""
    scheme, space, _ = text.strip().partition(" ")
    return scheme + space if space else ""
