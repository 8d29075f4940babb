import pytest

from reference_server import factory
from reference_server.app import Server
from reference_server.choice import ChoiceError


def test_a_server_is_sound_unless_asked_otherwise() -> None:
    assert factory.chosen(None, None) is Server
    assert factory.chosen("keeps-old-keys", None).__name__ == "KeepsOldKeys"
    assert factory.chosen(None, "aligns-windows").__name__ == "AlignsWindows"


@pytest.mark.parametrize(
    ("fault", "variant"), [("nope", None), (None, "nope"), ("keeps-old-keys", "aligns-windows")]
)
def test_what_there_is_none_of_is_refused(fault: str | None, variant: str | None) -> None:
    with pytest.raises(ChoiceError):
        factory.chosen(fault, variant)
