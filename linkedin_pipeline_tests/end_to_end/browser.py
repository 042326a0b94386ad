"""A headless Chromium that looks at the Dagster UI as a person does.

Selenium gets the paths of browser and driver, so that it neither looks for them nor downloads them.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkedin_pipeline_tests.end_to_end.dev import PATIENCE, wait_for

if TYPE_CHECKING:  # it may be missing: see why_not
    from selenium.webdriver import Chrome

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root may not have one; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the UI must need no other host
    "--hide-scrollbars",
    "--window-size=1600,1000",
)
PICTURE_LIMIT = 300_000
"""Bytes of one screenshot: they are kept in the repository."""

# What Dagster's pages say when something broke.
TROUBLE = re.compile(
    r"an error occurred|unexpected \w*\s?error|something went wrong|can't be displayed"
    r"|failed to load|unable to load|could not be (found|loaded)",
    re.IGNORECASE,
)

# The pixels of a plot that are neither grey nor white: its line and its points.
COLOURED_PIXELS = """
    const named = [...document.querySelectorAll('div, span')].find(
        e => !e.childElementCount && e.textContent.trim() === arguments[0] && above(e));
    function above(e) {
        while (e && !e.querySelector('canvas')) e = e.parentElement;
        return e && e.querySelectorAll('canvas').length === 1 ? e.querySelector('canvas') : null;
    }
    if (!named) return 0;
    const canvas = above(named);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
        const strongest = Math.max(data[i], data[i + 1], data[i + 2]);
        const weakest = Math.min(data[i], data[i + 1], data[i + 2]);
        coloured += data[i + 3] > 100 && strongest - weakest > 100;
    }
    return coloured;
"""


def why_not() -> str | None:
    """Say what a browser test lacks on this computer; None when it lacks nothing."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: apt-get install chromium chromium-driver)"
    if importlib.util.find_spec("selenium") is None:
        return "the Python package selenium is not installed"
    return None


@dataclass
class Page:
    """One browser window on the UI at ``address``.

    ``secrets`` are words that no page may hold.  ``pictures`` is the directory that `keep` writes
    to, None to write none.
    """

    driver: Chrome
    address: str
    secrets: tuple[str, ...]
    pictures: Path | None = None

    def open(self, path: str, *texts: str) -> None:
        """Go to a path, and wait until the page shows the texts."""
        self.driver.get(f"{self.address}{path}")
        self.shows(*texts)

    def reload(self, *texts: str) -> None:
        """Load the page again, and wait until it shows the texts."""
        self.driver.refresh()
        self.shows(*texts)

    def press(self, label: str, *texts: str) -> None:
        """Click the button or link with this label, and wait until the page shows the texts."""
        choices = ("button", "a", "*[@role='tab']")
        where = " | ".join(f"//{kind}[normalize-space(.)='{label}']" for kind in choices)
        wait_for(f"the button {label!r}", lambda: self._clicked(where))
        self.shows(*texts)

    def _clicked(self, where: str) -> bool:
        from selenium.common.exceptions import WebDriverException

        try:
            self.driver.find_element("xpath", where).click()
        except WebDriverException:  # not there yet, drawn anew meanwhile, or still covered
            return False
        return True

    def hold(self, key: str, *texts: str) -> None:
        """Press a key with Alt, and wait until the page shows the texts."""
        from selenium.webdriver import ActionChains
        from selenium.webdriver.common.keys import Keys

        ActionChains(self.driver).key_down(Keys.ALT).send_keys(key).key_up(Keys.ALT).perform()
        self.shows(*texts)

    def shows(self, *texts: str) -> None:
        """Wait until all texts can be read, then look for what must not be on any page.

        White space counts as one blank.

        Raises:
            AssertionError: a text does not appear, or the page shows trouble or a secret, or the
                browser's console an error.
        """
        try:
            wait_for(f"{texts}", lambda: all(" ".join(t.split()) in self.text for t in texts))
        except AssertionError as late:
            raise AssertionError(f"{late} on {self.driver.current_url}: {self.text}") from late
        page = self.driver.current_url
        trouble = TROUBLE.search(self.text)
        assert trouble is None, f"{page} says {trouble}: {self.text}"
        source = self.driver.page_source.lower()
        told = [word for word in self.secrets if word.lower() in source]
        assert told == [], f"{page} tells what it must not"
        console = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        errors = [entry["message"] for entry in console if entry["level"] == "SEVERE"]
        assert errors == [], f"{page} logs errors"

    @property
    def text(self) -> str:
        """What can be read on the page, white space folded."""
        return " ".join(str(self.ask("return document.body.innerText")).split())

    def ask(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def plots(self, name: str) -> None:
        """Wait until the plot of that name has a line or a point."""
        wait_for(f"a line in the plot {name!r}", lambda: self.ask(COLOURED_PIXELS, name) > 0)

    def scroll_to(self, title: str) -> None:
        """Put the part of the page with this title at the top of the window."""
        found = self.driver.find_element("xpath", f"//*[normalize-space(text())='{title}']")
        self.ask("arguments[0].scrollIntoView()", found)

    def keep(self, name: str) -> None:
        """Write a screenshot when a directory for them was given; 300 kB at most."""
        if self.pictures is None:
            return
        wait_for("everything to be loaded", lambda: "Loading" not in self.text)
        self.pictures.mkdir(parents=True, exist_ok=True)
        picture = self.pictures / f"{name}.png"
        assert self.driver.save_screenshot(str(picture))
        assert picture.stat().st_size <= PICTURE_LIMIT, f"{picture.name} is too big to keep"


@contextmanager
def chromium(directory: Path) -> Iterator[Chrome]:
    """Start Chromium with nothing but an empty profile in ``directory``, and end it afterwards."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, f"--user-data-dir={directory / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service(
        executable_path=shutil.which("chromedriver"),
        env={**os.environ, "HOME": str(directory)},  # caches and crash reports go there too
    )
    driver = Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(PATIENCE)
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()
