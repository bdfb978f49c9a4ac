# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the working tree importable as the collection it is, so that plain pytest runs it."""

from __future__ import annotations

import contextlib
import os
import sys

from hypothesis import HealthCheck, settings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLLECTIONS = os.path.join(ROOT, ".cache", "collections")
# Machines that run tests are slow at times; how long an example takes says nothing here.  The same examples each time.
settings.register_profile("mirror", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mirror")

_LINK = os.path.join(COLLECTIONS, "ansible_collections", "disconnected", "mirror")

if "ansible_collections" not in os.path.abspath(ROOT).split(os.sep):
    os.makedirs(os.path.dirname(_LINK), exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.symlink(ROOT, _LINK)
    sys.path.insert(0, COLLECTIONS)
    os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", COLLECTIONS)


def pytest_collection_modifyitems(config, items):
    """Leaves out what reads collected data where there is none, which is everywhere but beside some working trees."""
    if os.path.isdir(os.path.join(os.path.dirname(ROOT), "shared", "data")):
        return
    left_out = [item for item in items if item.get_closest_marker("needs_data")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
