import json
from pathlib import Path
from typing import Any

import pytest

from conformance import history as histories
from conformance import recording
from conformance.contract import Contract
from conformance.history import History, HistoryError
from conformance.recording import Foreign
from conformance.report import har
from tests.conformance.judges.builder import CONTRACT, identifier
from tests.conformance.report.outcomes import KEY, OTHER_KEY
from tests.conformance.test_merge import run

ORIGIN = "https://staging.example.com"
URL = f"{ORIGIN}/api/v1/projects/{identifier('home')}/executions"
LIST = b'{"data": []}'


def entry(
    status: int = 200,
    url: str = URL,
    key: str | None = KEY,
    second: int = 0,
    **changes: Any,
) -> dict[str, Any]:
    """An entry as a browser writes it."""
    authorization = [{"name": "authorization", "value": f"Bearer {key}"}] if key else []
    return {
        "startedDateTime": f"2026-01-02T03:04:{second:02}.000Z",
        "time": 12.5,
        "request": {
            "method": "GET",
            "url": url,
            "headers": [{"name": ":authority", "value": "staging.example.com"}, *authorization],
        },
        "response": {
            "status": status,
            "httpVersion": "h2",
            "headers": [{"name": "content-type", "value": "application/json"}],
            "content": {"size": 12, "mimeType": "application/json", "text": LIST.decode()},
        },
        "connection": "443",
    } | changes


def saved(path: Path, *entries: dict[str, Any]) -> Path:
    text = json.dumps({"log": {"version": "1.2", "entries": list(entries)}})
    path.write_text("\ufeff" + text, encoding="utf-8")  # as some recorders begin a file
    return path


def imported(path: Path, *entries: dict[str, Any], base_url: str | None = None) -> History:
    part = recording.read(saved(path / "x.har", *entries))
    return recording.joined([part], CONTRACT, {}, base_url)[0]


def test_a_har_of_a_browser_becomes_a_history(tmp_path: Path) -> None:
    found = imported(tmp_path, entry(), entry(second=2))
    first, second = found.exchanges
    assert first.tags.key == "project#1"
    assert first.request.fields == (("authorization", "Bearer [key project#1]"),)
    assert first.response is not None
    assert (first.response.body, first.response.version) == (LIST, "h2")
    assert (first.connection, first.number) == ("443", 1)
    assert second.started - first.started == pytest.approx(2)
    assert first.ended - first.started == pytest.approx(0.0145, abs=1e-6)
    assert found.header["recorded"] is True
    assert found.header["base_url"] == ORIGIN


def test_what_no_server_answered_just_then_is_left_out(tmp_path: Path) -> None:
    hsts = entry(307)
    hsts["response"]["headers"].append({"name": "Non-Authoritative-Reason", "value": "HSTS"})
    found = imported(
        tmp_path,
        entry(),
        entry(_fromCache="disk"),
        hsts,
        entry(url=f"{ORIGIN}/app.js"),
        entry(url="wss://staging.example.com/api/v1/projects/x/executions"),
    )
    assert len(found.exchanges) == 1


def test_no_answer_is_no_response(tmp_path: Path) -> None:
    lost = entry(0, second=1)
    lost["response"]["_error"] = "net::ERR_CONNECTION_RESET"
    (_, found) = imported(tmp_path, entry(), lost).exchanges
    assert (found.response, found.failure) == (None, "net::ERR_CONNECTION_RESET")


def test_answers_without_their_bodies_are_kept_and_said(tmp_path: Path) -> None:
    bare = entry(429)
    del bare["response"]["content"]["text"]
    part = recording.read(saved(tmp_path / "x.har", entry(), bare))
    found, notes = recording.joined([part], CONTRACT, {}, None)
    assert [one.status for one in found.exchanges] == [200, 429]
    (note,) = notes
    assert note.startswith("1 answers were recorded without their whole bodies")


