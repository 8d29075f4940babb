"""The draft of a target file: put together from answers, checked with one request per key."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance import reach
from conformance import target as targets
from conformance.bench import Bench, Rig, new_run
from conformance.deployment import contract_of
from conformance.exchange import Exchange
from conformance.history import Recorder
from conformance.probes.shapes import first_list
from conformance.source import TargetError
from conformance.target import PARTIES, Party, Target

MEANINGS = {
    "project": "the project under test",
    "other_project": "a project of another team",
    "team": "owns [project]",
    "other_team": "owns [other_project]",
}
REST = """
# [hooks]                                   # programs, run without a shell; {id} is replaced
# regenerate_project_key = ["./new-project-key", "{id}"]
# generate_team_key = ["./new-team-key", "{id}"]
# show_project_key = ["./show-project-key", "{id}"]

[safety]
allow_writes = false                        # may create things there
max_requests_per_second = 20
"""
MEANS = {  # what an answer says of a key
    401: "refused",
    404: "not found",
    429: "accepted, and over its limit now",
}


STATUS = {  # the exit status by verdict
    "accepted": 0,
    "unknown": 0,  # nothing was sent
    "doubtful": 0,  # what was answered may have another reason than the key
    "refused": 2,
    "unreachable": 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A project or team, and the variable that holds its key."""

    name: str
    id: str
    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a target file needs. It never holds a key."""

    base_url: str
    entries: tuple[Entry, ...]
    insecure: bool = False

    def text(self) -> str:
        """The target file."""
        return "\n".join(self._lines()) + "\n" + REST

    def command(self) -> str:
        """The command that makes it again, without a question."""
        given = ["--base-url", self.base_url, *(["--insecure"] if self.insecure else [])]
        for one in self.entries:
            given += [_option(one.name, "id"), one.id, _option(one.name, "key-env"), one.variable]
        return shlex.join(["bugzy-conformance", "init", *given])

    def _lines(self) -> Iterator[str]:
        yield f"{f'base_url = {_quoted(self.base_url)}':<44}# without /api/v1"
        if self.insecure:
            yield f"{'insecure = true':<44}# TLS is not verified"
        given = {one.name: one for one in self.entries}
        for name, meaning in MEANINGS.items():
            mark = "" if name in given else "# "
            entry = given.get(name) or Entry(name=name, id="...", variable=variable(name))
            yield ""
            yield f"{f'{mark}[{name}]':<44}# {meaning}"
            yield f"{mark}id = {_quoted(entry.id)}"
            yield f'{mark}key = "env:{entry.variable}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one request with a key told."""

    name: str
    says: str
    verdict: str  # one of STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to ask for; *check* returns what is kept of an answer, or raises TargetError."""

    option: str  # which answers it beforehand
    text: str
    check: Callable[[str], str]
    default: str | None = None


Ask = Callable[[Question], str]  # the answer, checked


def variable(name: str) -> str:
    """The name that the variable with a party's key usually has."""
    return f"BUGZY_{name.upper()}_KEY"


def drafted(given: Mapping[str, Any], ask: Ask) -> Draft:
    """A draft from options; where they leave out what is required, everything missing is asked for.

    Raises TargetError for an option that cannot stand in a target file.
    """
    complete = bool(given.get("base_url") and given.get("project_id"))
    url = Question(option="--base-url", text="Base URL, without /api/v1", check=targets.base_url)
    base_url = given.get("base_url")
    draft = Draft(
        base_url=ask(url) if base_url is None else targets.base_url(base_url),
        entries=(),
        insecure=bool(given.get("insecure")),
    )
    for name in MEANINGS:
        draft = _with_entry(draft, name, given, None if complete else ask)
    return draft


def _with_entry(draft: Draft, name: str, given: Mapping[str, Any], ask: Ask | None) -> Draft:
    """The draft, and a party of this name, if there is to be one."""
    id, named = given.get(f"{name}_id"), given.get(f"{name}_key_env")
    if id is None and ask is not None:
        id = ask(_id_question(draft, name))
    if not id and named:
        raise TargetError(f"{_option(name, 'key-env')} is given without {_option(name, 'id')}")
    if not id:
        return draft
    found = _joined(draft, name, id)
    if named is None:
        named = variable(name) if ask is None else ask(_key_question(name))
    last = replace(found.entries[-1], variable=_variable(name, named))
    return replace(found, entries=(*draft.entries, last))


def _joined(draft: Draft, name: str, id: str) -> Draft:
    """The draft with a party; raises TargetError if it cannot stand beside the others."""
    entry = Entry(name=name, id=id, variable=variable(name))
    found = replace(draft, entries=(*draft.entries, entry))
    described(found, {})
    return found


def _id_question(draft: Draft, name: str) -> Question:
    def check(id: str) -> str:
        return _joined(draft, name, id).entries[-1].id if id else ""

    required = name == "project"
    leave = "" if required else " (Enter leaves it out)"
    text = f"Id of [{name}], {MEANINGS[name]}{leave}"
    default = None if required else ""
    return Question(option=_option(name, "id"), text=text, default=default, check=check)


