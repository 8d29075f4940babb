import subprocess
import sys

from click.shell_completion import BashComplete

from reference_server.cli import main
from reference_server.faults import FAULTS
from reference_server.variants import VARIANTS


def offered(option: str, begun: str) -> list[str]:
    """What a shell offers for the option's value."""
    shell = BashComplete(main, {}, "bugzy-reference-server", "_BUGZY_REFERENCE_SERVER_COMPLETE")
    return [item.value for item in shell.get_completions([option], begun)]


def test_faults_and_variants_are_offered_each_for_its_option() -> None:
    assert offered("--fault", "") == list(FAULTS)
    assert offered("--variant", "") == list(VARIANTS)


def test_only_what_was_begun_is_offered() -> None:
    assert offered("--fault", "omits-ch") == ["omits-challenge"]
    assert offered("--variant", "omits-ch") == []


def test_no_server_is_imported_for_the_help() -> None:
    program = (
        "import sys; from reference_server.cli import main; main(['--help'], 'x', "
        "standalone_mode=False); print({'uvicorn', 'yaml', 'starlette'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
