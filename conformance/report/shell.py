"""What stands for a key in a shell: its variable, and how what was sent is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from conformance.credential import MARKS

if TYPE_CHECKING:
    from conformance.exchange import Tags
    from conformance.outcome import Outcome

NEVER_ISSUED = "0123456789abcdefghijABCDEFGHIJ0123456789"  # a secret that no key has
ANOTHER = "tr a-zA-Z0-9_- b-zaB-ZA1-90xx"  # puts another letter in the place of each


def _cut(first: str, last: str, program: str = "") -> str:
    """Characters of the key, from the first to the last; a program may change them."""
    return f"$(printf %s ${{V}} | cut -c{first}-{last}{program and f' | {program}'})"


def _changed(place: str) -> str:
    """The key with another character after so many."""
    before, after = _cut("1", f"$(({place}))"), _cut(f"$(({place}+2))", "")
    return before + _cut(f"$(({place}+1))", f"$(({place}+1))", ANOTHER) + after


ALTERED: Mapping[str, str] = {  # V: the variable's name; P: the prefix of its key; L: its length
    "last-cut": "${V%?}",
    "cut": "${V%?}",
    "first-cut": "P${V#P?}",
    "secret-alone": "${V#P}",
    "padded": "${V}=",
    "halved": _cut("1", "$(((${#V}+L)/2))"),
    "long-prefix": _cut("1", "$((L+(${#V}-L)*3/4))"),
    "display-prefix": _cut("1", "$((L+4))"),
    "display-text": _cut("1", "$((L+4))") + "...",
    "extended": "${V}x",
    "extended-long": "${V}" + 80 * "x",
    "doubled": "${V}${V#P}",
    "before": "x${V}",
    "prefix-doubled": "P${V}",
    "prefix-upper": "$(printf %s P | tr a-z A-Z)${V#P}",
    "prefix-mark": "$(printf %s P | tr _ -)${V#P}",
    "vendor-cut": "${V#*_}",
    "dashed": _cut("1", "$((L+4))") + "-" + _cut("$((L+5))", ""),
    "mistaken": "P$(printf %s ${V#P} | tr O0lI1 0OIll)",
    "scheme-doubled": "Bearer ${V}",
    "named": r"token=\"${V}\"",
    "hash": "$(printf %s ${V} | sha256sum | cut -c1-64)",
    "quoted": r"\"${V}\"",
    "base64": "$(printf %s ${V} | base64 -w0)",
    "dotted": "${V}.",
    "comma": "${V},",
    "semicolon": "${V};x",
    **{f"followed-by-{name}": f"${{V}}{mark}x" for name, mark in MARKS},
    "percent-encoded": 'P%$(printf %02X "\'$(printf %.1s ${V#P})")${V#P?}',
    "swapped-case": "P$(printf %s ${V#P} | tr a-zA-Z A-Za-z)",
    "upper": "P$(printf %s ${V#P} | tr a-z A-Z)",
    "lower": "P$(printf %s ${V#P} | tr A-Z a-z)",
    "whole-upper": "$(printf %s ${V} | tr a-z A-Z)",
    "reversed": "P$(printf %s ${V#P} | rev)",
    "transposed": r"P$(printf %s ${V#P} | sed 's/\(.\)\(.\)/\2\1/')",
    "first-changed": f"P$(printf %.1s ${{V#P}} | {ANOTHER})${{V#P?}}",
    "middle-changed": _changed("(${#V}+L)/2"),
    "last-changed": f"${{V%?}}$(printf %s ${{V}} | tail -c1 | {ANOTHER})",
    "tail-changed": _cut("1", "$((L+8))") + _cut("$((L+9))", "", ANOTHER),
    "head-changed": "P" + _cut("$((L+1))", "$((L+8))", ANOTHER) + _cut("$((L+9))", ""),
    "wildcard": "${V%?}%",
    "underscore": "${V%?}_",
}
WORDS = {"case": "in another case"}  # of what is known only so far
MALFORMED: Mapping[str, str] = {  # of those that are long enough to be masked
    "slash": "P../../x",
    "sample": "Pabc123",
    "sample-whole": "Pabc123...",
    "long": "P$(printf %4000s | tr ' ' a)",
    "jwt": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "letters": "bzy_" + 20 * "é",
}


def variable(outcome: Outcome, party: str) -> str:
    """The variable that holds a party's key: the target file's own, if it names one."""
    given = outcome.target.parties.get(party)
    return given.variable if given and given.variable else f"BUGZY_{party.upper()}_KEY"


def expression(outcome: Outcome, party: str, tags: Tags) -> str:
    """What to write in double quotes for the text that was sent in the place of a key.

    Where no short expression makes it of the key, it says in words what to put there.
    """
    if party == "forged":
        return _forged(outcome, tags)
    form, _, how = tags.form.partition(":")
    kinds, name = outcome.contract.kinds, variable(outcome, party)
    prefix = kinds[party.removeprefix("other_")].prefix if party in outcome.target.parties else ""
    if form == "prefix" and how in kinds:
        return f"{kinds[how].prefix}${{{name}#{prefix}}}"
    if form == "altered":
        return _altered(how, name, prefix) or f"<the key of {party}, but {WORDS.get(how, how)}>"
    return f"<what is shown of the key of {party}>" if form == "shown" else f"${name}"


def _forged(outcome: Outcome, tags: Tags) -> str:
    """A key that was never issued, or what is none."""
    kinds = outcome.contract.kinds
    form, _, how = tags.form.partition(":")
    if form == "malformed":
        asked = outcome.contract.operation(tags.operation)
        return _of(MALFORMED.get(how, NEVER_ISSUED), "", kinds[asked.kind].prefix if asked else "")
    return (kinds[how].prefix if how in kinds else "") + NEVER_ISSUED


def _altered(how: str, name: str, prefix: str) -> str | None:
    if place := re.fullmatch(r"changed-(\d+)", how):
        return _of(_changed(f"L+{place[1]}"), name, prefix)
    return _of(ALTERED[how], name, prefix) if how in ALTERED else None


def _of(template: str, name: str, prefix: str) -> str:
    meant = {"V": name, "P": prefix, "L": str(len(prefix))}
    made = re.sub("[VPL]", lambda found: meant[found[0]], template)
    return re.sub(r"\$\(\(([\d+]+)\)\)", lambda found: _sum(found[1]), made)


def _sum(numbers: str) -> str:
    return str(sum(map(int, numbers.split("+"))))
