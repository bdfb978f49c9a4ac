# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs an installed collection again, as ansible-galaxy takes it.

python tests/tools/pack_collection.py .cache/collections awx.awx FOLDER
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile

import yaml

KEPT = ("namespace", "name", "version", "readme", "authors", "license", "tags", "dependencies", "repository")


def pack(collections: str, name: str, folder: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        tree = shutil.copytree(os.path.join(collections, "ansible_collections", *name.split(".")), os.path.join(place, "tree"))
        with open(os.path.join(tree, "MANIFEST.json"), encoding="utf-8") as file:
            known = json.load(file)["collection_info"]
        with open(os.path.join(tree, "galaxy.yml"), "w", encoding="utf-8") as file:
            yaml.safe_dump({key: known[key] for key in KEPT if known.get(key)}, file)
        # They list what it once had, of which not all is installed.
        for name in ("MANIFEST.json", "FILES.json"):
            os.unlink(os.path.join(tree, name))
        program = os.path.join(os.path.dirname(sys.executable), "ansible-galaxy")
        subprocess.run([program, "collection", "build", tree, "--output-path", folder, "--force"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    pack(*sys.argv[1:4])
