"""auth: who gets in."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from conformance import credential as credentials
from conformance import sample
from conformance.address import CROSS, OTHERS
from conformance.bench import Bench
from conformance.contract import Operation
from conformance.credential import ANONYMOUS, STRANGE, Credential
from conformance.draw import tokens
from conformance.exchange import Fields
from conformance.keyring import Key
from conformance.probe import Phase, probes
from conformance.probes.shapes import (
    first_list,
    first_write,
    flawed,
    in_full,
    respelled,
    shows,
    some,
    turn,
    with_body,
)
from conformance.sample import media_types

FROM_INSIDE: Fields = (  # as a browser on the server's own machine asks, through a proxy
    ("Accept", "text/html, */*;q=0.1"),
    *((name, "127.0.0.1") for name in ("X-Forwarded-For", "X-Real-IP")),
)
ODD = "bzy_" + "é".encode().decode("latin-1") * 20  # the letter in UTF-8, as octets of a field


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
    bench.send(operation, operation.kind, generated="positive")


@probes(
    "auth.project-key-accepted",
    "auth.team-key-accepted",
    "schema.responses",
    spends={"other": 1},
    thorough=True,
    needs=("other.key",),
    where=lambda op: not op.lists and not op.writes,
)
def test_others_accepted(bench: Bench, operation: Operation) -> None:
    """Read with the other's key what is its own; its lists are read anyway."""
    bench.send(operation, OTHERS[operation.kind], generated="positive")


@probes(
    "auth.required",
    "auth.before-all",
    "auth.challenge",
    "leak.unauthenticated",
    phase=Phase.FREE,
    free=17,
    thrift={"free": 6},
)
def test_anonymous(bench: Bench, operation: Operation) -> None:
    """Call without a key, for what exists and what does not, validly and not."""
    calls = [
        bench.call(operation, ANONYMOUS, resource=resource)
        for resource in ("own", "foreign", "absent")
    ]
    few = 2 if operation.body is not None else 1
    ways = flawed(bench, operation, few if bench.thrifty else 4 * few)
    if operation.body is not None:
        other = next(media_types(operation, bench.calls.marker()))
        ways += [{"body": b"", "defect": "json.empty"}, sample.typed(*other)]
    if not bench.thrifty:
        full = in_full(bench, operation)
        ways += [{**way, "resource": one} for way in full for one in ("own", "foreign", "absent")]
        ways += [{**way, "resource": "absent"} for way in ways[:1]]
        ways += [
            {"path": f"{calls[0].path}/", "twist": "slash"},
            {"fields": FROM_INSIDE, "twist": "inside"},
        ]
        if shows(bench, operation):
            ways += [{"path": path, "twist": twist} for twist, path in respelled(calls[0].path)]
    if operation.nested is not None:
        ways += [{"nested": "absent"}, {"nested": "foreign"}]
    least = len(calls) if shows(bench, operation) else 1
    asked = (bench.call(operation, ANONYMOUS, **way) for way in ways)
    bench.sometime([*calls, *asked], least=least)


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


@probes("auth.bearer-only", phase=Phase.FREE, free=17, thrift={"free": 2}, needs=("own.key",))
def test_other_scheme(bench: Bench, operation: Operation) -> None:
    """Present a valid key under other schemes: all of them once, some of them everywhere."""
    forms = list(credentials.other_schemes(bench.key(operation.kind)))
    every = shows(bench, operation) or not bench.thrifty
    chosen = forms if every else some(bench, operation, forms, 1, 1)
    calls = [bench.call(operation, form) for form in chosen]
    if not bench.thrifty:
        calls += [bench.call(operation, forms[0], **way) for way in flawed(bench, operation)]
    bench.sometime(calls)


@probes("auth.header-only", phase=Phase.FREE, free=9, thrift={"free": 3}, needs=("own.key",))
def test_elsewhere(bench: Bench, operation: Operation) -> None:
    """Present a valid key in the query, cookies, other fields and the body."""
    key = bench.key(operation.kind)
    forms = [credentials.elsewhere(key)]
    if shows(bench, operation):
        forms.append(credentials.elsewhere(key, beside=_no_key(bench, key)))
        places = (credentials.in_query, credentials.in_cookies, credentials.in_fields)
        alone = [form for place in places for form in place(key)]
        forms += alone[::3] if bench.thrifty else alone  # the others are tried together
    if operation.body is not None:
        everywhere, *alone, form = credentials.in_body(key)
        forms += [everywhere, *([] if bench.thrifty else some(bench, operation, alone, 4, 1))]
        if not bench.thrifty or operation == first_write(bench.contract, operation.kind):
            forms.append(form)
    bench.sometime(bench.call(operation, form) for form in forms)


def _no_key(bench: Bench, key: Key) -> Fields:
    """What is in the documented place and is no key: an unknown one, or of another scheme."""
    if key.kind == "team":
        return STRANGE.fields
    return (("Authorization", f"Bearer {_unknown(bench, key)}"),)


