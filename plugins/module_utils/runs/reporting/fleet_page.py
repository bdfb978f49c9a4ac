# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The index over the reports of many hosts: a folder with `HOST/report.json` in it gets a `fleet.html`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.report.fleet import Host, state_of
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.fleet import page

PAGE, REPORT = "fleet.html", "report.json"


@dataclass(frozen=True)
class FleetRun:
    """path: of the page.  state: complete, or incomplete when one of them is not right."""

    changed: bool
    path: str
    state: str
    hosts: tuple[Host, ...]


def write_fleet(folder: str, check_mode: bool = False) -> FleetRun:
    """What the fetched reports say, one line for each host.  Raises InputError (no report there), StorageError."""
    hosts = tuple(_read(folder, name) for name in _names(folder))
    if not hosts:
        raise InputError(f"there is no HOST/{REPORT} in {folder}", subject=folder, advice="Fetch reports first, with mirror_report_fetch.")
    path = os.path.join(folder, PAGE)
    content = page(hosts).encode("utf-8", "backslashreplace")
    changed = _differs(path, content)
    if changed and not check_mode:
        files.write(path, content)
    return FleetRun(changed, path, state_of(hosts), hosts)


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and os.path.isfile(os.path.join(entry.path, REPORT)))
    except FileNotFoundError:
        return []


def _read(folder: str, name: str) -> Host:
    """One that cannot be read is a line that says so."""
    try:
        return Host.of(name, files.read_json(os.path.join(folder, name, REPORT)))
    except MirrorError as error:
        return Host(name, problem=str(error))


def _differs(path: str, content: bytes) -> bool:
    try:
        return files.read(path) != content
    except FileNotFoundError:
        return True
