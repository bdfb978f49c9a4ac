# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that are compared, as shell commands; a peer takes part where it is installed.

Placeholders: {source} {destination} (host:port), {folder} (scratch that lives through the cold and the unchanged
run), {images} (JSON list), {references} and {repositories} (lines), {yaml} (for skopeo sync), {tls} (flags).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from ansible_collections.disconnected.mirror.tests.fakes.processes import find

ENGINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "engine.py")
_ENGINE = f"{sys.executable} {ENGINE} --images {{images}} --source {{source}} --destination {{destination}} " "--state {folder}/state {tls}"
_SKOPEO = "{skopeo} --insecure-policy copy -q --all --src-tls-verify=false"
_SPREAD = "xargs -P {processes} -I@ "

OURS = "ours"
PINNED = "ours-pinned"
LAYOUT = "ours-layout"

COMMANDS = {
    OURS: _ENGINE,
    PINNED: f"{_ENGINE} --pinned --level fast",
    LAYOUT: f"{_ENGINE} --layout".replace("{destination}", "{folder}/layout"),
    "crane": _SPREAD.replace("{processes}", "4") + "{crane} copy --insecure {source}/@ {destination}/@ < {references}",
    "crane-all": _SPREAD.replace("{processes}", "1") + "{crane} copy --insecure -a -j 8 {source}/@ {destination}/@ < {repositories}",
    "crane-all-4": _SPREAD.replace("{processes}", "4") + "{crane} copy --insecure -a -j 8 {source}/@ {destination}/@ < {repositories}",
    "crane-layout": "xargs {crane} pull --insecure --format=oci < {pulled}",
    "skopeo": (
        _SPREAD.replace("{processes}", "4")
        + f"{_SKOPEO} --dest-tls-verify=false docker://{{source}}/@ docker://{{destination}}/@ < {{references}}"
    ),
    "skopeo-sync": ("{skopeo} --insecure-policy sync --all --src yaml --dest docker --dest-tls-verify=false {yaml} {destination}/bench"),
    "skopeo-layout": (
        _SPREAD.replace("{processes}", "4")
        + f"{_SKOPEO} --dest-shared-blob-dir {{folder}}/blobs docker://{{source}}/@ oci:{{folder}}/@ < {{references}}"
    ),
}


def available(names: Sequence[str]) -> Sequence[str]:
    """Those of these tools whose program is installed."""
    return [name for name in names if name.startswith("ours") or find([name.partition("-")[0]])]


def to_folder(name: str) -> bool:
    return name.endswith("-layout")


class Files:
    """The image list in the forms that the tools take."""

    def __init__(self, work: str, images: Sequence[dict[str, Any]], source: str, tls: bool) -> None:
        self._work = work
        self._source = source
        self._tls = tls
        self._images = images
        repositories = sorted({image["repo"] for image in images})
        self._paths = {
            "images": self._write("images.json", json.dumps({"images": list(images)})),
            "references": self._write("references", "".join(f"{image['repo']}:{image['tag']}\n" for image in images)),
            "repositories": self._write("repositories", "".join(f"{name}\n" for name in repositories)),
            "yaml": self._write("images.yaml", self._yaml(repositories)),
        }

    def command(self, name: str, destination: str, folder: str) -> Sequence[str]:
        os.makedirs(os.path.join(folder, "blobs"), exist_ok=True)
        for repository in {os.path.dirname(image["repo"]) for image in self._images}:
            os.makedirs(os.path.join(folder, repository), exist_ok=True)
        pulled = "".join(f"{self._source}/{image['repo']}:{image['tag']}\n" for image in self._images)
        text = COMMANDS[name].format(
            source=self._source,
            destination=destination,
            folder=folder,
            crane=find(["crane"]),
            skopeo=find(["skopeo"]),
            tls="--tls" if self._tls else "",
            pulled=self._write("pulled", f"{pulled}{folder}/layout\n"),
            **self._paths,
        )
        return ["bash", "-c", f"exec {text}"]

    def _yaml(self, repositories: Sequence[str]) -> str:
        lines = [f"{self._source}:", "  tls-verify: false", "  images:"]
        for repository in repositories:
            tags = ", ".join(f'"{image["tag"]}"' for image in self._images if image["repo"] == repository)
            lines.append(f"    {repository}: [{tags}]")
        return "\n".join(lines) + "\n"

    def _write(self, name: str, text: str) -> str:
        path = os.path.join(self._work, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path
