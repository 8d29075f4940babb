import pytest

from conformance import answer

PREFIXES = ("bzy_proj_", "bzy_team_")


@pytest.mark.parametrize(
    "line",
    [
        "bzy_proj_Ab3-x.y~z+/==",
        "bzy_project_Ab3",  # a wrong prefix is the deployment's, and is judged
        "c2VjcmV0IGtleQ==",
        "a1b2c3d4",  # a short one without its prefix is the deployment's too
        "abcdefghijklmnop",
        "1795741182123456",
        "bzy_proj_a:b!c",  # no credential of RFC 6750, but surely what the deployment generated
    ],
)
def test_a_key_and_a_malformed_one_are_taken(line: str) -> None:
    assert answer.is_key(line, PREFIXES)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "</html>",
        '{"key":"bzy_proj_abc"}',
        '"bzy_proj_abc"',
        "curl: (22) The requested URL returned error: 500",
        "bzy_proj_abc is the new key",
        "bzy_proj_ab\x1b[0m",
        "bzy_proj_äöü",
        "key:Ab3dEf6h",
        "null",
        "OK",
        "true",
        "undefined",
        "regenerated",
        "not-found",
        "200",
        "2026-11-27",
        "-",
        "v2",
        "bzy_proj_Ab3d...",  # what the page shows, not what it gave
        "bzy_proj_Ab3d****",
    ],
)
def test_what_cannot_be_a_key_is_not_taken(line: str) -> None:
    assert not answer.is_key(line, PREFIXES)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"key":"bzy_proj_Ab3dEf6h"}', '{"key":"[17 characters]"}'),
        ("Key: Ab3dEf6hZ/Ab3dEf6h==", "Key: [9 characters]/[10 characters]"),
        ("key abcdefghijklmnop", "key [16 characters]"),
        ("curl: (22) The requested URL returned error: 500", None),
        ("<b>Unauthorized</b>", None),
    ],
)
def test_an_answer_is_told_without_what_may_be_a_key(line: str, said: str | None) -> None:
    assert answer.told(line) == (line if said is None else said)


def test_a_long_answer_is_told_shortly() -> None:
    assert answer.told("no. " * 1000) == "no. " * 25 + "..."
