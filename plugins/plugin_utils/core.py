# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The core as the controller has it: its digest, and a zip of it for hosts that do not keep it yet."""

from __future__ import annotations

import functools
import os
import tempfile
import zipfile

from ansible import constants

from ansible_collections.disconnected.mirror.plugins import module_utils
from ansible_collections.disconnected.mirror.plugins.module_utils.loader.place import digest_of


@functools.cache
def digest() -> str:
    return digest_of(_sources().items())


def archive() -> str:
    """Path of the zip, which is packed once for all hosts and tasks of a play: its folder is that of the run."""
    path = os.path.join(constants.DEFAULT_LOCAL_TMP, f"disconnected.mirror-{digest()}.zip")
    if not os.path.exists(path):
        number, new = tempfile.mkstemp(dir=constants.DEFAULT_LOCAL_TMP)
        with open(number, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in _sources().items():
                packed.writestr(name, content)
        os.replace(new, path)
    return path


@functools.cache
def _sources() -> dict[str, bytes]:
    """Files by their paths below `module_utils`, whose `__init__.py` comes with each module."""
    found = {}
    root = next(iter(module_utils.__path__))
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".py") and path != os.path.join(root, "__init__.py"):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = file.read()
    return found
