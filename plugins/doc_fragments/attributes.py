# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What modules say about themselves."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and predicts what would change without changing anything.
  diff_mode:
    description: Shows in diff mode what changed or, in check mode, what would change.
  idempotent:
    description: A second run with the same arguments and an unchanged situation changes nothing.
"""

    REGISTRY = r"""
attributes:
  action_group:
    description: Takes the connection options of action group C(disconnected.mirror.registry) from C(module_defaults).
    support: full
    membership:
      - disconnected.mirror.registry
"""

    PLANNING = r"""
attributes:
  action_group:
    description: Takes the connection options of action group C(disconnected.mirror.registry) and the options about releases and catalogs of
      action group C(disconnected.mirror.planning) from C(module_defaults).
    support: full
    membership:
      - disconnected.mirror.registry
      - disconnected.mirror.planning
"""

    CLUSTER_AND_REGISTRY = r"""
attributes:
  action_group:
    description: Takes connection options of the action groups C(disconnected.mirror.cluster) and C(disconnected.mirror.registry) from
      C(module_defaults).
    support: full
    membership:
      - disconnected.mirror.cluster
      - disconnected.mirror.registry
"""

    CLUSTER = r"""
attributes:
  action_group:
    description: Takes the connection options of action group C(disconnected.mirror.cluster) from C(module_defaults).
    support: full
    membership:
      - disconnected.mirror.cluster
"""
