"""Debian's Chromium, driven by playwright, for tests that look at a page as a reader does.

A page may log no error and ask nobody but whom it came from for anything: `opened` fails otherwise. Where no
Chromium is installed (`apt install chromium`) tests that ask for one are skipped.
"""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDED = pytest.mark.skipif(
    CHROMIUM is None or importlib.util.find_spec("playwright") is None,
    reason="no Chromium: apt install chromium, and pip install '.[dev]' for playwright",
)


@contextmanager
def browser() -> Iterator[Any]:
    """A headless browser. Its own sandbox needs namespaces that containers and root lack, and a process that
    draws for a graphics card is one too many where there is none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield found
        finally:
            found.close()


@contextmanager
def opened(found: Any, place: Path | str, *, width: int = 1280, dark: bool = False) -> Iterator[Any]:
    """A page in a browser, once its rows are shown. Fails where it complained, or asked for anything else."""
    address = place if isinstance(place, str) else place.as_uri()
    page = found.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(f"{told.type}: {told.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(address) else None
    )
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}") or dialog.dismiss())
    page.goto(address)
    until(page, "performance.getEntriesByName('texts').length > 0")
    yield page
    page.close()
    assert complaints == []


def until(page: Any, holds: str, seconds: float = 20.0) -> None:
    """Waits until an expression holds in the page. Playwright's own way would need the page to allow eval."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(holds):
        assert time.monotonic() < deadline, holds
        time.sleep(0.02)
