# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tests find the tree they belong to, and the real data that may lie beside it."""

from __future__ import annotations

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
# Real catalogs, graphs, charts and configurations: no part of the project, so whoever uses them is marked `needs_data`.
SHARED_DATA = os.path.join(os.path.dirname(ROOT), "shared", "data")
