import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from conformance.outcome import Outcome
from conformance.report import page
from tests.conformance.judges.builder import exchange, issued
from tests.conformance.report.outcomes import MARKUP, failing, hostile, outcome, sound

MOST = 3_000_000
VOID = {"meta", "link", "input"}


class Reader(HTMLParser):
    """Collects elements, and the text that a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data


@pytest.fixture(scope="module")
def bad() -> Reader:
    return Reader(page.build(failing()))


def test_elements_are_closed_in_turn(bad: Reader) -> None:
    assert bad.open == []


def test_a_failure_is_shown_whole(bad: Reader) -> None:
    for text in (
        "Nonconformant",
        "auth.required",
        "Without a valid key nothing is learned",
        "401 UNAUTHORIZED to listExecutions without Authorization",
        "curl -i https://staging.example.com/api/v1/projects/",
        "--only auth.required --seed 7",
        "1.2.3",
    ):
        assert text in bad.text


def test_every_requirement_has_a_row(bad: Reader) -> None:
    rows = [attributes for tag, attributes in bad.elements if "data-outcome" in attributes]
    assert len(rows) == 76


def test_links_lead_to_somewhere_on_the_page(bad: Reader) -> None:
    ids = {attributes["id"] for _, attributes in bad.elements if "id" in attributes}
    links = [attributes["href"] or "" for tag, attributes in bad.elements if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= ids


@pytest.mark.parametrize("found", [failing(), hostile(2)], ids=["failing", "hostile"])
def test_nothing_is_fetched_and_only_its_own_script_runs(found: Outcome) -> None:
    text = page.build(found)
    elements = Reader(text).elements
    assert sum(tag == "script" for tag, _ in elements) == 1
    assert {tag for tag, _ in elements}.isdisjoint({"img", "iframe", "object", "base"})
    for _, attributes in elements:
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
    (script,) = re.findall("(?s)<script>(.*?)</script>", text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] or "" for _, a in elements if "http-equiv" in a)
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_what_was_sent_is_shown_as_text() -> None:
    text = page.build(hostile(2))
    assert "<script>alert" not in text
    seen = Reader(text).text
    assert "<script>alert(1)</script>\\x1b[2J\\u202eevil" in seen
    text.encode()  # no half characters


def test_it_stays_small_whatever_was_sent() -> None:
    huge = exchange(500, body=MARKUP.encode("utf-8", "surrogatepass") * 50_000)
    assert huge.response is not None
    assert len(huge.response.body) > 4_000_000
    found = outcome(exchange(200), huge, *hostile(30).history.exchanges)
    assert len(page.build(found).encode()) < MOST


def test_what_is_big_leaves_room_for_what_every_failure_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page, "FAILURES", 200_000)
    text = page.build(hostile(30))
    failures, _, rest = text.partition('<section id="undecided">')
    assert "exchanges left out here; history.ndjson has all" in failures
    assert "<code>(left out here" not in failures  # no exchange of which nothing is told
    assert "(left out here" not in rest
    said = re.findall("<dt>(?:Expected|Observed)</dt><dd>(.*?)</dd>", failures)
    assert len(said) > 20
    assert not any("(left out here" in one for one in said)


def test_it_stays_small_however_much_was_sent() -> None:
    many = [exchange(200 if number % 61 else 429) for number in range(4_000)]
    assert len(page.build(outcome(*many)).encode()) < MOST


def test_windows_are_drawn_with_refusals_and_new_keys() -> None:
    found = outcome(
        exchange(200),
        exchange(200),
        exchange(429),
        issued("project#2", "project#1"),
        exchange(401),
        exchange(200, key="project#2"),
        exchange(400, key="project#2", defect="json.word"),
    )
    elements = Reader(page.build(found)).elements
    kinds = [attributes.get("class") for _, attributes in elements]
    assert {"admitted", "refused", "unauthorized", "error", "key"} <= set(kinds)
    assert sum(tag == "polyline" for tag, _ in elements) == 2


def test_response_times_are_drawn_with_their_figures() -> None:
    timed = [
        exchange(404, resource=resource, group="timing", started=number, ended=number + 0.01)
        for number, resource in enumerate(["foreign", "absent"] * 8)
    ]
    text = page.build(outcome(exchange(200), *timed))
    assert "another&#39;s: 8 answers, median 10.00 ms" in text
    assert "p 1.0000" in text


def test_an_empty_history_has_a_page() -> None:
    assert "Inconclusive" in page.build(outcome())


def test_a_sound_one_has_no_failures() -> None:
    assert "failures" not in {a.get("id") for _, a in Reader(page.build(sound())).elements}


def test_code_in_a_title_is_shown_as_code() -> None:
    text = page.build(sound())
    assert "whose <code>error</code> has non-empty strings <code>code</code>" in text
    assert page.coded("<b> `<i>` `") == "&lt;b&gt; <code>&lt;i&gt;</code> `"


def test_the_sentence_under_the_verdict_counts_what_failed() -> None:
    text = Reader(page.build(failing())).text
    assert re.search(r"\d of 66 must requirements are not met\.", text)
