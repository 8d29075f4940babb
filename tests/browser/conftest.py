from collections.abc import Iterator

import pytest

from tests.browser.browser import Page, started


@pytest.fixture(scope="package")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    driver = started(tmp_path_factory.mktemp("profile"))
    yield Page(driver)
    driver.quit()
