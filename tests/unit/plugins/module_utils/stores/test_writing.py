# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blobs that are written whole, through uploads that break."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import RegistryMemory
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import copy_blob, write_blob, write_file
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

QUICK = {"plain_http": True, "retries": {"times": 3, "delay": 0.001, "max_delay": 0.002}}
BREAKS = [
    Fault(method="PUT", endpoint="upload", status=503),
    Fault(method="PUT", endpoint="upload", status=502, body="html"),
    Fault(method="PUT", endpoint="upload", reset_at=0),
    Fault(method="PUT", endpoint="upload", reset_request_at=1000),
    Fault(method="PUT", endpoint="upload", status=404, code="BLOB_UPLOAD_UNKNOWN"),
    Fault(method="PUT", endpoint="upload", status=429, retry_after="0"),
]


def store_of(registry: FakeRegistry) -> RegistryStore:
    return RegistryStore(registry.host, Http(Settings.of(QUICK, {})), writing=True)


def some(size: int) -> Any:
    content = random.Random(size).randbytes(size)
    return Descriptor("", Digest.of(content), size), content


@pytest.fixture
def registry():
    with FakeRegistry() as fake:
        yield fake


@pytest.mark.parametrize("fault", BREAKS)
@pytest.mark.parametrize("size", [1, 5000, 3_000_000])
def test_a_broken_upload_is_taken_up_again(registry, fault, size):
    registry.inject(fault)
    wanted, content = some(size)
    write_blob(store_of(registry), "team/app", wanted, content)
    assert registry.content.blobs[wanted.digest] == content


@pytest.mark.parametrize("fault", BREAKS)
def test_from_a_file_and_from_another_store(registry, fault, tmp_path):
    wanted, content = some(2_500_000)
    registry.inject(fault)
    write_file(store_of(registry), "team/file", wanted, io.BytesIO(content))
    layout = LayoutStore(str(tmp_path))
    copy_blob(store_of(registry), "team/file", layout, "", wanted)
    registry.content.blobs.clear()
    registry.content.find("team/file").blobs.clear()
    registry.inject(fault)
    copy_blob(layout, "", store_of(registry), "team/copy", wanted)
    assert registry.content.blobs[wanted.digest] == content


@pytest.mark.parametrize("fault", BREAKS)
def test_a_history_arrives_all_the_same(registry, fault):
    registry.inject(fault)
    memory = RegistryMemory(store_of(registry), "oc-mirror")
    assert memory.write("uid", {"runs": []})
    assert memory.read("uid") == {"runs": []}


def test_an_upload_that_always_breaks_ends_with_the_registrys_refusal(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", status=503, times=0))
    with pytest.raises(Unreachable, match="refused to accept the blob: 503"):
        write_blob(store_of(registry), "team/app", *some(100))
    # A PATCH between the first two was progress.
    assert registry.ledger.count("PUT") == 5
