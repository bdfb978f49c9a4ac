# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/charts.py`."""

    DOCUMENTATION = r"""
options:
  helm_path:
    description:
      - The C(helm) program that renders charts, version 3 or later, on the host that runs the module. Needed only when the image set has
        charts.
      - Private chart repositories are read with the entry for their host in O(credentials), O(pull_secret) or O(auth_file).
    type: str
    default: helm
"""
