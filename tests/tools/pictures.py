# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the pictures of the report that the guide shows: python tests/tools/pictures.py FOLDER"""

from __future__ import annotations

import os
import sys
import tempfile

from ansible_collections.disconnected.mirror.plugins.module_utils.report import contents
from ansible_collections.disconnected.mirror.plugins.module_utils.report.fleet import Host
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page import fleet
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.page import page
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import summary
from ansible_collections.disconnected.mirror.tests.fakes import reports
from ansible_collections.disconnected.mirror.tests.fakes.browser import chromium, view

LARGEST = 200 * 1024
# File, run, part of the page (empty for its beginning), width, dark.
PICTURES = (
    ("report", "unchanged", "", 1280, False),
    ("report_updates", "unchanged", "#updates", 1000, False),
    ("report_failures", "failures", "", 1280, True),
    ("report_phone", "air-gap", "", 375, False),
    ("report_fleet", "fleet", "", 1280, False),
)


def main() -> int:
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        _pages(place)
        for name, run, part, width, dark in PICTURES:
            path = os.path.join(folder, f"{name}.png")
            with view(browser, os.path.join(place, f"{run}.html"), width, dark) as seen:
                (seen.page.locator(part) if part else seen.page).screenshot(path=path)
            if os.path.getsize(path) > LARGEST:
                sys.exit(f"{path} has {os.path.getsize(path)} bytes and {LARGEST} are allowed")
    return 0


def _pages(place: str) -> None:
    hosts = []
    for name, make in reports.RUNS.items():
        records = make(place)
        graphs = contents.update_graphs(records.plan)
        value = summary(records, graphs)
        hosts.append(Host.of(f"{name}.example.com", value))
        _write(place, name, page(value, graphs))
    _write(place, "fleet", fleet.page(hosts))


def _write(place: str, name: str, text: str) -> None:
    with open(os.path.join(place, f"{name}.html"), "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
