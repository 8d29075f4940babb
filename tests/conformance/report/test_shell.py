from __future__ import annotations

import random
import subprocess

import pytest

from conformance import credential as credentials
from conformance.keyring import Key
from conformance.report.repeat import curl
from conformance.report.shell import ALTERED
from tests.conformance.judges.builder import CONTRACT, exchange
from tests.conformance.report.outcomes import KEY, sound

MASKED = (("Authorization", "Bearer [key project#1]"),)
HELD = Key("project#1", "project", "project", KEY)
FORMS = {
    one.form: dict(one.fields)["Authorization"]
    for one in (
        *credentials.altered(CONTRACT, HELD, random.Random(1)),
        *credentials.exchanged(CONTRACT, HELD, lambda _: False),
    )
}


def sent(form: str) -> str:
    """What the curl line of a request sends as its Authorization, in a shell that has the key."""
    line = curl(sound(), exchange(200, form=form, sent_fields=MASKED))
    field = line.partition("-H ")[2].rpartition(" ")[0]
    told = subprocess.run(
        ["bash", "-c", f"printf %s {field}"],
        env={"BUGZY_PROJECT_KEY": KEY, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    return told.stdout.decode().removeprefix("Authorization: ")


@pytest.mark.parametrize("how", ALTERED)
def test_the_line_sends_what_was_sent(how: str) -> None:
    if how == "extended":  # by any letter
        assert sent("altered:extended")[:-1] == f"Bearer {KEY}"
    else:
        assert sent(f"altered:{how}") == FORMS[f"altered:{how}"]


@pytest.mark.parametrize("form", ["prefix:team", "prefix:personal"])
def test_another_prefix_is_put_before_the_secret(form: str) -> None:
    assert sent(form) == FORMS[form]


def test_what_no_short_expression_makes_is_said_in_words() -> None:
    assert sent("altered:transposed") == "Bearer <the key of project: transposed>"


def test_a_key_that_never_was_is_written_out() -> None:
    forged = (("Authorization", "Bearer [key forged]"),)
    line = curl(sound(), exchange(200, credential="forged", sent_fields=forged))
    assert f"Bearer {CONTRACT.kinds['project'].prefix}0123456789" in line


def test_a_long_body_is_left_out_and_said() -> None:
    line = curl(sound(), exchange(202, operation="createExecution", sent=b"x" * 3000, number=7))
    assert "--data-binary @body " in line
    assert line.endswith(" # body: the 3000 bytes of exchange 7")
