#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

from __future__ import annotations

DOCUMENTATION = r"""
module: report_page
short_description: Write the report of a run as a page
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Writes C(results/report.html) of a workspace from the value that the last run of M(disconnected.mirror.image_mirror) left there.
  - The page is rendered on the controller and needs nothing on the host. Skipped while there is nothing to report.
extends_documentation_fragment:
  - disconnected.mirror.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  workspace:
    description:
      - The workspace.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Write the report page
  disconnected.mirror.report_page:
    workspace: /srv/mirror/workspace
"""

RETURN = r"""
path:
  description: Path of the page.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/report.html
"""
