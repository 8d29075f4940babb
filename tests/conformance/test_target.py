from pathlib import Path
from typing import Any

import pytest

from conformance import target as targets
from conformance import variables
from conformance.source import TargetError
from conformance.target import Target

KEY = "bzy_proj_Zr7wQk2LmP9xTb4VnC8yHd3FsJ6gKe5R"
ONE, OTHER = "6f1f64b0-5c0f-4f39-8f0a-7d2f6f0f8a11", "0d9d3a52-1e55-4c86-9f4e-3f0b7f1c2d22"
FILE = f"""\
base_url = "https://staging.example.com"

[project]
id = "{ONE}"
key = "env:MINE"
"""
MINE = {"MINE": KEY}
SEED = "BUGZY_CONFORMANCE_SEED"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "staging.toml"


def loaded(path: Path, text: str, environ: dict[str, str] | None = None, **options: Any) -> Target:
    path.write_text(text, encoding="utf-8")
    return targets.load({"target": str(path), **options}, MINE | (environ or {}))


def problem(path: Path, text: str, environ: dict[str, str] | None = None, **options: Any) -> str:
    """What is said of a file, after its name."""
    with pytest.raises(TargetError) as raised:
        loaded(path, text, environ, **options)
    said = str(raised.value)
    assert KEY not in said
    assert "\n" not in said
    return said.removeprefix(str(path))


def test_a_small_file_is_enough(path: Path) -> None:
    found = loaded(path, FILE)
    assert (found.base_url, found.parties["project"].id) == ("https://staging.example.com", ONE)
    assert found.parties["project"].key == KEY
    assert (found.allow_writes, found.windows, found.file) == (False, 1, path)


def test_a_key_is_in_no_representation(path: Path) -> None:
    assert KEY not in repr(loaded(path, FILE))


