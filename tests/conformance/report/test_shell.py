from __future__ import annotations

import base64
import random
import subprocess

import pytest

from conformance import credential as credentials
from conformance.keyring import Key
from conformance.probes.auth import ODD
from conformance.report.repeat import curl
from conformance.report.shell import ALTERED, MALFORMED
from conformance.secrets import Masker
from tests.conformance.judges.builder import CONTRACT, exchange
from tests.conformance.report.outcomes import KEY, sound

HELD = Key("project#1", "project", "project", KEY)
FORMS = {
    one.form: dict(one.fields)["Authorization"]
    for one in (
        *credentials.altered(CONTRACT, HELD, random.Random(1)),
        *credentials.exchanged(CONTRACT, HELD, lambda _: False),
    )
}


START = len("Bearer bzy_proj_")
END = len(f"Bearer {KEY}")
BY_CHANCE = {  # the places where other characters are than in the key
    "extended": {END},
    "first-changed": {START},
    "middle-changed": {START + (END - START) // 2},
    "last-changed": {END - 1},
    "tail-changed": set(range(START + 8, END)),
    "head-changed": set(range(START, START + 8)),
}
BASIC = [
    one
    for one in credentials.other_schemes(HELD)
    if one.form in ("scheme:basic-user", "scheme:basic-password", "scheme:basic-both")
]
NO_KEYS = {
    one.form: dict(one.fields)["Authorization"]
    for one in credentials.malformed(CONTRACT, "project")
}


def printed(quoted: str) -> str:
    """What a word is in a shell that has the key."""
    told = subprocess.run(
        ["bash", "-c", f"printf %s {quoted}"],
        env={"BUGZY_PROJECT_KEY": KEY, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    return told.stdout.decode()


def sent(form: str, party: str = "project") -> str:
    """What the curl line of a request sends as its Authorization."""
    masked = (("Authorization", f"Bearer [key {party}]"),)
    line = curl(sound(), exchange(200, form=form, sent_fields=masked))
    return printed(line.partition("-H ")[2].rpartition(" ")[0]).removeprefix("Authorization: ")


@pytest.mark.parametrize("how", sorted({*ALTERED} - {*BY_CHANCE, "cut"}))
def test_the_line_sends_what_was_sent(how: str) -> None:
    assert sent(f"altered:{how}") == FORMS[f"altered:{how}"]


@pytest.mark.parametrize("how", sorted(BY_CHANCE))
def test_what_was_drawn_by_chance_is_drawn_again(how: str) -> None:
    """As many characters are others than in the key."""
    made, was = sent(f"altered:{how}"), FORMS[f"altered:{how}"]
    assert len(made) == len(was)
    whole = f"Bearer {KEY} "  # of which the last is where a key is extended
    assert _differs(made, whole) == BY_CHANCE[how]
    assert len(_differs(was, whole)) <= len(BY_CHANCE[how])


def _differs(text: str, other: str) -> set[int]:
    pairs = enumerate(zip(text, other, strict=False))
    return {place for place, (one, another) in pairs if one != another}


def test_every_alteration_can_be_sent_by_hand() -> None:
    assert not [form for form in FORMS if "<" in sent(form)]
    anywhere = list(credentials.changed_anywhere(CONTRACT, HELD))
    assert _differs(sent(anywhere[3].form), f"Bearer {KEY}") == {START + 3}


@pytest.mark.parametrize("one", BASIC, ids=lambda one: one.form)
def test_basic_credentials_are_made_by_curl(one: credentials.Credential) -> None:
    masker = Masker()
    masker.register(KEY, "project#1")
    value = dict(one.fields)["Authorization"]
    line = curl(sound(), exchange(200, sent_fields=(("Authorization", masker.text(value)),)))
    made = printed(line.partition("-u ")[2].rpartition(" ")[0])
    assert base64.b64encode(made.encode()).decode() == value.removeprefix("Basic ")


def test_a_field_with_nothing_in_it_is_sent_so() -> None:
    line = curl(sound(), exchange(200, sent_fields=(("Authorization", ""),)))
    assert " -H 'Authorization;' " in line


def test_a_letter_after_a_key_is_no_part_of_its_variable() -> None:
    body = b"[key project#1]s and [key project#1]"
    line = curl(sound(), exchange(200, operation="createExecution", sent=body))
    assert '"${BUGZY_PROJECT_KEY}s and $BUGZY_PROJECT_KEY"' in line


@pytest.mark.parametrize("form", ["prefix:team", "prefix:personal"])
def test_another_prefix_is_put_before_the_secret(form: str) -> None:
    assert sent(form) == FORMS[form]


def test_what_no_expression_makes_is_said_in_words() -> None:
    assert sent("altered:case") == "Bearer <the key of project, but in another case>"
    assert sent("shown") == "Bearer <what is shown of the key of project>"


@pytest.mark.parametrize("how", MALFORMED)
def test_what_is_no_key_is_written_out(how: str) -> None:
    made = sent(f"malformed:{how}", "forged")
    assert made == NO_KEYS.get(f"malformed:{how}", f"Bearer {ODD.encode('latin-1').decode()}")


def test_a_key_that_never_was_is_written_out() -> None:
    forged = (("Authorization", "Bearer [key forged]"),)
    line = curl(sound(), exchange(200, credential="forged", sent_fields=forged))
    assert f"Bearer {CONTRACT.kinds['project'].prefix}0123456789" in line


def test_a_long_body_is_left_out_and_said() -> None:
    line = curl(sound(), exchange(202, operation="createExecution", sent=b"x" * 3000, number=7))
    assert "--data-binary @body " in line
    assert line.endswith(" # body: the 3000 bytes of exchange 7")
