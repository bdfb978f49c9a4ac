# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of real runs in Chromium, at every width, light, dark and printed.

MIRROR_WIDTHS: see test_pages.  MIRROR_PICTURES=FOLDER keeps what was seen, for somebody to look at.
"""

from __future__ import annotations

import os

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is missing; make browser installs it")

from ansible_collections.disconnected.mirror.tests.browser import runs
from ansible_collections.disconnected.mirror.tests.fakes.browser import WIDTHS, program, view

if not program():
    pytest.skip("there is no Chromium; make browser installs it", allow_module_level=True)

PICTURES = os.environ.get("MIRROR_PICTURES", "")
# A sheet of A4.
PAPER = 794


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    made = {}

    def of(name):
        if name not in made:
            made[name] = runs.pages(name, str(tmp_path_factory.mktemp(name)))
        return made[name]

    return of


def kept(seen, *name):
    if PICTURES:
        os.makedirs(PICTURES, exist_ok=True)
        seen.page.screenshot(path=os.path.join(PICTURES, f"{'-'.join(map(str, name))}.png"), full_page=True)


@pytest.mark.parametrize("name", runs.SETS)
@pytest.mark.parametrize("run", runs.RUNS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits(browser, pages, name, run, dark):
    for width in WIDTHS:
        with view(browser, pages(name)[run], width, dark) as seen:
            assert seen.overflow == 0 and not seen.requests and not seen.complaints, width
            kept(seen, name, run, width, "dark" if dark else "light")
            print(f"{name}, {run}, {width}: usable after {seen.ready:.0f} ms")
            seen.open_all()
            assert seen.overflow == 0, width


@pytest.mark.parametrize("name", runs.SETS)
@pytest.mark.parametrize("run", runs.RUNS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [WIDTHS[0], WIDTHS[-1]])
def test_everybody_can_use_it(browser, pages, name, run, width, dark):
    """At the widths where most is different; all tables are open."""
    with view(browser, pages(name)[run], width, dark, inspected=True) as seen:
        seen.open_all()
        assert seen.violations() == []


@pytest.mark.parametrize("name", runs.SETS)
@pytest.mark.parametrize("run", runs.RUNS)
def test_it_can_be_printed(browser, pages, name, run):
    with view(browser, pages(name)[run], PAPER) as seen:
        seen.page.emulate_media(media="print")
        seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert seen.overflow == 0 and not seen.page.locator("nav:visible, .tools:visible, .command button:visible").count()
        kept(seen, name, run, "print")


@pytest.mark.parametrize("name", runs.SETS)
def test_each_run_gives_its_own_answers(browser, pages, name):
    said = {}
    for run, path in pages(name).items():
        with view(browser, path) as seen:
            said[run] = [each.text_content() for each in seen.page.locator(".answers .told").all()]
    right, new, todo = zip(*(said[run] for run in runs.RUNS))
    assert all("Yes" in right[at] for at in (0, 1, 3)) and "No: " in right[2]
    assert "copied" in new[0] and "Nothing" in new[1] and "in place" not in new[2]
    assert todo[1] == "✓Nothing." and "run again" in todo[2] and "Carry archive 1" in todo[3]
