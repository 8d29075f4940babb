import sys
from pathlib import Path

import pytest

from conformance import hooks
from conformance.hooks import Controls, HookError, Programs
from reference_server import embedded

SHOW = "show_project_key"


def program(code: str, *arguments: str) -> Programs:
    return Programs({SHOW: (sys.executable, "-c", code, *arguments)})


def test_the_last_line_is_the_answer() -> None:
    assert program("print('Done:\\n  bzy_proj_x \\n')").call(SHOW, "p") == "bzy_proj_x"


def test_the_id_is_put_in_without_a_shell() -> None:
    found = program("import sys; print(sys.argv[1:])", "/{id}/keys", "$HOME")
    assert found.call(SHOW, "a b;c") == "['/a b;c/keys', '$HOME']"


def test_no_answer_is_an_empty_one() -> None:
    assert program("").call(SHOW, "p") == ""


def test_only_given_hooks_are_there() -> None:
    assert program("").has(SHOW)
    assert not program("").has("generate_team_key")


def test_a_failure_is_named_without_its_output() -> None:
    with pytest.raises(HookError, match=rf"^hooks.{SHOW}: .* ended with status 3$"):
        program("print('bzy_secret'); raise SystemExit(3)").call(SHOW, "p")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HookError, match="No such file"):
        Programs({SHOW: (str(tmp_path / "nothing"),)}).call(SHOW, "p")


def test_what_keeps_a_program_from_being_run_is_known_before(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    programs = {
        "one": (str(tmp_path / "nothing"), "{id}"),
        "two": (str(plain),),
        "three": (str(tmp_path),),
        "four": ("no-such-program-anywhere",),
        "five": (sys.executable, "-c", "raise SystemExit(3)"),
    }
    said = [one.partition(": ")[2] for one in hooks.unfit(programs)]
    assert said == [
        f"{tmp_path}/nothing does not exist, seen from {Path.cwd()}; "
        "write its path from there, or a whole one",
        f"{plain} may not be executed; chmod +x {plain}",
        f"{tmp_path} is a folder; write the path of a program",
        "no-such-program-anywhere is on no folder of PATH; install it, or write its path",
    ]


def test_a_program_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "SECONDS", 0.1)
    with pytest.raises(HookError, match="no end after"):
        program("import time; time.sleep(60)").call(SHOW, "p")


def test_a_program_is_given_no_input() -> None:
    assert program("import sys; print(repr(sys.stdin.read()))").call(SHOW, "p") == "''"


def test_the_control_plane_answers_all_of_them() -> None:
    with embedded.start() as server:
        controls = Controls(server.control_url)
        id = server.credentials["project"].id
        key = controls.call("regenerate_project_key", id)
        shown = controls.call(SHOW, id)
        controls.close()
    assert key.startswith(shown.rstrip(".")[:12])


def test_a_control_plane_that_refuses() -> None:
    with embedded.start() as server:
        controls = Controls(server.control_url)
        with pytest.raises(HookError, match=f"hooks.{SHOW}: HTTPStatusError"):
            controls.call(SHOW, "nobody")
        controls.close()
