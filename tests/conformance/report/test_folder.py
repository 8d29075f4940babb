"""The folder of the reports, before a run."""

from pathlib import Path

from conformance import report


def test_what_an_earlier_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = ["report.html", ".33ab43.pace", ".33ab43-1.ndjson"]
    others = ["notes.html", ".ab.pace", ".33ab43.toml", "33ab43.pace"]
    for name in [*left, *others]:
        (tmp_path / name).touch()
    report.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(others)
