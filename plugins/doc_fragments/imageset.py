# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The image set, the workspace, and what the faces of a plan share."""

    DOCUMENTATION = r"""
options:
  config:
    description:
      - Path of an ImageSetConfiguration, C(v1alpha2) or C(v2alpha1), on the host that runs the module.
    type: path
  imageset:
    description:
      - The ImageSetConfiguration itself. Excludes O(config).
    type: dict
"""

    WORKSPACE = r"""
options:
  workspace:
    description:
      - Directory that keeps the plan, the results, the manifests seen and the journals between runs. It is made when it is missing.
      - One run works in it at a time.
    type: path
    required: true
  check_workspace:
    description:
      - A directory that stands in for O(workspace) in check mode, in which nothing is written into O(workspace). Tasks in a row that
        name the same one see what the tasks before planned, so that all of them together plan once.
      - It is empty at first, or missing; whoever names it removes it in the end. Without it each task uses a temporary one of its own.
    type: path
"""

    FAILURES = r"""
options:
  allow_failures:
    description:
      - Shell patterns of images whose failure is reported but does not fail the task, such as V(quay.io/team/gone*) or V(*).
      - All other images are mirrored in any case; without this option the task fails in the end when one of them failed.
    type: list
    elements: str
    default: []
"""

    SIGNATURES = r"""
options:
  signatures:
    description:
      - What to do about signatures, attestations and other attachments of images, by tag and by the referrers API.
      - V(copy) takes those that are there, V(require) fails images that have no signature, V(skip) leaves attachments behind.
    type: str
    choices:
      - copy
      - require
      - skip
    default: copy
"""

    DESTINATION = r"""
options:
  destination:
    description:
      - The mirror registry, and optionally a namespace below which everything goes, such as V(docker://registry.example.com:5000/ocp).
    type: str
    required: true
  max_nested_paths:
    description:
      - How many path components repositories may have at the destination; deeper names are joined with dashes. V(0) is no limit.
    type: int
    default: 0
"""
