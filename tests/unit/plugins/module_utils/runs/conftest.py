# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of whole runs share."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry


@pytest.fixture
def target():
    """A registry to mirror into, empty at first."""
    with FakeRegistry() as registry:
        yield registry