def test_a_whole_file(path: Path) -> None:
    found = loaded(
        path,
        FILE
        + f'[other_project]\nid = "{OTHER}"\n[hooks]\nshow_project_key = ["show", "{{id}}"]\n'
        + "[rate_limit]\nlimit = 5\nwindow_seconds = 2.5\n[operations]\nexclude = ['x']\n"
        + "[safety]\nallow_writes = true\nmax_requests_per_second = 3\n",
    )
    assert (found.limit, found.window, found.exclude) == (5, 2.5, ("x",))
    assert (found.allow_writes, found.max_requests_per_second) == (True, 3)
    assert found.hooks == {"show_project_key": ("show", "{id}")}
    assert [found.has_key(name) for name in ("project", "other_project", "team")] == [1, 0, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FILE + "kay = 1\n", "line 6: project.kay is not known; did you mean key?"),
        (FILE + "[prject]\nid = 'x'\n", "line 6: prject is not known; did you mean project?"),
        (FILE + "[zzz]\nx = 1\n", "line 6: zzz is not known; known here:"),
        ("zzz = 1\n" + FILE, "line 1: zzz is not known; known here: base_url"),
        ("bse_url = 'x'\n" + FILE, "line 1: bse_url is not known; did you mean base_url?"),
        (FILE + "[safety]\nlimit = 1\n", "line 7: safety.limit is not known; known here:"),
        ("project = 1\n", "line 1: project is a section; write [project]"),
        (FILE + "[rate_limit]\nlimit = 'x'\n", "line 7: rate_limit.limit is 'x'; write an integer"),
        (FILE + "[rate_limit]\nlimit = 0\n", "line 7: rate_limit.limit is 0; write a number above"),
        (FILE + "[rate_limit]\nlimit = true\n", "line 7: rate_limit.limit is True; write an int"),
        (FILE + "[safety]\nallow_writes = 1\n", "allow_writes is 1; write true or false"),
        (FILE + "[hooks]\nshow_project_key = 'x'\n", "is 'x'; write a list of strings"),
        (FILE + "[hooks]\nshow_project_key = []\n", "line 7: hooks.show_project_key is empty"),
        (FILE.replace(f'"{ONE}"', "7"), "line 4: project.id is 7; write a string"),
        (FILE.replace(ONE, "a b"), "line 4: project.id is 'a b'; write the id as it stands"),
        (FILE.replace(f'id = "{ONE}"\n', ""), "line 3: project.id is missing; write"),
        (FILE.replace('key = "env:MINE"\n', ""), "line 3: project.key is missing; write key ="),
        (FILE.replace("MINE", "THEIRS"), "line 5: project.key names the variable THEIRS, which is"),
        (FILE.replace('"env:MINE"', "7"), "line 5: project.key is a value of another type; write"),
        (FILE.replace("env:MINE", f"{KEY} "), "line 5: project.key is empty or holds white space"),
        (FILE.replace(".com", ".com/api/v1"), "line 1: base_url is 'https://staging.example.com/"),
        (FILE.replace(".com", ".com?x=1"), "write it without /api/v1, query and fragment"),
        (FILE.replace("https", "ftp"), "write http:// or https:// and a host"),
        (FILE.replace("staging", "[::1"), "line 1: base_url is 'https://[::1.example.com'"),
        (FILE.replace("//", "//me:hush@"), "line 1: base_url holds an @, as after a user and"),
        (" \n", ": is empty; if a server writes it when it starts, that has not started yet"),
        (FILE.replace(ONE, KEY), "line 4: project.id is a key; write the id as it stands"),
        ("workers = -1\n" + FILE, "line 1: workers is -1; write how many workers, or 0 for none"),
        (FILE.replace("base_url", "# "), "line 1: base_url is missing; write base_url ="),
        (FILE + f"[other_project]\nid = '{ONE}'\n", "line 7: other_project.id is the same as proj"),
        (FILE.replace("env:MINE", "bzy_proj_Zr7w..."), "line 5: project.key is what is shown of a"),
        ("base_url = \n", "not TOML: Invalid value (at line 1"),
        ("windows = 0\n" + FILE, "line 1: windows is 0; write a number above 0"),
        ("timeout = -1\n" + FILE, "line 1: timeout is -1; write a number above 0"),
        ("max_requests = 0\n" + FILE, "line 1: max_requests is 0; write a number above 0"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(path: Path, text: str, said: str) -> None:
    assert said in problem(path, text)


def test_parties_that_share_a_key_are_known(path: Path) -> None:
    shared = loaded(path, FILE + f'[team]\nid = "{OTHER}"\nkey = "env:MINE"\n').shares_a_key
    assert shared == f"{path}: team.key is the same as project.key; write the key of team"
    assert loaded(path, FILE + f'[team]\nid = "{OTHER}"\n').shares_a_key is None


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(TargetError, match=r"staging.toml: cannot be read: No such file"):
        targets.load({"target": str(path)}, MINE)


def test_a_file_that_is_no_text(path: Path) -> None:
    path.write_bytes(b"\xff")
    with pytest.raises(TargetError, match="it is not UTF-8 text"):
        targets.load({"target": str(path)}, MINE)


def test_without_a_file_the_option_is_named() -> None:
    with pytest.raises(TargetError, match=r"^--base-url is 'x'; write http://"):
        targets.load({"base_url": "x"}, {})


@pytest.mark.parametrize(
    "url", ["https://me:hush@x", "me:hush@x", "ftp://me:hush@x", "https://me:hush@[x", "x?me:hush@"]
)
def test_a_password_in_a_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(TargetError, match="write the URL without them") as raised:
        targets.load({"base_url": url}, {})
    assert "hush" not in str(raised.value)


def test_what_an_option_says_is_not_said_of_the_file(path: Path) -> None:
    assert problem(path, FILE, windows=0) == "--windows is 0; write a number above 0"
    assert problem(path, FILE, workers=-1).startswith("-n is -1; ")
    assert problem(path, FILE, base_url="x").startswith("--base-url is 'x'; ")


def test_what_a_variable_says_is_not_said_of_the_file(path: Path) -> None:
    said = problem(path, FILE, {f"{variables.PREFIX}TIMEOUT": "-1"})
    assert said == "BUGZY_CONFORMANCE_TIMEOUT is -1.0; write a number above 0"
    said = problem(path, FILE, {f"{variables.PREFIX}PROJECT_ID": "a b"})
    assert said.startswith("BUGZY_CONFORMANCE_PROJECT_ID is 'a b'; ")


def test_a_key_in_other_letters_is_said_to_be_that(path: Path) -> None:
    said = problem(path, FILE, {"MINE": f"{KEY}\u00e9"})
    assert "the variable MINE, which holds a character that is not ASCII" in said


def test_what_was_given_besides_the_file_is_known(path: Path) -> None:
    found = loaded(path, "strict = true\n" + FILE, {SEED: "4"}, windows=2, hardening=None)
    assert found.given == {"seed": 4, "windows": 2}


@pytest.mark.parametrize("header", ["no colon", ": x", "a b: c"])
def test_a_header_must_be_one(path: Path, header: str) -> None:
    assert "is not of the form 'Name: value'" in problem(path, FILE, header=(header,))


def test_a_bad_header_is_not_shown_with_its_value(path: Path) -> None:
    assert KEY not in problem(path, FILE, header=(f"X Key: {KEY}",))
    said = problem(path, FILE, header=(f"X-Key: {KEY}\u00fc",))
    assert said == "--header X-Key: write the value in ASCII"


# precedence


def test_the_file_gives_an_option(path: Path) -> None:
    assert loaded(path, "seed = 3\n" + FILE).seed == 3


def test_a_variable_outdoes_the_file(path: Path) -> None:
    assert loaded(path, "seed = 3\n" + FILE, {SEED: "4"}).seed == 4


def test_the_command_line_outdoes_a_variable(path: Path) -> None:
    assert loaded(path, "seed = 3\n" + FILE, {SEED: "4"}, seed=5).seed == 5


def test_what_the_command_line_does_not_say_is_not_said(path: Path) -> None:
    assert loaded(path, "only = ['rate']\n" + FILE, only=(), strict=None).only == ("rate",)


def test_every_option_may_be_a_variable() -> None:
    given = {f"{variables.PREFIX}{name.upper()}": "1" for name in targets.OPTIONS}
    assert set(targets.variables(given)) == set(targets.OPTIONS)


def test_keys_may_come_from_variables_alone() -> None:
    names = {"BASE_URL": "http://x", "PROJECT_ID": ONE, "PROJECT_KEY": KEY, "TEAM_ID": OTHER}
    found = targets.load({}, {variables.PREFIX + name: value for name, value in names.items()})
    assert (found.parties["project"].key, found.parties["team"].key) == (KEY, None)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("SEED", "x", "write an integer"), ("STRICT", "perhaps", "write 1 or 0")],
)
def test_a_variable_of_the_wrong_type(path: Path, name: str, value: str, said: str) -> None:
    variable = variables.PREFIX + name
    assert f"{variable} is '{value}'; {said}" in problem(path, FILE, {variable: value})


