"""A real browser without a window, and what the tests ask of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--force-prefers-reduced-motion",  # nothing moves under the mouse
)
REQUIRED = os.environ.get("BUGZY_BROWSER") == "required"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
PATIENCE = 10.0  # seconds for a page to come
OWN_TRAFFIC = ("chrome", "chrome-extension", "devtools", "about")  # the browser's own pages


def lacking() -> str | None:
    """Why there is no browser here; None where there is one."""
    for program in (CHROMIUM, DRIVER):
        if not program.exists():
            return f"{program} is missing: apt-get install chromium chromium-driver"
    try:
        import selenium  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        return "selenium is missing: pip install -e '.[dev]'"
    return None


def started(profile: Path) -> Any:
    """Start Chromium with a profile of its own."""
    reason = lacking()
    if reason and REQUIRED:
        pytest.fail(f"BUGZY_BROWSER=required, but {reason}")
    if reason:
        pytest.skip(reason)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1200,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(str(DRIVER)))


class Page:
    """What is open in the browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str, *, scripts: bool = True) -> None:
        """Go to a page, and forget what was logged before.

        By way of an empty one, as a live page goes on asking a server that has ended meanwhile.
        """
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)
        self.driver.get(url)

    def all(self, selector: str) -> list[Any]:
        """The elements that a CSS selector finds and that are visible."""
        from selenium.common.exceptions import StaleElementReferenceException

        found = self.driver.find_elements("css selector", selector)
        try:
            return [element for element in found if element.is_displayed()]
        except StaleElementReferenceException:  # the page was left meanwhile: look at the next
            return self.all(selector)

    def one(self, selector: str) -> Any:
        """The one such element."""
        (element,) = self._waited(selector)
        return element

    def _waited(self, selector: str) -> list[Any]:
        """The elements, once there are any: a page that a click leads to is not there at once."""
        end = time.monotonic() + PATIENCE
        while not (found := self.all(selector)) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def text(self, selector: str = "body") -> str:
        """The text of the one such element, as it is seen."""
        from selenium.common.exceptions import StaleElementReferenceException

        try:
            return str(self.one(selector).text)
        except StaleElementReferenceException:  # the page was left meanwhile: read the next
            return str(self.one(selector).text)

    def click(self, selector: str) -> None:
        """Click on the first such element."""
        element = self._waited(selector)[0]
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def clipboard(self) -> str:
        """What was copied last."""
        self.driver.execute_cdp_cmd(
            "Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]}
        )
        read = "navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](`${e}`))"
        return str(self.driver.execute_async_script(read))

    def complaints(self) -> list[str]:
        """What the browser wrote to its console since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requested(self) -> Iterator[str]:
        """The addresses that were asked for since the page was opened."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if urlsplit(url).scheme not in OWN_TRAFFIC:
                    yield url

    def show(self, width: int, scheme: str, *, media: str = "") -> None:
        """Show the page at a width, light or dark; *media*: as if it were print."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        emulated = {"features": features, "media": media}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def overhang(self) -> int:
        """How many pixels the page is wider than its window."""
        script = "const e = document.documentElement; return e.scrollWidth - e.clientWidth"
        return int(self.driver.execute_script(script))

    def cut(self, selector: str) -> int:
        """How many pixels of the one such element are beyond its own edge, and have to be found."""
        element = self.one(selector)
        script = "return arguments[0].scrollWidth - arguments[0].clientWidth"
        return int(self.driver.execute_script(script, element))

    def faint(self) -> list[str]:
        """Texts that do not stand out enough from what is behind them."""
        return list(self.driver.execute_script(CONTRAST))
