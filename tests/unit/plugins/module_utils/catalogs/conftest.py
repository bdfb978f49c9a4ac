# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that tests of catalogs share: making one takes a moment."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.release import SigningKey


@pytest.fixture(scope="session")
def publisher():
    key = SigningKey("Publisher")
    yield key
    key.close()


@pytest.fixture(scope="session")
def stranger():
    key = SigningKey("Stranger")
    yield key
    key.close()
