# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the build context of the execution environment: this tree as a collection, and what ansible-builder adds to the definition.

python extensions/execution_environment/context.py .cache/execution-environment
python extensions/execution_environment/context.py .cache/execution-environment --collection awx-awx-24.6.1.tar.gz

--collection: an archive to install instead of asking Galaxy for that collection; it is named NAMESPACE-NAME-VERSION.tar.gz.
"""

from __future__ import annotations

import argparse
import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = "disconnected-mirror.tar.gz"


def make(folder: str, archives: Sequence[str] = ()) -> str:
    """The context's folder; whatever was in it is gone."""
    definition, context = os.path.join(folder, "definition"), os.path.join(folder, "context")
    for place in (definition, context):
        shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(HERE, definition, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    collections = os.path.join(definition, "collections")
    os.makedirs(collections)
    _run("ansible-galaxy", "collection", "build", ROOT, "--output-path", collections)
    (built,) = glob.glob(os.path.join(collections, "*.tar.gz"))
    os.rename(built, os.path.join(collections, OURS))
    for archive in archives:
        _take(definition, archive)
    _run(
        "ansible-builder",
        "create",
        "--file",
        os.path.join(definition, "execution-environment.yml"),
        "--context",
        context,
        "--output-filename",
        "Containerfile",
    )
    return context


def _take(definition: str, archive: str) -> None:
    shutil.copy(archive, os.path.join(definition, "collections"))
    name = os.path.basename(archive)
    path = os.path.join(definition, "requirements.yml")
    with open(path, encoding="utf-8") as file:
        wanted = yaml.safe_load(file)["collections"]
    replaced = ".".join(name.split("-")[:2])
    others = [each for each in wanted if each["name"] != replaced]
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump({"collections": [*others, {"name": f"/build/collections/{name}", "type": "file"}]}, file)


def _run(program: str, *arguments: str) -> None:
    beside = os.path.join(os.path.dirname(sys.executable), program)
    subprocess.run([beside if os.path.exists(beside) else program, *arguments], check=True, stdin=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--collection", action="append", default=[], metavar="ARCHIVE")
    arguments = parser.parse_args()
    print(make(arguments.folder, arguments.collection))


if __name__ == "__main__":
    main()
