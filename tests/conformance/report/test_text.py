from conformance.report import text
from tests.conformance.report.outcomes import failing, hostile


def test_a_failure_tells_all_that_its_reader_needs() -> None:
    lines = text.lines(failing())
    start = lines.index(
        "FAILED auth.required (must): every operation without Authorization answers "
        "401 UNAUTHORIZED"
    )
    words = [line.split()[0] for line in lines[start + 1 : start + 8]]
    assert words == ["source", "reading", "expected", "observed", "2", "curl", "again"]


def test_nothing_that_was_sent_is_obeyed_or_begins_a_line() -> None:
    lines = text.lines(hostile())
    assert not any("\n" in line or "\x1b" in line or "\u202e" in line for line in lines)
    assert not any(line.lstrip().startswith("::") for line in lines)
    "\n".join(lines).encode()  # can be printed


def test_lines_are_of_bounded_length() -> None:
    assert max(map(len, text.lines(hostile()))) < 10_000
