# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/archives.py`."""

    DOCUMENTATION = r"""
options:
  archive_trusted_keys:
    description:
      - Accept only archives that are signed by one of these keys. The signature is verified before anything else in an archive is read.
      - Setting it without a key is an error. It never means that any archive is accepted.
    type: dict
    suboptions:
      kind:
        description:
          - Which kind of signature is required.
        type: str
        choices:
          - ssh
          - gpg
        default: ssh
      path:
        description:
          - File with public keys, for V(ssh) one per line as in C(authorized_keys), for V(gpg) OpenPGP public keys.
        type: path
        required: true
"""