def _key_question(name: str) -> Question:
    return Question(
        option=_option(name, "key-env"),
        text="Variable that holds its key",
        default=variable(name),
        check=lambda text: _variable(name, text),
    )


def _variable(name: str, text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) or text.startswith(targets.KEYS_BEGIN):
        # Not repeated: it may be the key itself.
        raise TargetError(
            f"{_option(name, 'key-env')}: write the name of a variable, as in {variable(name)}; "
            "the key itself never stands in the file"
        )
    return text


def described(
    draft: Draft, environ: Mapping[str, str], options: Mapping[str, Any] | None = None
) -> Target:
    """The target that the draft describes, without the keys whose variables are not set."""
    parties = {one.name: {"id": one.id, "key": f"env:{one.variable}"} for one in draft.entries}
    keys = {one.variable: environ.get(one.variable, "") for one in draft.entries}
    given = {"base_url": draft.base_url, "insecure": draft.insecure, **(options or {})}
    return targets.load(given, keys, {"base_url": draft.base_url, **parties}, keyless=True)


def check(
    draft: Draft, environ: Mapping[str, str] = os.environ, options: Mapping[str, Any] | None = None
) -> Iterator[Checked]:
    """Send one request with each key, and say what became of it."""
    target = described(draft, environ, options)
    contract = contract_of(target)
    rig = Rig(contract=contract, target=target, recorder=Recorder(), run=new_run())
    bench = Bench(rig)
    bench.take_keys()
    try:
        for one in draft.entries:
            yield _checked(one, bench)
    finally:
        bench.close()


def _checked(entry: Entry, bench: Bench) -> Checked:
    if not bench.target.has_key(entry.name):
        says = f"not checked: the variable {entry.variable} is not set"
        return Checked(name=entry.name, says=says, verdict="unknown")
    operation = first_list(bench.contract, PARTIES[entry.name])
    exchange = bench.client.attempt(bench.call(operation, entry.name))
    party = bench.target.parties[entry.name]
    says = f"{_told(bench, party, exchange)} ({operation.method} {operation.path})"
    verdict = _verdict(exchange)
    if exchange.status == 404 and not operation.documented:  # which the deployment may lack
        verdict = "refused" if reach.misplaced(bench.contract, party) else "doubtful"
    return Checked(name=entry.name, says=says, verdict=verdict)


def _told(bench: Bench, party: Party, exchange: Exchange) -> str:
    base_url, response = bench.target.base_url, exchange.response
    if response is None:
        return reach.unanswered(base_url, exchange.failure or "")
    said = MEANS.get(response.status, "not as expected")
    if moved := reach.moved(base_url, exchange):
        said = f"base_url {moved}"
    elif exchange.succeeded:
        said = "accepted" if _is_json(exchange) else "but no JSON: is base_url right?"
    elif response.status in (401, 404):
        said += f": {reach.refusal(bench.contract, party, response)}"
    return f"{response.status} {said}"


def _is_json(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.json is not None


def _verdict(exchange: Exchange) -> str:
    if exchange.succeeded:
        return "accepted" if _is_json(exchange) else "refused"
    if exchange.status == 429:
        return "accepted"
    wrong = (400, 401, 403, 404, *reach.MOVED)
    return "refused" if exchange.status in wrong else "unreachable"


def warning(checked: Iterable[Checked]) -> str | None:
    """What to heed of a file that is written though it may hold what is wrong."""
    names = [f"[{one.name}]" for one in checked if one.verdict == "doubtful"]
    if not names:
        return None
    return (
        f"Warning: nothing shows that the key of {', '.join(names)} is accepted: it may be wrong, "
        "or the deployment lacks the operation"
    )


def write(draft: Draft, path: Path, *, force: bool) -> None:
    """Write the target file; raise TargetError where one is already, unless *force*."""
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(draft.text())
    except FileExistsError:
        raise exists(path) from None
    except OSError as error:
        raise TargetError(f"{path}: cannot be written: {error.strerror}") from None


def exists(path: Path) -> TargetError:
    """What is wrong where a file is that was not to be replaced."""
    return TargetError(f"{path} exists already; --force replaces it")


def suit(path: Path, *, force: bool) -> None:
    """Raise TargetError where no file can be written, before anything is asked."""
    if path.is_dir():
        raise TargetError(f"--output {path}: it is a folder; write the name of a file")
    if not path.parent.is_dir():
        raise TargetError(
            f"--output {path}: there is no folder {path.parent}; make it, or name another"
        )
    if path.exists() and not force:
        raise exists(path)


def unanswered(option: str) -> TargetError:
    """What is wrong where a question gets no answer: the input ended, or was ended."""
    return TargetError(
        f"{option} is neither given nor answered; "
        "where --base-url and --project-id are given, nothing is asked"
    )


def _option(name: str, of: str) -> str:
    return f"--{name.replace('_', '-')}-{of}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
