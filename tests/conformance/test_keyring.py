from conformance.history import Recorder
from conformance.keyring import Key, Keyring, form
from conformance.secrets import Masker
from conformance.target import Party
from tests.conformance.judges.builder import CONTRACT

PROJECT, TEAM = Party("project", "project", "p"), Party("team", "team", "t")
FIRST, SECOND = "bzy_proj_Zr7wQk2LmP9xTb4V", "bzy_proj_Yq8vRj1NkM2wSc5U"


class Rig:
    """A keyring and what it tells others."""

    def __init__(self) -> None:
        self.recorder, self.masker = Recorder(), Masker()
        self.keyring = Keyring(CONTRACT, self.masker, self.recorder)

    def add(self, party: Party, value: str) -> Key:
        return self.keyring.add(party, value, (1.0, 2.0))


def test_a_new_key_is_the_current_one() -> None:
    rig = Rig()
    first, second = rig.add(PROJECT, FIRST), rig.add(PROJECT, SECOND)
    assert (first.label, second.label) == ("project#1", "project#2")
    assert rig.keyring.current("project") == second
    assert rig.keyring.earlier("project") == (first,)


def test_parties_have_keys_of_their_own() -> None:
    rig = Rig()
    rig.add(PROJECT, FIRST)
    assert rig.keyring.current("team") is None
    assert rig.keyring.earlier("team") == ()


def test_a_key_is_masked_from_then_on() -> None:
    rig = Rig()
    rig.add(PROJECT, FIRST)
    assert rig.masker.text(FIRST) == "[key project#1]"


def test_what_is_recorded_does_not_hold_the_key() -> None:
    rig = Rig()
    rig.add(PROJECT, FIRST)
    rig.add(PROJECT, SECOND)
    first, second = (event.data for event in rig.recorder.events)
    assert (first["replaces"], second["replaces"]) == (None, "project#1")
    assert FIRST not in str(first)
    assert FIRST.removeprefix("bzy_proj_") not in repr(rig.keyring.current("project"))


def test_a_team_key_replaces_none() -> None:
    rig = Rig()
    rig.add(TEAM, "bzy_team_one-of-them")
    rig.add(TEAM, "bzy_team_two-of-them")
    assert rig.recorder.events[1].data["replaces"] is None


def test_a_key_that_was_issued_before_is_known() -> None:
    rig = Rig()
    rig.add(PROJECT, FIRST)
    rig.add(PROJECT, FIRST)
    assert rig.recorder.events[1].data["same_as"] == "project#1"


def test_the_last_of_two_is_the_current_one() -> None:
    rig = Rig()
    first, second = rig.add(PROJECT, FIRST), rig.add(PROJECT, SECOND)
    assert rig.keyring.current("project") == second
    assert rig.keyring.earlier("project") == (first,)


def test_a_worker_takes_keys_in_without_recording_them() -> None:
    rig = Rig()
    rig.keyring.add(PROJECT, FIRST, (0, 0), generated=False, record=False)
    assert rig.recorder.events == []


def test_the_form_of_a_key() -> None:
    found = form("bzy_proj_", "bzy_proj_0a-F")
    assert (found["prefixed"], found["secret_length"], found["hexadecimal"]) == (True, 4, False)
    assert found["alphabet"] == ["lower", "upper", "digit", "-"]
    assert not form("bzy_proj_", "bzy_proj_")["prefixed"]
    assert form("bzy_proj_", "bzy_proj_0a9f")["hexadecimal"]
