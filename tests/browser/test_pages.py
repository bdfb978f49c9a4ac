# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in Chromium: every width, light and dark, what it asks for, who can use it, and what its controls do.

MIRROR_WIDTHS=375,768,1280,1920 looks at more widths than the two of the sample.
"""

from __future__ import annotations

import os

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is missing; make browser installs it")

from ansible_collections.disconnected.mirror.plugins.module_utils.report import contents
from ansible_collections.disconnected.mirror.plugins.module_utils.report.fleet import Host
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page import fleet
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.page import page
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import summary
from ansible_collections.disconnected.mirror.tests.fakes import reports
from ansible_collections.disconnected.mirror.tests.fakes.browser import WIDTHS, program, view

if not program():
    pytest.skip("there is no Chromium; make browser installs it", allow_module_level=True)

MAKERS = {**reports.RUNS, "large": reports.large}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Paths by name."""
    folder = tmp_path_factory.mktemp("pages")
    values = {name: (make(str(folder)), name) for name, make in MAKERS.items()}
    hosts = []
    for records, name in values.values():
        graphs = contents.update_graphs(records.plan)
        value = summary(records, graphs)
        hosts.append(Host.of(name, value))
        (folder / f"{name}.html").write_text(page(value, graphs), encoding="utf-8")
    (folder / "fleet.html").write_text(fleet.page([*hosts, Host("lost", problem="it is not JSON")]), encoding="utf-8")
    return {name: str(folder / f"{name}.html") for name in (*MAKERS, "fleet")}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*MAKERS, "fleet"])
def test_it_fits_and_asks_nobody(browser, pages, name, width, dark):
    with view(browser, pages[name], width, dark) as seen:
        assert seen.overflow == 0
        seen.open_all()
        assert seen.overflow == 0 and not seen.requests and not seen.complaints
        # The style got past the policy, and so did the script.
        assert seen.page.evaluate("getComputedStyle(document.querySelector('section')).borderRadius") == "12px"
        assert seen.page.locator("table.data").count() == 0 or seen.page.locator("input[type=search]").count() > 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", [*reports.RUNS, "fleet"])
def test_everybody_can_use_it(browser, pages, name, dark):
    with view(browser, pages[name], WIDTHS[0], dark, inspected=True) as seen:
        seen.open_all()
        assert seen.violations() == []


def test_a_large_mirror_opens_soon(browser, pages, record_property):
    """How soon is measured by make browser; here that it can be used at all, and that nothing waits for its tables."""
    with view(browser, pages["large"]) as seen:
        record_property("milliseconds", seen.ready)
        print(f"3,000 images: {os.path.getsize(pages['large'])} bytes, usable after {seen.ready:.0f} ms")
        assert seen.page.locator("#images details[open]").count() == 0
        seen.page.locator("#images summary").click()
        assert seen.page.locator("#images tbody tr:visible").count() == 3000


def test_images_are_found_sorted_and_chosen_by_keyboard(browser, pages):
    with view(browser, pages["failures"]) as seen:
        images = seen.page.locator("#images")
        images.locator("summary").focus()
        seen.page.keyboard.press("Enter")
        rows = images.locator("tbody tr:visible")
        assert rows.count() == 60
        images.get_by_label("Search").focus()
        seen.page.keyboard.type("service-41")
        assert rows.count() == 1 and images.get_by_role("status").text_content() == "1 of 60"
        seen.page.keyboard.press("Control+A")
        seen.page.keyboard.press("Delete")
        images.get_by_label("outcome").focus()
        images.get_by_label("outcome").select_option("failed")
        assert rows.count() == 17
        head = images.get_by_role("columnheader", name="size")
        head.get_by_role("button").focus()
        for direction, sign in (("ascending", 1), ("descending", -1)):
            seen.page.keyboard.press("Space")
            assert head.get_attribute("aria-sort") == direction
            sizes = [int(cell.get_attribute("data-value")) * sign for cell in images.locator("tbody tr td:nth-child(4)").all()]
            assert sizes == sorted(sizes)


def test_commands_are_copied(browser, pages):
    with view(browser, pages["failures"]) as seen:
        command = seen.page.locator(".command").first
        command.get_by_role("button").click()
        assert command.get_by_role("button").text_content() == "Copied"
        assert seen.page.evaluate("window.getSelection().toString()").startswith("ansible-playbook disconnected.mirror.")


def test_on_paper_there_are_no_controls_and_nothing_is_cut(browser, pages):
    with view(browser, pages["air-gap"], 794) as seen:
        seen.page.emulate_media(media="print")
        seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert not seen.page.locator("nav:visible, .tools:visible, .command button:visible").count()
        assert seen.page.get_by_text("mirror_seq4_000002.tar").is_visible()
        assert seen.overflow == 0


def test_without_scripts_all_is_there_to_be_read(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    found = context.new_page()
    found.goto(f"file://{pages['failures']}")
    assert found.locator(".answers section").count() == 3 and not found.locator("button").count()
    found.locator("#images summary").click()
    assert found.locator("#images tbody tr:visible").count() == 60
    context.close()
