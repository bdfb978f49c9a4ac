# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""imageset_plan, with the core that its host keeps, and its progress."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.plugin_utils.action import ActionModule as CoreAction


class ActionModule(CoreAction):
    SHOWS_PROGRESS = True
