"""The picture of response times."""

import pytest

from conformance.report.timing import plots
from tests.conformance.judges.builder import history
from tests.conformance.judges.test_timing import timed


@pytest.mark.parametrize(
    ("slowest", "marks"),
    [
        (0.0013, ["0 ms", "0.5 ms", "1 ms"]),
        (0.0017, ["0 ms", "0.5 ms", "1 ms", "1.5 ms"]),
        (0.017, ["0 ms", "5 ms", "10 ms", "15 ms"]),
        (4.2, ["0 ms", "1000 ms", "2000 ms", "3000 ms", "4000 ms"]),
    ],
)
def test_marks_stand_at_round_times(slowest: float, marks: list[str]) -> None:
    seen = history(timed("foreign", slowest / 2, 0), timed("absent", slowest, 1))
    (plot,) = plots(seen)
    assert [text for _, text in plot.ticks] == marks
    assert all(0 <= x <= 1000 for x, _ in plot.ticks)
