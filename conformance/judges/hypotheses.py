"""Hypotheses: the ways to count that the contract does not allow, and what each of them breaks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from conformance.contract import Contract
from conformance.exchange import Exchange, values
from conformance.judges.features import (
    is_error,
    method,
    operation,
    owner,
    path,
    query,
    route,
)
from conformance.judges.select import OTHER_PATHS

Counter = Callable[
    [Exchange], Hashable | None
]  # the counter a request falls into; None: it is free


WRITES = ("POST", "PUT", "PATCH", "DELETE")  # methods that a limiter may leave out


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A way to count that the contract does not allow."""

    requirement: str
    text: str
    counter: Counter
    shared: bool = False  # across keys
    of_a_kind: bool = False  # across keys of one kind only
    keyless: bool = False  # and requests without a key are counted too


def one_counter(_: Exchange) -> Hashable:
    """The contract's way: everything that a key sends falls into one counter."""
    return "key"


def _free(when: Callable[[Exchange], Hashable]) -> Counter:
    return lambda one: None if when(one) else "key"


def status_free(*statuses: int) -> Counter:
    """What is answered so takes nothing, and all else falls into one counter."""
    return _free(lambda one: one.status in statuses)


def _resource_free(resource: str) -> Counter:
    return _free(lambda one: one.status == 404 and resource in (one.tags.resource, one.tags.nested))


def _owner_free(resource: str) -> Counter:
    return _free(lambda one: one.status == 404 and one.tags.resource == resource)


def _invalid_free(reads: bool) -> Counter:
    return _free(lambda one: one.status == 400 and _reads(one) is reads)


def _defect_free(family: str) -> Counter:
    return _free(lambda one: one.status == 400 and (one.tags.defect or "").startswith(family))


def _method_free(reads: bool) -> Counter:
    return _free(lambda one: _reads(one) is reads)


def _name_free(name: str) -> Counter:
    return _free(lambda one: one.request.method == name)


def _reads(one: Exchange) -> Hashable:
    return one.request.method == "GET"


def _is_nested(one: Exchange) -> Hashable:
    return one.tags.nested is not None


def _known_path(one: Exchange) -> Hashable:
    return route(one) if one.tags.operation else ""


def _known_operation(one: Exchange) -> Hashable:
    return one.tags.operation or ""


def _path_and_method(one: Exchange) -> Hashable:
    return path(one), method(one)


def _disguise(one: Exchange) -> Hashable:
    return one.tags.twist or query(one)


def _spelling(one: Exchange) -> Hashable:
    return one.tags.form


def _connection(one: Exchange) -> Hashable:
    return one.connection or ""


def _media_type(one: Exchange) -> Hashable:
    names = (value for name, value in one.request.fields if name == "Content-Type")
    return next(names, "")


def _addressed(one: Exchange) -> Hashable:
    """The project or team in the path; where there is none, the key."""
    return owner(one) or one.tags.key


def _off_route(one: Exchange) -> Hashable:
    """Whether no route was found, be it that a disguise led past one."""
    tags = one.tags
    return tags.route is None or (one.status == 404 and tags.twist in OTHER_PATHS)


def _lacking(one: Exchange) -> Hashable:
    """Whether the path lacks the method."""
    return (one.tags.defect or "").startswith("method:")


def _unrouted(one: Exchange) -> Hashable:
    """Whether a router finds nothing to call."""
    return _off_route(one) or _lacking(one)


def _family(one: Exchange) -> Hashable:
    """Whose a key is: of the team under test and its project, or of the others."""
    return one.tags.credential.startswith("other_")


