from pathlib import Path

import pytest

from conformance.origin import Origin, flag
from conformance.source import Source

FILE = Source(Path("t.toml"), "seed = 1\nwindows = 2\n[project]\nid = 'x'\n")


@pytest.mark.parametrize(
    ("origin", "place", "said"),
    [
        (Origin(), ("", "windows"), "--windows is wrong"),
        (Origin(), ("project", "id"), "project.id is wrong"),
        (Origin(FILE), ("", "windows"), "t.toml, line 2: windows is wrong"),
        (Origin(FILE, {"windows": "--windows"}), ("", "windows"), "--windows is wrong"),
        (Origin(FILE, {"windows": "--windows"}), ("", "seed"), "t.toml, line 1: seed is wrong"),
        (Origin(FILE, {"project_id": "MY_ID"}), ("project", "id"), "MY_ID is wrong"),
        (Origin(FILE, {"allow_writes": "W"}), ("safety", "allow_writes"), "W is wrong"),
    ],
)
def test_what_is_wrong_is_said_of_where_it_was_given(
    origin: Origin, place: tuple[str, str], said: str
) -> None:
    assert str(origin.error(*place, "is wrong")) == said


def test_an_option_is_named_as_it_is_written() -> None:
    assert [flag("max_requests"), flag("workers")] == ["--max-requests", "-n"]
