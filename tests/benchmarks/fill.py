# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a source registry for a benchmark."""

from __future__ import annotations

import json
import multiprocessing
import os
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.benchmarks.content import Filler, Preset, wishes


def open_registry(host: str, tls: bool, writing: bool = False) -> RegistryStore:
    return RegistryStore(host, Http(Settings(default=HostSettings(plain_http=not tls, verify=False))), writing=writing)


def fill(host: str, preset: Preset, work: str, seed: str = "1", tls: bool = False) -> dict[str, Any]:
    """Images and totals of what the source has then.

    In a process of its own: what this one once held would show in the memory of everything it starts.
    """
    path = os.path.join(work, "filled.json")

    def work_off() -> None:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(Filler(open_registry(host, tls, writing=True), preset.docker).fill(wishes(preset, seed)), file)

    process = multiprocessing.get_context("fork").Process(target=work_off)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit("the source could not be filled")
    with open(path, encoding="utf-8") as file:
        return json.load(file)