HYPOTHESES = (
    Hypothesis("rate.all-outcomes", "404 is free", status_free(404)),
    Hypothesis("leak.same-cost", "absent resources are free", _resource_free("absent")),
    Hypothesis("leak.same-cost", "others' resources are free", _resource_free("foreign")),
    Hypothesis("leak.same-cost", "what absent owners have is free", _owner_free("absent")),
    Hypothesis("leak.same-cost", "what other owners have is free", _owner_free("foreign")),
    Hypothesis("rate.all-outcomes", "unknown routes and methods are free", _free(_unrouted)),
    Hypothesis("rate.all-outcomes", "unknown routes are free", _free(_off_route)),
    Hypothesis("rate.all-outcomes", "methods that a path lacks are free", _free(_lacking)),
    Hypothesis("rate.all-outcomes", "400 is free", status_free(400)),
    Hypothesis("rate.all-outcomes", "400 and 404 are free", status_free(400, 404)),
    *(
        Hypothesis(
            "rate.all-outcomes", f"invalid requests are free: {family}", _defect_free(family)
        )
        for family in ("json.", "media.", "body.", "query.", "path:")
    ),
    Hypothesis("rate.all-outcomes", "invalid requests are free: reads", _invalid_free(reads=True)),
    Hypothesis(
        "rate.all-outcomes", "invalid requests are free: writes", _invalid_free(reads=False)
    ),
    Hypothesis("rate.all-outcomes", "errors have a counter of their own", is_error),
    Hypothesis("rate.all-endpoints", "unknown routes have a counter of their own", _off_route),
    Hypothesis("rate.all-endpoints", "each method has a counter", method),
    Hypothesis("rate.all-endpoints", "reads and writes have a counter each", _reads),
    Hypothesis("rate.all-endpoints", "nested resources have a counter of their own", _is_nested),
    Hypothesis("rate.all-endpoints", "each path has a counter", route),
    Hypothesis("rate.all-endpoints", "each operation has a counter", operation),
    Hypothesis("rate.all-endpoints", "each path has a counter, others one", _known_path),
    Hypothesis("rate.all-endpoints", "each operation has a counter, others one", _known_operation),
    Hypothesis("rate.all-endpoints", "each concrete path has a counter", path),
    Hypothesis("rate.all-endpoints", "each path and method has a counter", _path_and_method),
    Hypothesis("rate.all-endpoints", "writes are free", _method_free(reads=False)),
    Hypothesis("rate.all-endpoints", "reads are free", _method_free(reads=True)),
    *(Hypothesis("rate.all-endpoints", f"{name} is free", _name_free(name)) for name in WRITES),
    Hypothesis("rate.no-bypass", "each query or disguise has a counter", _disguise),
    Hypothesis("rate.no-bypass", "each spelling of the scheme has a counter", _spelling),
    Hypothesis("rate.no-bypass", "each connection has a counter", _connection),
    Hypothesis("rate.no-bypass", "each media type has a counter", _media_type),
    Hypothesis("rate.per-key", "keys share a counter", one_counter, shared=True),
    Hypothesis("rate.per-key", "the path's project or team has a counter", _addressed, shared=True),
    Hypothesis("rate.per-key", "keys of a team and its projects share", _family, shared=True),
    Hypothesis(
        "rate.per-key", "keys of a kind share a counter", one_counter, shared=True, of_a_kind=True
    ),
    Hypothesis(
        "rate.per-key",
        "keys share a counter with requests without one",
        one_counter,
        shared=True,
        keyless=True,
    ),
)


def of_disguises(twists: Iterable[str]) -> Iterator[Hypothesis]:
    """That one disguise, or each field that names an address, has a counter of its own, or none."""
    for twist in twists:
        yield Hypothesis("rate.no-bypass", f"{twist} has a counter", _apart(twist))
        yield Hypothesis("rate.no-bypass", f"{twist} is free", _disguise_free(twist))


def _apart(twist: str) -> Counter:
    """A counter for what is disguised so; where that is by a field, for each of its values."""
    name = twist.removeprefix("forwarded:").partition(":")[0]
    return lambda one: (one.tags.twist == twist, *values(one.request.fields, name))


def _disguise_free(twist: str) -> Counter:
    return _free(lambda one: one.tags.twist == twist)


def of_operations(contract: Contract) -> Iterator[Hypothesis]:
    """That an operation is free, or that those of a name have a counter of their own."""
    for one in contract.operations:
        yield Hypothesis("rate.all-endpoints", f"{one.id} is free", _operation_free(one.id))
    for name in dict.fromkeys(one.path.rpartition("/")[2] for one in contract.operations):
        yield Hypothesis(
            "rate.all-endpoints", f".../{name} has a counter of its own", _ends_with(name)
        )


def _ends_with(name: str) -> Counter:
    return lambda one: (one.tags.route or "").endswith(f"/{name}")


def _operation_free(id: str) -> Counter:
    return _free(lambda one: one.tags.operation == id)
