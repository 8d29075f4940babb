from conformance.report import github
from tests.conformance.report.outcomes import failing, hostile

JOB = {"GITHUB_ACTIONS": "true"}


def test_there_are_none_elsewhere() -> None:
    assert github.commands(failing(), {}) == []


def test_a_failure_that_counts_is_an_error() -> None:
    lines = github.commands(failing(), JOB)
    assert any(line.startswith("::error title=auth.required (must)::") for line in lines)


def test_what_does_not_count_is_a_warning_until_it_does() -> None:
    lenient, strict = hostile(), hostile(strict=True)
    (mild,) = [line for line in github.commands(lenient, JOB) if "auth.challenge" in line] or [""]
    assert mild == "" or mild.startswith("::warning")
    assert len(github.commands(strict, JOB)) >= len(github.commands(lenient, JOB))


def test_nothing_that_was_sent_ends_a_command_or_begins_one() -> None:
    lines = github.commands(hostile(), JOB)
    assert lines
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)
    assert not any("\n" in line or "\x1b" in line for line in lines)


def test_percent_signs_are_escaped() -> None:
    assert (
        github._command("error", "a:b,c", "50%\r\n") == "::error title=a%3Ab%2Cc::50%25\\x0d\\x0a"
    )
