"""What stands for a key in a shell: its variable, and how what was sent is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.exchange import Tags
    from conformance.outcome import Outcome

NEVER_ISSUED = "0123456789abcdefghijABCDEFGHIJ0123456789"  # a secret that no key has
ALTERED: Mapping[str, str] = {  # V: the variable's name; P: the prefix of its key
    "last-cut": "${V%?}",
    "first-cut": "P${V#P?}",
    "secret-alone": "${V#P}",
    "extended": "${V}x",
    "extended-long": "${V}" + 80 * "x",
    "doubled": "${V}${V#P}",
    "before": "x${V}",
    "prefix-doubled": "P${V}",
    "dotted": "${V}.",
    "comma": "${V},",
    "semicolon": "${V};x",
    "swapped-case": "P$(printf %s ${V#P} | tr a-zA-Z A-Za-z)",
    "upper": "P$(printf %s ${V#P} | tr a-z A-Z)",
    "lower": "P$(printf %s ${V#P} | tr A-Z a-z)",
    "whole-upper": "$(printf %s ${V} | tr a-z A-Z)",
    "reversed": "P$(printf %s ${V#P} | rev)",
    "wildcard": "${V%?}%",
    "underscore": "${V%?}_",
}


def variable(outcome: Outcome, party: str) -> str:
    """The variable that holds a party's key: the target file's own, if it names one."""
    given = outcome.target.parties.get(party)
    return given.variable if given and given.variable else f"BUGZY_{party.upper()}_KEY"


def expression(outcome: Outcome, party: str, tags: Tags) -> str:
    """What to write in double quotes for the text that was sent in the place of a key.

    Where no short expression makes it of the key, it says in words what to put there.
    """
    form, _, how = tags.form.partition(":")
    kinds = outcome.contract.kinds
    name = variable(outcome, party)
    prefix = kinds[party.removeprefix("other_")].prefix if party in outcome.target.parties else ""
    if party == "forged":
        kind = kinds.get(how)
        return (kind.prefix if kind else "") + NEVER_ISSUED
    if form == "prefix" and how in kinds:
        return f"{kinds[how].prefix}${{{name}#{prefix}}}"
    if form == "altered":
        made = ALTERED.get(how)
        return f"<the key of {party}: {how}>" if made is None else _of(made, name, prefix)
    return f"${name}"


def _of(template: str, name: str, prefix: str) -> str:
    return template.replace("P", "\0").replace("V", name).replace("\0", prefix)
