"""Hypotheses: the ways to count that the contract does not allow, and what each of them breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from conformance.contract import Contract
from conformance.judges.windows import Spot

OWNER_ID = re.compile(r"/(?:projects|teams)/([^/?]+)")
Counter = Callable[[Spot], Hashable | None]  # the counter a request falls into; None: it is free


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A way to count that the contract does not allow."""

    requirement: str
    text: str
    counter: Counter
    shared: bool = False  # across keys
    of_a_kind: bool = False  # across keys of one kind only
    keyless: bool = False  # and requests without a key are counted too


def one_counter(_: Spot) -> Hashable:
    """The contract's way: everything that a key sends falls into one counter."""
    return "key"


def _status_free(*statuses: int) -> Counter:
    return lambda one: None if one.exchange.status in statuses else "key"


def _resource_free(resource: str) -> Counter:
    def counter(one: Spot) -> Hashable | None:
        tags = one.exchange.tags
        free = one.exchange.status == 404 and resource in (tags.resource, tags.nested)
        return None if free else "key"

    return counter


def _owner_free(resource: str) -> Counter:
    def counter(one: Spot) -> Hashable | None:
        free = one.exchange.status == 404 and one.exchange.tags.resource == resource
        return None if free else "key"

    return counter


def _invalid_free(reads: bool) -> Counter:
    def counter(one: Spot) -> Hashable | None:
        alike = (one.exchange.request.method == "GET") is reads
        return None if one.exchange.status == 400 and alike else "key"

    return counter


def _defect_free(family: str) -> Counter:
    def counter(one: Spot) -> Hashable | None:
        refused = one.exchange.status == 400
        return None if refused and (one.exchange.tags.defect or "").startswith(family) else "key"

    return counter


def _method_free(reads: bool) -> Counter:
    return lambda one: None if (one.exchange.request.method == "GET") is reads else "key"


def _reads(one: Spot) -> Hashable:
    return one.exchange.request.method == "GET"


def _is_nested(one: Spot) -> Hashable:
    return one.exchange.tags.nested is not None


def _is_error(one: Spot) -> Hashable:
    return (one.exchange.status or 0) >= 400


def _method(one: Spot) -> Hashable:
    return one.exchange.request.method


def _route(one: Spot) -> Hashable:
    return one.exchange.tags.route or ""


def _operation(one: Spot) -> Hashable:
    return _route(one), _method(one)


def _known_path(one: Spot) -> Hashable:
    return _route(one) if one.exchange.tags.operation else ""


def _known_operation(one: Spot) -> Hashable:
    return one.exchange.tags.operation or ""


def _path(one: Spot) -> Hashable:
    return one.exchange.request.target.partition("?")[0]


def _path_and_method(one: Spot) -> Hashable:
    return _path(one), _method(one)


def _disguise(one: Spot) -> Hashable:
    return one.exchange.tags.twist or one.exchange.request.target.partition("?")[2] or ""


def _connection(one: Spot) -> Hashable:
    return one.exchange.connection or ""


def _media_type(one: Spot) -> Hashable:
    names = (value for name, value in one.exchange.request.fields if name == "Content-Type")
    return next(names, "")


def _addressed(one: Spot) -> Hashable:
    """The project or team in the path; where there is none, the key."""
    found = OWNER_ID.search(one.exchange.request.target)
    return found.group(1) if found else one.exchange.tags.key


def _off_route(one: Spot) -> Hashable:
    """Whether no route was found, be it that a disguise led past one."""
    tags = one.exchange.tags
    return tags.route is None or (one.exchange.status == 404 and tags.twist in ("slash", "case"))


def _off_route_free(one: Spot) -> Hashable | None:
    lacking = (one.exchange.tags.defect or "").startswith("method:")
    return None if _off_route(one) or lacking else "key"


def _family(one: Spot) -> Hashable:
    """Whose a key is: of the team under test and its project, or of the others."""
    return one.exchange.tags.credential.startswith("other_")


HYPOTHESES = (
    Hypothesis("rate.all-outcomes", "404 is free", _status_free(404)),
    Hypothesis("leak.same-cost", "absent resources are free", _resource_free("absent")),
    Hypothesis("leak.same-cost", "others' resources are free", _resource_free("foreign")),
    Hypothesis("leak.same-cost", "what absent owners have is free", _owner_free("absent")),
    Hypothesis("leak.same-cost", "what other owners have is free", _owner_free("foreign")),
    Hypothesis("rate.all-outcomes", "unknown routes are free", _off_route_free),
    Hypothesis("rate.all-outcomes", "400 is free", _status_free(400)),
    Hypothesis("rate.all-outcomes", "400 and 404 are free", _status_free(400, 404)),
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
    Hypothesis("rate.all-outcomes", "errors have a counter of their own", _is_error),
    Hypothesis("rate.all-endpoints", "unknown routes have a counter of their own", _off_route),
    Hypothesis("rate.all-endpoints", "each method has a counter", _method),
    Hypothesis("rate.all-endpoints", "reads and writes have a counter each", _reads),
    Hypothesis("rate.all-endpoints", "nested resources have a counter of their own", _is_nested),
    Hypothesis("rate.all-endpoints", "each path has a counter", _route),
    Hypothesis("rate.all-endpoints", "each operation has a counter", _operation),
    Hypothesis("rate.all-endpoints", "each path has a counter, others one", _known_path),
    Hypothesis("rate.all-endpoints", "each operation has a counter, others one", _known_operation),
    Hypothesis("rate.all-endpoints", "each concrete path has a counter", _path),
    Hypothesis("rate.all-endpoints", "each path and method has a counter", _path_and_method),
    Hypothesis("rate.all-endpoints", "writes are free", _method_free(reads=False)),
    Hypothesis("rate.all-endpoints", "reads are free", _method_free(reads=True)),
    Hypothesis("rate.no-bypass", "each query or disguise has a counter", _disguise),
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
    """That one disguise, or each field that names an address, has a counter of its own."""
    for twist in twists:
        yield Hypothesis("rate.no-bypass", f"{twist} has a counter", _apart(twist))


def _apart(twist: str) -> Counter:
    return lambda one: (one.exchange.tags.twist or "") == twist


def of_operations(contract: Contract) -> Iterator[Hypothesis]:
    """That an operation is free, or that those of a name have a counter of their own."""
    for operation in contract.operations:
        yield Hypothesis(
            "rate.all-endpoints", f"{operation.id} is free", _operation_free(operation.id)
        )
    for name in dict.fromkeys(
        operation.path.rpartition("/")[2] for operation in contract.operations
    ):
        yield Hypothesis(
            "rate.all-endpoints", f".../{name} has a counter of its own", _ends_with(name)
        )


def _ends_with(name: str) -> Counter:
    return lambda one: (one.exchange.tags.route or "").endswith(f"/{name}")


def _operation_free(operation: str) -> Counter:
    return lambda one: None if one.exchange.tags.operation == operation else "key"
