# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/module/catalog_arguments.py`."""

    DOCUMENTATION = r"""
options:
  catalog_dependencies:
    description:
      - What is done about operators that a selected one requires, by package, by API or by constraint.
      - V(include) selects them as well, V(warn) tells which ones nothing selected provides, V(ignore) does neither.
      - V(auto) includes them for C(v1alpha2), unless the configuration says C(skipDependencies), and warns for C(v2alpha1).
    type: str
    choices:
      - auto
      - include
      - warn
      - ignore
    default: auto
  catalog_repair:
    description:
      - Whether a filter that leaves a channel with several heads, or a package without its default channel, is mended instead of
        refused.
      - The head of the highest version becomes the only one and skips what it did not reach. The channel whose head has the highest
        version becomes the default. Each change is told as a warning.
    type: bool
    default: false
  catalog_missing_packages:
    description:
      - Whether a listed package of which the catalog has nothing, or nothing is left, is an error or a warning.
      - V(auto) means V(fail) for C(v1alpha2) and V(warn) for C(v2alpha1).
    type: str
    choices:
      - auto
      - fail
      - warn
    default: auto
  catalog_prereleases:
    description:
      - Whether ranges of C(v2alpha1) take prereleases like other versions. Otherwise a prerelease is in a range only when the bound
        has one as well, so that V(1.51.0-1) is not in V(>=1.47.1).
    type: bool
    default: false
"""

    PLANNING = r"""
options:
  catalog_missing_images:
    description:
      - What is done about a bundle one of whose images is not to be had, since its publisher deleted it or wrote its name wrong.
      - V(report) keeps the bundle in the catalog and reports the image as failed. V(exclude) takes the bundle out of the catalog, so
        that the versions around it still upgrade, and tells it as a warning. Images are asked for one by one then.
      - Neither of them keeps the rest of the catalog from being mirrored.
    type: str
    choices:
      - report
      - exclude
    default: report
"""
