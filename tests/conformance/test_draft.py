import shlex
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance import draft as drafts
from conformance import target as targets
from conformance.cli import cli
from reference_server import embedded
from reference_server.embedded import Running
from reference_server.keys import digest
from tests.conformance.test_strangers import answering

VARIABLES = {name: drafts.variable(name) for name in targets.PARTIES}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with embedded.start() as running:
        yield running


@pytest.fixture
def keys(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, one in server.credentials.items():
        monkeypatch.setenv(VARIABLES[name], one.key)


def init(*arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["init", *arguments], input=answers)


def options(server: Running, *names: str) -> list[str]:
    given = [f"--{name.replace('_', '-')}-id={server.credentials[name].id}" for name in names]
    return [f"--base-url={server.base_url}", *given]


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def written(name: str = "target.toml") -> dict[str, Any]:
    return tomllib.loads(Path(name).read_text(encoding="utf-8"))


@pytest.mark.usefixtures("keys")
def test_a_whole_target_is_checked_and_written(server: Running) -> None:
    result = init(*options(server, *targets.PARTIES))
    assert result.exit_code == 0, result.output
    assert result.output.count("200 accepted") == len(targets.PARTIES)
    target = targets.load({"target": "target.toml"})
    assert {name: one.id for name, one in target.parties.items()} == {
        name: one.id for name, one in server.credentials.items()
    }


@pytest.mark.usefixtures("keys")
def test_no_key_is_written_or_shown(server: Running) -> None:
    shown = init(*options(server, *targets.PARTIES)).output + Path("target.toml").read_text()
    assert not [one.key for one in server.credentials.values() if one.key in shown]
    assert written()["team"]["key"] == "env:BUGZY_TEAM_KEY"


def test_one_request_is_sent_with_each_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with embedded.start() as own:
        for name, one in own.credentials.items():
            monkeypatch.setenv(VARIABLES[name], one.key)
        init(*options(own, *targets.PARTIES))
        sent = [own.server.activity.of(digest(one.key)) for one in own.credentials.values()]
    assert [len(requests) for requests in sent] == [1, 1, 1, 1]


@pytest.mark.usefixtures("keys")
def test_what_is_not_given_is_asked_for(server: Running) -> None:
    project, team = server.credentials["project"].id, server.credentials["team"].id
    answers = "\n".join([server.base_url, project, "", "", team, "", "", ""])
    result = init("--output", "mine.toml", answers=answers)
    assert result.exit_code == 0, result.output
    assert set(written("mine.toml")) == {"base_url", "project", "team", "safety"}


@pytest.mark.parametrize(
    ("output", "said"),
    [("nowhere/t.toml", "there is no folder nowhere"), (".", "it is a folder")],
)
def test_where_nothing_can_be_written_nothing_is_asked(output: str, said: str) -> None:
    result = init("--output", output, "--force")
    assert result.exit_code == 2
    assert result.output.startswith(f"bugzy-conformance: --output {output}: {said}")


def test_a_refused_key_is_said_and_nothing_is_written(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "bzy_proj_" + "x" * 40)
    result = init(*options(server, "project"), "--project-key-env", "MINE")
    assert result.exit_code == 2
    assert "401 refused" in result.output
    assert not Path("target.toml").exists()
    again = shlex.split(result.output.splitlines()[-1])
    assert again[:2] == ["bugzy-conformance", "init"]
    assert init(*again[2:]).exit_code == 0
    assert written()["project"]["key"] == "env:MINE"


@pytest.mark.usefixtures("keys")
def test_a_key_of_another_project_is_said(server: Running) -> None:
    result = init(*options(server, "project"), "--project-key-env", "BUGZY_OTHER_PROJECT_KEY")
    assert result.exit_code == 2
    assert "404 not found" in result.output


@pytest.mark.usefixtures("keys")
def test_a_team_key_that_nothing_is_found_with_is_warned_of(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUGZY_TEAM_KEY", server.credentials["other_team"].key)
    result = init(*options(server, "project", "team"))
    assert result.exit_code == 0
    assert "404 not found: the key does not belong to team.id" in result.output
    assert "Warning: nothing shows that the key of [team] is accepted" in result.output
    assert written()["team"]


@pytest.mark.usefixtures("keys")
def test_a_key_of_another_kind_is_said(server: Running) -> None:
    result = init(*options(server, "team"), "--project-id=x", "--team-key-env=BUGZY_PROJECT_KEY")
    assert result.exit_code == 2
    assert "it is a project key by its prefix bzy_proj_; write a team's" in result.output


@pytest.mark.parametrize(
    ("status", "how", "said"),
    [
        (200, {"page": "Welcome to nginx"}, "200 but no JSON: is base_url right?"),
        (404, {"page": "Not here"}, "404 not found: no JSON came with it, so base_url is probably"),
        (301, {"leads": "https://b.example.com"}, "301 base_url redirects to https://b.example.c"),
    ],
)
def test_what_is_another_server_is_not_written(
    status: int, how: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUGZY_PROJECT_KEY", "bzy_proj_0123456789")
    with answering(status, **how) as url:
        result = init(f"--base-url={url}", "--project-id=x")
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("target.toml").exists()


def test_what_does_not_answer_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUGZY_PROJECT_KEY", "bzy_proj_x")
    result = init(f"--base-url=http://127.0.0.1:{free_port()}", "--project-id=x")
    assert result.exit_code == 3
    assert "does not answer" in result.output
    assert "is it running, is base_url right?" in result.output


def test_a_variable_that_is_not_set_is_not_checked(server: Running) -> None:
    result = init(*options(server, "project"))
    assert result.exit_code == 0
    assert "BUGZY_PROJECT_KEY is not set" in result.output
    assert written()["project"]["key"] == "env:BUGZY_PROJECT_KEY"


def test_a_key_that_is_none_is_said_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUGZY_PROJECT_KEY", "bzy_proj_\u00e9")
    result = init("--base-url=https://nowhere.invalid", "--project-id=x")
    assert result.exit_code == 2
    assert "BUGZY_PROJECT_KEY, which holds a character that is not ASCII" in result.output


def test_without_a_check_nothing_is_sent() -> None:
    result = init("--base-url=https://nowhere.invalid", "--project-id=x", "--no-check")
    assert result.exit_code == 0
    assert written()["base_url"] == "https://nowhere.invalid"


def test_a_file_is_not_replaced_unless_forced(server: Running) -> None:
    Path("target.toml").write_text("mine")
    call = [*options(server, "project"), "--no-check"]
    assert init(*call).exit_code == 2
    assert Path("target.toml").read_text() == "mine"
    assert init(*call, "--force").exit_code == 0
    assert written()["project"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--base-url=ftp://x", "--project-id=x"],
        ["--base-url=https://x/api/v1", "--project-id=x"],
        ["--base-url=https://me:hush@x", "--project-id=x"],
        ["--base-url=https://x", "--project-id=a b"],
        ["--base-url=https://x", "--project-id=x", "--other-project-id=x"],
        ["--base-url=https://x", "--project-id=x", "--team-key-env=T"],
        ["--base-url=https://x", "--project-id=x", "--output=no/such/folder/t.toml"],
    ],
)
def test_a_wrong_call_says_what_is_wrong(arguments: list[str]) -> None:
    result = init(*arguments, "--no-check")
    assert result.exit_code == 2
    assert result.output.startswith("bugzy-conformance: ")


@pytest.mark.parametrize(
    ("arguments", "answers", "missing"),
    [
        ([], "", "--base-url"),
        (["--base-url=https://x"], "", "--project-id"),
        (["--project-id=x"], "", "--base-url"),
        ([], "https://x\nx\n", "--project-key-env"),
        ([], "https://x\nx\nMINE\n", "--other-project-id"),
    ],
)
def test_what_is_not_answered_is_a_wrong_call_and_said(
    arguments: list[str], answers: str, missing: str
) -> None:
    result = init(*arguments, answers=answers)
    assert result.exit_code == 2
    said = result.output.splitlines()[-1]
    assert said.startswith(f"bugzy-conformance: {missing} is neither given nor answered; ")
    assert not Path("target.toml").exists()


@pytest.mark.parametrize("place", ["project-key-env", "project-id", "team-id"])
def test_a_key_in_the_place_of_something_else_is_not_repeated(place: str) -> None:
    key = "bzy_proj_0123456789"
    result = init("--base-url=https://x", "--project-id=x", f"--{place}={key}", "--no-check")
    assert result.exit_code == 2
    assert key not in result.output


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (0, "--base-url is"),
        (1, "project.id is"),
        (2, "--project-key-env: write the name of a variable"),
        (3, "other_project.id is the same as project.id"),
        (5, "team.id is"),
    ],
)
def test_a_wrong_answer_is_asked_for_again(wrong: int, said: str) -> None:
    answers = ["https://x", "x", "MINE", "y", "", "t", "", ""]
    mistyped = {0: "x", 2: "a key", 3: "x"}.get(wrong, "a b")
    answers.insert(wrong, mistyped)
    result = init("--no-check", answers="\n".join([*answers, ""]))
    assert result.exit_code == 0, result.output
    assert f"Error: {said}" in result.output
    assert set(written()) == {"base_url", "project", "other_project", "team", "safety"}


def test_what_was_left_out_stands_in_the_file_as_a_comment() -> None:
    init("--base-url=https://x", "--project-id=x", "--no-check")
    text = Path("target.toml").read_text()
    assert "# [team]" in text
    assert "# [hooks]" in text