@probes(
    "auth.unknown-key",
    "auth.pat-unavailable",
    "auth.before-all",
    phase=Phase.FREE,
    free=17,
    thrift={"free": 4},
)
def test_never_issued(bench: Bench, operation: Operation) -> None:
    """Present keys that were never issued, of each documented prefix, and malformed ones."""
    chance = bench.rng(f"forged/{operation.id}")
    key = bench.keyring.current(operation.kind)
    like = key.secret(bench.contract) if key else None
    kinds = some(bench, operation, list(bench.contract.kinds), 3, 2)
    forms = [credentials.forged(bench.contract, kind, chance, like) for kind in kinds]
    odd = list(credentials.malformed(bench.contract, operation.kind))
    every = shows(bench, operation)
    forms += odd if every else some(bench, operation, odd, 2, 1)
    if not bench.thrifty:
        forms += [one for one in odd if one.form in credentials.CARELESS and one not in forms]
    calls = [bench.call(operation, form) for form in forms]
    if not bench.thrifty:
        elsewhere = ("foreign", "absent")
        calls += [bench.call(operation, forms[0], resource=resource) for resource in elsewhere]
        calls += [bench.call(operation, forms[0], **way) for way in flawed(bench, operation, 2)]
        calls += [bench.call(operation, form, resource="absent") for form in forms[-1:]]
    bench.sometime(calls)


@probes("auth.unknown-key", phase=Phase.FREE, free=8, thrift={"free": 4})
def test_drawn(bench: Bench, party: str) -> None:
    """Present keys that Hypothesis drew."""
    operation = first_list(bench.contract, party)
    prefixes = tuple(kind.prefix for kind in bench.contract.kinds.values())
    drawn = tokens(prefixes, bench.target.seed, 4 if bench.thrifty else 8)
    bench.sometime(bench.call(operation, _drawn(bench, value)) for value in drawn)


@probes("error.no-server-error", "auth.unknown-key", phase=Phase.FREE, free=1)
def test_odd_letters(bench: Bench, party: str) -> None:
    """Present a key with letters that are no ASCII, which a server may not expect.

    It is not said what refuses it, and how (RFC 9110, 5.5): only a failure, or that nothing does,
    is judged.
    """
    form = credentials.token(ODD, name="forged", form="malformed:letters")
    bench.deliver(bench.call(first_list(bench.contract, party), form, level="hardening"))


def _drawn(bench: Bench, value: str) -> credentials.Credential:
    kind = bench.contract.kind_of(value)
    form = f"forged:{kind.name}" if kind else "malformed:drawn"
    return credentials.token(value, name="forged", form=form)


@probes("auth.exact-match", phase=Phase.FREE, free=78, thrift={"free": 26}, needs=("own.key",))
def test_altered(bench: Bench, party: str) -> None:
    """Present keys that differ a little from a valid one."""
    operation, chance = first_list(bench.contract, party), bench.rng(f"altered/{party}")
    forms = list(credentials.altered(bench.contract, bench.key(party), chance))
    forms = forms if shows(bench, operation) else turn(forms, 1, 7)
    if not bench.thrifty:
        forms += credentials.changed_anywhere(bench.contract, bench.key(party))
    bench.sometime(bench.call(operation, form) for form in forms)


@probes("auth.exact-match", phase=Phase.FREE, free=9, thrift={"free": 1}, needs=("own.key",))
def test_altered_everywhere(bench: Bench, operation: Operation) -> None:
    """Present a few such keys on every operation, and those that are let in most often."""
    key = bench.key(operation.kind)
    forms = list(credentials.altered(bench.contract, key, bench.rng(operation.id)))
    few = some(bench, operation, forms, 3, 1)
    if not bench.thrifty:
        few += [one for one in forms if one.form in credentials.LIKELIEST and one not in few]
    bench.sometime(bench.call(operation, form) for form in few)


@probes("auth.exact-match", phase=Phase.FREE, free=40, thorough=True, needs=("other.key",))
def test_others_altered(bench: Bench, party: str) -> None:
    """Present keys that differ a little from the other's: each key may be kept in another way."""
    operation, other = first_list(bench.contract, party), OTHERS[party]
    forms = credentials.altered(bench.contract, bench.key(other), bench.rng(f"altered/{other}"))
    bench.sometime(bench.call(operation, form) for form in forms)


@probes(
    "auth.prefix-bound",
    "auth.pat-unavailable",
    phase=Phase.FREE,
    free=2,
    thrift={"free": 1},
    needs=("own.key",),
)
def test_other_prefix(bench: Bench, operation: Operation) -> None:
    """Present a valid key's secret under the other documented prefixes."""
    few = some(bench, operation, exchanged(bench, operation.kind), 2, 1)
    bench.sometime(bench.call(operation, form) for form in few)


