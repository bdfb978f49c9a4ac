# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two stores in memory, and a plan made of what the source has."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps import manifest_repair
from ansible_collections.disconnected.mirror.tests.fakes.faulty import FaultyStore


class Bench:
    """A source, a destination and what lies between them; `run` is one transfer by a fresh process, so to say."""

    def __init__(self, folder: str) -> None:
        self.source = FaultyStore("source")
        self.destination = FaultyStore("destination")
        self.shelf = Shelf(f"{folder}/manifests")
        self.journal_path = f"{folder}/journal.jsonl"
        self.events: list[object] = []

    def run(self, images: Any, act: Callable[..., TransferResult] = transfer, stop: Any = None, **options: Any) -> TransferResult:
        self.source.calls.clear()
        self.destination.calls.clear()
        self.events.clear()
        journal = Journal(self.journal_path, self.destination.name, writable=act is transfer)
        ends = Ends(self.source, self.destination, self.shelf, journal)
        return act(images, ends, TransferOptions(**options), self.events.append, stop)

    def predict(self, images: Any, **options: Any) -> TransferResult:
        return self.run(images, act=predict, **options)


@pytest.fixture
def bench(tmp_path: Any, monkeypatch: Any) -> Bench:
    # What is in memory is there at once.
    monkeypatch.setattr(manifest_repair, "_SETTLE", 0.0)
    return Bench(str(tmp_path))
