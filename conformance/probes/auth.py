"""auth: who gets in."""

from __future__ import annotations

from itertools import islice

from conformance import credential as credentials
from conformance.bench import Bench
from conformance.contract import Operation
from conformance.credential import ANONYMOUS
from conformance.probe import Phase, probes
from conformance.probes.shapes import first_list, turn
from conformance.sample import invalid_bodies, invalid_queries, malformed_bodies, media_types


@probes(
    "auth.project-key-accepted",
    "auth.team-key-accepted",
    "schema.responses",
    "schema.success-status",
    "schema.valid-accepted",
    phase=Phase.ACCEPT,
    spends={"own": 1},
)
def test_accepted(bench: Bench, operation: Operation) -> None:
    """Call every operation with its own key: the positive control of every refusal."""
    bench.send(operation, operation.kind)


@probes("auth.required", "auth.before-all", "auth.challenge", phase=Phase.FREE, free=6)
def test_anonymous(bench: Bench, operation: Operation) -> None:
    """Call without a key, for what exists and what does not, validly and not."""
    for resource in ("own", "foreign", "absent"):
        bench.send(operation, ANONYMOUS, resource=resource)
    marker = bench.calls.marker()
    for defect, query in islice(invalid_queries(operation), 1):
        bench.send(operation, ANONYMOUS, query=query, defect=defect)
    if operation.body is not None:
        for defect, body in (
            next(invalid_bodies(operation, marker)),
            next(malformed_bodies()),
        ):
            bench.send(operation, ANONYMOUS, body=body, defect=defect)
        defect, media, body = next(media_types(operation, marker))
        fields = (("Content-Type", media),)
        bench.send(operation, ANONYMOUS, body=body, fields=fields, defect=defect)


@probes("auth.before-all", phase=Phase.FREE, free=3)
def test_unknown_route(bench: Bench, party: str) -> None:
    """Call routes that do not exist, and one with a malformed id, without a key."""
    marker = bench.calls.marker()
    base = first_list(bench.contract, party)
    path = bench.addresses.path(base, bench.target.parties["project"].id, None)
    bench.deliver(bench.off_route("GET", f"/{marker}", ANONYMOUS))
    bench.deliver(bench.off_route("GET", f"{path}/{marker}/{marker}", ANONYMOUS))
    bench.send(
        base,
        ANONYMOUS,
        path=base.path.replace(f"{{{base.owner}}}", "not-a-uuid"),
        defect=f"path:{base.owner}",
    )


@probes("auth.bearer-only", phase=Phase.FREE, free=4, needs=("own.key",))
def test_other_scheme(bench: Bench, operation: Operation) -> None:
    """Present a valid key under other schemes: all of them once, some of them everywhere."""
    forms = list(credentials.other_schemes(bench.key(operation.kind)))
    place = bench.contract.operations.index(operation)
    every = operation == first_list(bench.contract, operation.kind)
    for form in forms if every else (forms[0], forms[2], *turn(forms, place, 2)):
        bench.send(operation, form)


@probes("auth.header-only", phase=Phase.FREE, free=4, needs=("own.key",))
def test_elsewhere(bench: Bench, operation: Operation) -> None:
    """Present a valid key in the query, cookies, other fields and the body."""
    key = bench.key(operation.kind)
    bench.send(operation, credentials.elsewhere(key))
    if operation == first_list(bench.contract, operation.kind):
        for places in (credentials.in_query, credentials.in_cookies, credentials.in_fields):
            for form in places(key):
                bench.send(operation, form)
    if operation.body is not None:
        for form in credentials.in_body(key):
            bench.send(operation, form)


@probes("auth.unknown-key", "auth.pat-unavailable", phase=Phase.FREE, free=5)
def test_never_issued(bench: Bench, operation: Operation) -> None:
    """Present keys that were never issued, of each documented prefix, and malformed ones."""
    chance = bench.rng(f"forged/{operation.id}")
    key = bench.keyring.current(operation.kind)
    like = key.secret(bench.contract) if key else None
    for kind in bench.contract.kinds:
        bench.send(operation, credentials.forged(bench.contract, kind, chance, like))
    odd = list(credentials.malformed(bench.contract))
    every = operation == first_list(bench.contract, operation.kind)
    place = bench.contract.operations.index(operation)
    for form in odd if every else turn(odd, place, 2):
        bench.send(operation, form)


@probes("auth.unknown-key", phase=Phase.FREE, free=8)
def test_drawn(bench: Bench, party: str) -> None:
    """Present keys that Hypothesis drew."""
    from conformance.draw import tokens

    operation = first_list(bench.contract, party)
    for value in tokens(bench.contract, bench.target.seed, 8):
        kind = bench.contract.kind_of(value)
        form = f"forged:{kind.name}" if kind else "malformed:drawn"
        bench.send(operation, credentials.token(value, name="forged", form=form))


@probes("auth.exact-match", phase=Phase.FREE, free=27, needs=("own.key",))
def test_altered(bench: Bench, party: str) -> None:
    """Present keys that differ a little from a valid one."""
    key = bench.key(party)
    for form in credentials.altered(bench.contract, key, bench.rng(f"altered/{party}")):
        bench.send(first_list(bench.contract, party), form)


@probes("auth.exact-match", phase=Phase.FREE, free=2, needs=("own.key",))
def test_altered_everywhere(bench: Bench, operation: Operation) -> None:
    """Present a few such keys on every operation."""
    key = bench.key(operation.kind)
    forms = list(credentials.altered(bench.contract, key, bench.rng(operation.id)))
    place = bench.contract.operations.index(operation)
    for form in turn(forms, place, 2):
        bench.send(operation, form)


@probes("auth.prefix-bound", "auth.pat-unavailable", phase=Phase.FREE, free=2, needs=("own.key",))
def test_other_prefix(bench: Bench, operation: Operation) -> None:
    """Present a valid key's secret under the other documented prefixes."""
    for form in credentials.exchanged(bench.contract, bench.key(operation.kind)):
        bench.send(operation, form)


@probes("auth.prefix-bound", phase=Phase.FREE, free=2, needs=("cross.key",))
def test_prefix_of_the_other_kind(bench: Bench, operation: Operation) -> None:
    """Present the secret of a key of the other kind under this operation's prefix."""
    for kind in ("project", "team"):
        if kind != operation.kind:
            for form in credentials.exchanged(bench.contract, bench.key(kind)):
                bench.send(operation, form, resource="cross")


@probes("auth.scheme-case", spends={"own": 2})
def test_scheme_case(bench: Bench, party: str) -> None:
    """Write the scheme's name in other cases."""
    for scheme in ("bearer", "BEARER"):
        form = credentials.scheme_case(bench.key(party), scheme)
        bench.send(first_list(bench.contract, party), form)


@probes("auth.ambiguous", "auth.not-echoed", phase=Phase.FREE, free=6, needs=("own.key",))
def test_ambiguous(bench: Bench, party: str) -> None:
    """Present two credentials at once."""
    key = bench.key(party)
    kind = bench.contract.kinds[key.kind]
    other = kind.prefix + "".join(bench.rng("ambiguous").choices("abcdef0123456789", k=40))
    for form in credentials.ambiguous(key, other):
        bench.send(first_list(bench.contract, party), form, level="hardening")