@probes("auth.prefix-bound", phase=Phase.FREE, free=2, thrift={"free": 1}, needs=("cross.key",))
def test_prefix_of_the_other_kind(bench: Bench, operation: Operation) -> None:
    """Present the secret of a key of the other kind under this operation's prefix."""
    few = some(bench, operation, exchanged(bench, CROSS[operation.kind]), 2, 1)
    bench.sometime(bench.call(operation, form, resource="cross") for form in few)


def exchanged(bench: Bench, party: str) -> list[Credential]:
    """The secret of a party's key under the other prefixes."""
    return list(credentials.exchanged(bench.contract, bench.key(party), bench.keyring.holds))


@probes("auth.scheme-case", spends={"own": 6}, thrift={"spends": {"own": 3}})
def test_scheme_case(bench: Bench, party: str) -> None:
    """Write the scheme's name in other cases: for a read, and for a write if one may be sent."""
    ways = (first_list(bench.contract, party), first_write(bench.contract, party))
    for place, scheme in enumerate(("bearer", "BEARER", "bEaReR")):
        for operation in ways[place % 2 :][:1] if bench.thrifty else ways:
            bench.send(operation, credentials.scheme_case(bench.key(party), scheme))


@probes("auth.scheme-case", phase=Phase.EXTRA, spends={"own": 1})
def test_scheme_case_everywhere(bench: Bench, operation: Operation) -> None:
    """Write the scheme's name in lower case on every operation."""
    bench.send(operation, credentials.scheme_case(bench.key(operation.kind), "bearer"))


@probes(
    "auth.required",
    "auth.bearer-only",
    "auth.header-only",
    "auth.exact-match",
    phase=Phase.EXTRA,
    spends={"own": 4},
    free=4,
    needs=("own.key",),
)
def test_right_after(bench: Bench, party: str) -> None:
    """Present no valid credential where the key was let in just before, on the same connection."""
    operation, key = first_list(bench.contract, party), bench.key(party)
    token = next(one for one in credentials.other_schemes(key) if one.form == "scheme:token")
    altered = next(credentials.altered(bench.contract, key, bench.rng(f"after/{party}")))
    for form in (ANONYMOUS, token, credentials.elsewhere(key), altered):
        bench.send(operation, party)
        bench.deliver(bench.call(operation, form))


@probes(
    "auth.ambiguous",
    "auth.not-echoed",
    spends={"own": 12},
    thrift={"spends": {"own": 4}},
)
def test_ambiguous(bench: Bench, party: str) -> None:
    """Present two credentials at once, while the key has room: who takes one of them counts it."""
    key, operation = bench.key(party), first_list(bench.contract, party)
    forms = list(credentials.ambiguous(key, _unknown(bench, key)))
    few = forms[party == "team" : 8 : 2] if bench.thrifty else forms
    asked = [(operation, form) for form in few]
    if not bench.thrifty:
        asked += [(first_write(bench.contract, party), form) for form in forms[:2]]
    bench.together(bench.call(*one, level="hardening") for one in asked)


@probes("auth.ambiguous", phase=Phase.EXTRA, spends={"own": 2})
def test_ambiguous_everywhere(bench: Bench, operation: Operation) -> None:
    """Send two Authorization fields to every operation, one of them with a valid key."""
    key = bench.key(operation.kind)
    forms = islice(credentials.ambiguous(key, _unknown(bench, key)), 2)
    bench.together(bench.call(operation, form, level="hardening") for form in forms)


def _unknown(bench: Bench, key: Key) -> str:
    """A token like a key of its kind, which was never issued."""
    letters = bench.rng("ambiguous").choices("abcdef0123456789", k=40)
    return bench.contract.kinds[key.kind].prefix + "".join(letters)


@probes("auth.not-echoed", spends={"own": 3}, needs=("own.key",))
def test_astray(bench: Bench, party: str) -> None:
    """With a valid key, send it in an unlisted member of the body and in a query too."""
    lost = bench.off_route("GET", f"/{bench.calls.marker()}", party)
    listed = bench.call(first_list(bench.contract, party), party, defect="unusual:query")
    for call in (lost, listed):
        bench.deliver(replace(call, query=f"api_key={bench.key(party).value}"))
    send_astray(bench, first_write(bench.contract, party))


@probes("auth.not-echoed", phase=Phase.EXTRA, spends={"own": 1}, where=with_body)
def test_astray_everywhere(bench: Bench, operation: Operation) -> None:
    """The same in the body of every write."""
    send_astray(bench, operation)


def send_astray(bench: Bench, operation: Operation) -> None:
    """Send a valid key in an unlisted member of a body."""
    valid = sample.body(operation, bench.calls.marker())
    written = sample.dump(valid | {"conformanceUnknown": bench.key(operation.kind).value})
    bench.send(operation, operation.kind, body=written, defect="body.extra-member")