def test_another_path_of_the_same_origin_is_not_the_api(tmp_path: Path) -> None:
    page = entry(url=f"{ORIGIN}/docs/api/v1/errors")
    assert len(imported(tmp_path, entry(), entry(), page).exchanges) == 2
    assert len(imported(tmp_path, entry(), page, base_url=f"{ORIGIN}/docs/").exchanges) == 1


def test_two_recorders_with_two_clocks_are_put_in_order(tmp_path: Path) -> None:
    def said(second: int, date: int) -> dict[str, Any]:
        one = entry(second=second)
        stamp = {"name": "Date", "value": f"Fri, 02 Jan 2026 03:04:{date:02} GMT"}
        one["response"]["headers"].append(stamp)
        return one

    first = recording.read(saved(tmp_path / "a.har", said(1, 1), said(5, 5)))
    other = recording.read(saved(tmp_path / "b.har", said(23, 3), said(27, 7)))
    found, _ = recording.joined([first, other], CONTRACT, {}, None)
    assert [one.number for one in found.exchanges] == [1, 3, 2, 4]


def test_credentials_may_have_been_left_out_of_a_recording(tmp_path: Path) -> None:
    part = recording.read(saved(tmp_path / "x.har", entry(key=None)))
    found, notes = recording.joined([part], CONTRACT, {}, None)
    assert found.exchanges[0].tags.form == "unknown"
    assert "taken as unknown" in notes[0]


def test_a_request_without_credentials_beside_others_is_anonymous(tmp_path: Path) -> None:
    found = imported(tmp_path, entry(), entry(401, key=None))
    assert found.exchanges[1].tags.form == "none"


def test_the_same_key_in_two_files_is_one(tmp_path: Path) -> None:
    paths = saved(tmp_path / "a.har", entry()), saved(tmp_path / "b.har", entry(second=1))
    found, _ = recording.joined([recording.read(one) for one in paths], CONTRACT, {}, None)
    assert [one.tags.key for one in found.exchanges] == ["project#1"] * 2


def test_two_deployments_need_a_choice(tmp_path: Path) -> None:
    other = entry(url=URL.replace("staging", "live"), key=OTHER_KEY)
    with pytest.raises(HistoryError, match=r"live.*staging.*choose one with --base-url"):
        imported(tmp_path, entry(), other)
    assert len(imported(tmp_path, entry(), other, base_url=ORIGIN).exchanges) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("hello", "neither a history nor a HAR"),
        ("[1]", "not a HAR"),
        ('{"log": {}}', "not a HAR: it has no log with entries"),
        ('{"log": {"entries": [{}]}}', 'no entry can be read; entry 1 .*: "startedDateTime" is'),
        ('{"log": {"entries": 7}}', "not a HAR"),
        ('{"type": "nonsense"}', "line 1"),
        ('{"type": "event", "kind": "x"}', "line 1: event x: "),
        ("[" * 200_000, "neither a history nor a HAR"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(HistoryError, match=problem) as caught:
        recording.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("bytes", "missing", "."):
        with pytest.raises(HistoryError):
            recording.read(tmp_path / name)


def test_a_recording_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="holds no request below /api/v1"):
        imported(tmp_path, entry(url=f"{ORIGIN}/app.js"))


# --- histories


def joined(*parts: History, contract: Contract = CONTRACT) -> History:
    return recording.joined(parts, contract, {}, None)[0]


def test_one_history_is_taken_as_it_is(tmp_path: Path) -> None:
    histories.write(run("a"), tmp_path / "h.ndjson")
    (tmp_path / "h.har").write_text(json.dumps(har.build(run("a"))))
    for name in ("h.ndjson", "h.har"):
        part = recording.read(tmp_path / name)
        assert not isinstance(part, Foreign)
        found = joined(part)
        assert found.exchanges == run("a").exchanges
        assert found.events == run("a").events


def test_histories_of_two_deployments_are_refused() -> None:
    with pytest.raises(HistoryError, match="different base_url"):
        joined(run("a"), run("b", base_url="https://other.example.com"))