def test_a_misspelt_variable_is_not_ignored(path: Path) -> None:
    said = problem(path, FILE, {f"{variables.PREFIX}REPORTDIR": "out"})
    assert said == (
        "the variable BUGZY_CONFORMANCE_REPORTDIR is not known; "
        "did you mean BUGZY_CONFORMANCE_REPORT_DIR?"
    )


def test_a_variable_of_somebody_else_is(path: Path) -> None:
    assert loaded(path, FILE, {f"{variables.PREFIX}HOME": "out"}).report_dir != Path("out")


def test_a_variable_that_the_file_names_is_known(path: Path) -> None:
    mine = f"{variables.PREFIX}MINE"
    found = loaded(path, FILE.replace("MINE", mine), {mine: KEY})
    assert found.parties["project"].key == KEY


def test_lists_in_variables_are_split() -> None:
    given = {"ONLY": "rate, auth", "HEADER": "A: b, c\nD: e"}
    found = targets.variables({variables.PREFIX + name: text for name, text in given.items()})
    assert found == {"only": ["rate", "auth"], "header": ["A: b, c", "D: e"]}


def test_a_target_is_named_by_option_or_variable() -> None:
    assert targets.names_a_target({"base_url": "http://x"}, {})
    assert targets.names_a_target({}, {variables.PREFIX + "TARGET": "x.toml"})
    assert not targets.names_a_target({"seed": 1}, {SEED: "1"})


def test_nothing_is_sent_without_keys(path: Path) -> None:
    path.write_text(FILE, encoding="utf-8")
    found = targets.load({"target": str(path)}, {}, keyless=True)
    assert not found.has_key("project")
