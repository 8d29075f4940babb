import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import history as histories
from conformance.exchange import Tags
from conformance.history import History, HistoryError, Recorder, numbered, read, write
from tests.conformance.judges.builder import event, exchange, history

SEEN = history(
    exchange(200, body=b"\xff\x00", sent=b"\xfe"),
    exchange(None),
    event("waited", seconds=1.5),
    exchange(404, resource="foreign", repeats=1),
    header={"seed": 7},
    footer={"duration": 1.5},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.ndjson"
    write(SEEN, path)
    return path


def test_what_is_written_is_read(path: Path) -> None:
    found = read(path)
    assert (found.exchanges, found.events) == (SEEN.exchanges, SEEN.events)
    assert (found.header, found.footer) == (SEEN.header, SEEN.footer)


def test_a_line_is_a_record(path: Path) -> None:
    types = [json.loads(line)["type"] for line in path.read_text("ascii").splitlines()]
    assert types == ["header", *["exchange"] * 3, *["event"] * len(SEEN.events), "footer"]


def test_a_file_that_is_cut_off_is_incomplete(path: Path) -> None:
    lines = path.read_text("ascii").splitlines(keepends=True)
    path.write_text("".join(lines[:3]), "ascii")
    found = read(path)
    assert len(found.exchanges) == 2
    assert found.footer == {"complete": False, "reason": "the file has no footer"}


def test_a_last_line_that_was_not_written_whole_is_left_out(path: Path) -> None:
    lines = path.read_text("ascii").splitlines(keepends=True)
    path.write_text("".join(lines[:3])[:-9], "ascii")
    assert len(read(path).exchanges) == 1
    path.write_text("".join([*lines[:2], lines[2][:-9] + "\n", *lines[3:]]), "ascii")
    with pytest.raises(HistoryError, match="line 3: not a history record"):
        read(path)


@pytest.mark.parametrize(
    "line",
    ["{", "7", "[]", '{"type": "else"}', '{"number": 1}', '{"type": ["exchange"]}', ""],
)
def test_a_damaged_line_is_named(path: Path, line: str) -> None:
    path.write_text('{"type": "header"}\n' + line + "\n", "ascii")
    with pytest.raises(HistoryError, match=r"history.ndjson, line 2: not a history record"):
        read(path)


@pytest.mark.parametrize(
    "record",
    [{"number": 3}, {"number": 3, "request": 7, "response": None}, {}],
)
def test_a_damaged_exchange_is_named(path: Path, record: dict[str, object]) -> None:
    path.write_text(json.dumps({"type": "exchange", **record}) + "\n", "ascii")
    with pytest.raises(HistoryError, match=f"line 1: exchange {record.get('number')}: "):
        read(path)


def test_a_damaged_event_is_named(path: Path) -> None:
    path.write_text('{"type": "event", "kind": "waited"}\n', "ascii")
    with pytest.raises(HistoryError, match="line 1: event waited: "):
        read(path)


def test_what_is_recorded_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "part.ndjson"
    with path.open("w", encoding="utf-8") as file:
        recorder = Recorder(file)
        recorder.exchange(SEEN.exchanges[0])
        recorder.event(SEEN.events[0])
        found = read(path)
    assert (found.exchanges, found.events) == (SEEN.exchanges[:1], SEEN.events[:1])


def test_the_exchanges_of_all_workers_are_numbered_as_they_began() -> None:
    late = exchange(200, started=2, ended=3, number=1)
    early = exchange(200, started=1, ended=4, number=1_000_001)
    again = exchange(200, started=5, ended=6, number=1_000_002, repeats=1_000_001)
    found = numbered([late, early, again])
    assert [(one.number, one.started, one.tags.repeats) for one in found] == [
        (1, 1, None),
        (2, 2, None),
        (3, 5, 1),
    ]


def test_what_hardening_probes_sent_is_not_for_every_judge() -> None:
    hardening = replace(exchange(200), tags=Tags(level="hardening"))
    seen = History((exchange(200), hardening, exchange(None)))
    assert len(seen.answered) == 2
    assert len(seen.judged) == 1


def test_an_answer_that_came_twice_is_reproduced() -> None:
    first, again = exchange(502, number=1), exchange(502, number=2, repeats=1)
    other = exchange(200, number=4, repeats=3)
    assert History((first, again)).reproduced == {1}
    assert History((exchange(502, number=3), other)).reproduced == set()


def test_tags_that_say_nothing_are_left_out() -> None:
    assert histories.encode_exchange(replace(SEEN.exchanges[0], tags=Tags()))["tags"] == {}


def test_a_file_that_takes_no_more_is_given_up_where_memory_has_it_all() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        recorder = Recorder(full, spare=True)
        recorder.exchange(SEEN.exchanges[0])
        recorder.exchange(SEEN.exchanges[1])
        assert recorder.exchanges == list(SEEN.exchanges[:2])
        with pytest.raises(OSError, match="No space left"):
            Recorder(full).exchange(SEEN.exchanges[0])
        with contextlib.suppress(OSError):
            full.close()
