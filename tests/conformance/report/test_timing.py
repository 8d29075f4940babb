"""The picture of response times."""

import pytest

from conformance.report.timing import plots
from tests.conformance.judges.builder import history
from tests.conformance.judges.test_timing import timed


@pytest.mark.parametrize(
    ("slowest", "marks"),
    [
        (0.0013, ["0.6 ms", "0.8 ms", "1 ms", "1.2 ms"]),
        (0.0017, ["0.8 ms", "1 ms", "1.2 ms", "1.4 ms", "1.6 ms"]),
        (0.017, ["8 ms", "10 ms", "12 ms", "14 ms", "16 ms"]),
        (4.2, ["2000 ms", "2500 ms", "3000 ms", "3500 ms", "4000 ms"]),
    ],
)
def test_marks_stand_at_round_times(slowest: float, marks: list[str]) -> None:
    seen = history(timed("foreign", slowest / 2, 0), timed("absent", slowest, 1))
    (plot,) = plots(seen)
    assert [text for _, text in plot.ticks] == marks
    assert all(0 <= x <= 100 for x, _ in plot.ticks)


def test_equal_times_have_a_picture() -> None:
    seen = history(timed("foreign", 0.002, 0), timed("absent", 0.002, 1))
    (plot,) = plots(seen)
    assert all(0 <= x <= 100 for row in plot.rows for x, _ in row.dots)
