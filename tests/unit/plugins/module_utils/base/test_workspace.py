# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every place of the workspace is either a cache, which a run in check mode reads, or one that it leaves alone."""

from __future__ import annotations

import os

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace

# Results, memory that is read at its own place, and what belongs to the run that is under way.
NOT_READ_BY_LINK = {"results", "changes.json", "delete", "journal", "loading.json", "request-limits.json", "history", "uid"} | {
    "lock",
    "status.json",
    "last-run.json",
    "runs.json",
    "handed-plan.tar",
}


def test_every_place_is_of_one_kind():
    workspace = Workspace("/w")
    names = [name for name, value in vars(Workspace).items() if isinstance(value, property) and name != "caches"]
    tops = {os.path.relpath(getattr(workspace, name), "/w").split(os.sep, maxsplit=1)[0] for name in names}
    caches = {os.path.relpath(path, "/w") for path in workspace.caches}
    assert tops == caches | NOT_READ_BY_LINK and not caches & NOT_READ_BY_LINK
