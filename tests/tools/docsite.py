# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation site: the pages of all plugins and roles, the guides, and what developers read.  A warning is an error.

python tests/tools/docsite.py FOLDER     # FOLDER/html/index.html opens offline
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COLLECTION = "disconnected.mirror"


def main() -> int:
    folder = os.path.abspath(sys.argv[1])
    source = os.path.join(folder, "rst")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "docs", "docsite", "site"), source)
    shutil.copytree(os.path.join(ROOT, "docs", "dev"), os.path.join(source, "dev"))
    pages = os.path.join(source, "collection")
    os.mkdir(pages)
    layout = ["--use-current", "--squash-hierarchy", "--no-add-antsibull-docs-version", "--fail-on-error"]
    run("antsibull-docs", "collection", *layout, "--dest-dir", pages, COLLECTION)
    run(
        "sphinx-build",
        "-q",
        "-W",
        "--keep-going",
        "-j",
        "auto",
        "-d",
        os.path.join(folder, "doctrees"),
        source,
        os.path.join(folder, "html"),
    )
    return 0


def run(name: str, *arguments: str) -> None:
    """A program of the virtual environment; its own words say what is wrong."""
    done = subprocess.run([os.path.join(os.path.dirname(sys.executable), name), *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
