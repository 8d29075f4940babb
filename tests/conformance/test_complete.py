import subprocess
import sys

import pytest
from click.shell_completion import BashComplete, get_completion_class

from conformance.catalogue import AREAS, requirements
from conformance.cli import cli

EVERY = {*AREAS, *(one.id for one in requirements())}


def offered(*words: str) -> set[str]:
    """What a shell offers for the last word."""
    *before, begun = words
    shell = BashComplete(cli, {}, "bugzy-conformance", "_BUGZY_CONFORMANCE_COMPLETE")
    return {item.value for item in shell.get_completions(before, begun)}


@pytest.mark.parametrize("command", ["run", "plan", "audit"])
@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_requirements_and_areas_are_offered(command: str, option: str) -> None:
    assert offered(command, option, "") == EVERY
    assert offered(command, option, "rate.h") == {"rate.headers-present", "rate.headers-form"}


def test_the_catalogue_is_offered_to_whoever_asks_for_a_part_of_it() -> None:
    assert offered("requirements", "") == EVERY
    assert offered("requirements", "sche") >= {"schema", "schema.responses"}


def test_faults_and_variants_are_offered() -> None:
    assert offered("faults", "--only", "omits-challenge") == {"omits-challenge"}
    assert offered("faults", "--only", "aligns") == {"aligns-windows"}


@pytest.mark.parametrize(
    "words", [("run", "--target", ""), ("run", "--report-dir", ""), ("audit", "rec")]
)
def test_files_are_the_shells_own_to_offer(words: tuple[str, ...]) -> None:
    *before, begun = words
    shell = BashComplete(cli, {}, "bugzy-conformance", "_BUGZY_CONFORMANCE_COMPLETE")
    assert [item.type for item in shell.get_completions(before, begun)] == ["file"]


def test_fish_shows_whole_sentences() -> None:
    shell = get_completion_class("fish")
    assert shell is not None
    script = shell(cli, {}, "bugzy-conformance", "_BUGZY_CONFORMANCE_COMPLETE").source()
    assert 'string split --max 1 ","' in script


def test_no_list_is_read_for_the_help() -> None:
    program = (
        "import sys; from conformance.cli import cli; cli(['run', '--help'], 'x', "
        "standalone_mode=False); print({'yaml', 'reference_server'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
