# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from registry to registry: what its result tells."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        images.put(images.image("app"), registry.content, "team/app", "1")
        yield registry


@pytest.fixture
def target():
    with FakeRegistry() as registry:
        yield registry


def test_the_requests_of_both_ends_are_told(source, target, tmp_path):
    site = Site(source.host, target.host, tmp_path)
    site.plan("team/app:1")
    before = len(source.ledger)
    result = site.mirror("team/app:1").result
    assert result.complete and set(result.requests) == {"source", "destination"}
    # Of the source the transfer wants blobs alone; what planning asked is not counted.
    assert set(result.requests["source"]) == {"GET"}
    assert len(images.image("app").all_blobs()) <= result.requests["source"]["GET"] <= len(source.ledger) - before
