# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system's Chromium without a window, looking at pages in files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Of windows, in pixels.
WIDTHS = [int(width) for width in os.environ.get("MIRROR_WIDTHS", "375,1280").split(",")]


def program() -> str:
    """Its path; empty where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), "")


@dataclass
class View:
    """A page that is open.  requests: URLs that it asked for, its own left out.  complaints: of scripts and policies."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def overflow(self) -> int:
        """Pixels by which it is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    @property
    def ready(self) -> float:
        """Milliseconds until it could be used."""
        return float(self.page.evaluate("document.documentElement.dataset.ready"))

    def open_all(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        self.page.wait_for_timeout(200)

    def violations(self) -> list[str]:
        """What axe-core finds."""
        import axe_playwright_python

        with open(os.path.join(os.path.dirname(axe_playwright_python.__file__), "axe.min.js"), encoding="utf-8") as file:
            self.page.evaluate(file.read())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def view(browser: Any, path: str, width: int = 1280, dark: bool = False, inspected: bool = False) -> Iterator[View]:
    """inspected: scripts of tests may run besides the page's own, whatever its policy says."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=inspected)
    try:
        found = View(context.new_page())
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("console", lambda message: found.complaints.append(message.text) if message.type == "error" else None)
        found.page.goto(f"file://{path}")
        found.requests[:1] = []
        yield found
    finally:
        context.close()
