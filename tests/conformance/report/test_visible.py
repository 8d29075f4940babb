import pytest

from conformance.report import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢", "plain ü 漢"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\u202eevil", "\\u202eevil"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_nothing_in_a_line_is_obeyed(text: str, shown: str) -> None:
    assert visible.line(text) == shown


def test_a_block_keeps_its_lines() -> None:
    assert visible.block("a\n\tb\r\x07") == "a\n\tb\\x0d\\x07"


def test_a_cut_says_how_much_is_left_out() -> None:
    assert visible.line("abcdef", 4) == "abcd... (2 characters more)"
