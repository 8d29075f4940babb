"""report.html of a failing run, as a person reads it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.browser.browser import Page, lacking

RUN = """
import sys
from dataclasses import replace
from conformance import running
with running.bundled({"report_dir": sys.argv[1], "quiet": True}, fault=sys.argv[2]) as target:
    running.outcome(replace(target, thrifty=True))
"""
FAULT = "slides-reset"
BREAKS = "rate.reset-stable"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, page: Page) -> Path:
    """The reports of a run against a faulty server; not made where there is no *page*."""
    folder = tmp_path_factory.mktemp("reports")
    subprocess.run([sys.executable, "-c", RUN, str(folder), FAULT], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def document(reports: Path) -> Any:
    return json.loads((reports / "report.json").read_text(encoding="utf-8"))


@pytest.fixture
def report(page: Page, reports: Path) -> Page:
    page.open((reports / "report.html").as_uri())
    return page


def test_the_verdict_stands_on_top(report: Page) -> None:
    assert report.text("h1").endswith("Nonconformant")


def test_each_failure_is_shown_with_what_was_expected_and_observed(
    report: Page, document: Any
) -> None:
    failed = [one for one in document["requirements"] if one["outcome"] == "failed"]
    assert len(report.all("article.failure")) == len(failed)
    text = report.text(f"[id='f-{BREAKS}']")
    assert "Reset" in text
    assert "Expected" in text
    assert "Observed" in text


def test_the_table_is_filtered_by_outcome(report: Page, document: Any) -> None:
    report.one("#outcome").send_keys("failed")
    failed = {one["id"] for one in document["requirements"] if one["outcome"] == "failed"}
    assert {row.get_attribute("id")[2:] for row in report.all("tr[data-outcome]")} == failed
    assert report.text("#shown") == f"{len(failed)} of {len(document['requirements'])} shown"


def test_the_table_is_filtered_by_level_and_word(report: Page) -> None:
    report.one("#level").send_keys("must")
    report.one("#search").send_keys("reset does not change")
    (row,) = report.all("tr[data-outcome]")
    assert row.get_attribute("id") == f"r-{BREAKS}"
    report.one("#search").send_keys(" and nothing else")
    assert report.all("tr[data-outcome]") == []


def test_a_failed_row_leads_to_its_failure(report: Page) -> None:
    report.click(f"[id='r-{BREAKS}'] a")
    assert report.driver.current_url.endswith(f"#f-{BREAKS}")


def test_an_exchange_is_unfolded(report: Page) -> None:
    exchange = f"[id='f-{BREAKS}'] details.exchange"
    assert not report.all(f"{exchange} .fields")
    report.click(f"{exchange} summary")
    assert "X-RateLimit-Reset".lower() in report.all(exchange)[0].text.lower()
    assert "Bearer ${" not in report.all(exchange)[0].text


def test_all_exchanges_are_unfolded_and_folded_again(report: Page) -> None:
    everything = report.driver.find_elements("css selector", "#failures details.exchange")
    report.click("button[data-fold]")
    assert all(one.get_attribute("open") for one in everything)
    report.click("button[data-fold]")
    assert not any(one.get_attribute("open") for one in everything)


def test_the_command_that_decides_it_again_is_copied(report: Page) -> None:
    command = f"[id='f-{BREAKS}'] code[data-copy='the command']"
    report.click(f"{command} + button")
    assert report.text(f"{command} + button") == "Copied"
    assert report.clipboard() == report.text(command)
    assert f"--only {BREAKS}" in report.clipboard()


def test_it_asks_for_nothing_and_complains_of_nothing(report: Page, reports: Path) -> None:
    report.click("button[data-fold]")
    own = (reports / "report.html").as_uri()
    assert [url for url in report.requested() if not url.startswith("data:")] == [own]
    assert report.complaints() == []


def test_it_is_complete_without_scripts(page: Page, reports: Path, document: Any) -> None:
    page.open((reports / "report.html").as_uri(), scripts=False)
    assert len(page.all("tr[data-outcome]")) == len(document["requirements"])
    assert page.all("article.failure")
    assert page.all("button, .filter") == []
    page.click(f"[id='f-{BREAKS}'] details.exchange summary")
    assert page.all(f"[id='f-{BREAKS}'] details.exchange .fields")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_window(report: Page, width: int, scheme: str) -> None:
    report.show(width, scheme)
    report.click("button[data-fold]")
    overhang = report.overhang()
    report.show(1200, "light")
    assert overhang <= 0


def test_the_figures_fit_on_a_phone_and_the_traffic_on_paper(report: Page) -> None:
    report.show(360, "light")
    figures = report.cut(".counts")
    report.show(680, "light", media="print")
    traffic = report.cut("#traffic .scroll")
    report.show(1200, "light")
    assert (figures, traffic) == (0, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(report: Page, scheme: str) -> None:
    report.show(1200, scheme)
    report.click("button[data-fold]")
    faint = report.faint()
    report.show(1200, "light")
    assert faint == []


def test_everything_that_is_used_has_a_name(report: Page) -> None:
    report.click("button[data-fold]")
    used = report.all("a, button, summary, input, select, [tabindex]")
    assert "region" in {one.aria_role for one in used}
    assert [one.tag_name for one in used if not one.accessible_name] == []


def test_a_browser_that_must_be_there_is() -> None:
    """Fails in CI, where BUGZY_BROWSER=required, instead of leaving these tests out."""
    from tests.browser import browser

    assert not (browser.REQUIRED and lacking())
