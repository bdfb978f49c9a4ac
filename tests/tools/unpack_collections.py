# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes collections out of the wheel of the package `ansible`.

python tests/tools/unpack_collections.py ansible-12.3.0-py3-none-any.whl .cache/collections awx.awx
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile


def unpack(wheel: str, folder: str, name: str) -> None:
    """A collection is there whole or not at all."""
    inside = f"ansible_collections/{name.replace('.', '/')}/"
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory(dir=folder) as place:
        members = [member for member in archive.namelist() if member.startswith(inside)]
        if not members:
            sys.exit(f"{os.path.basename(wheel)} has no collection {name}")
        archive.extractall(place, members)
        target = os.path.join(folder, inside.rstrip("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        os.rename(os.path.join(place, inside.rstrip("/")), target)


if __name__ == "__main__":
    for collection in sys.argv[3:]:
        unpack(sys.argv[1], sys.argv[2], collection)
