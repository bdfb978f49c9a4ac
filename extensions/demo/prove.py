# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves a mirror with another client: skopeo pulls every image of a plan by its original name, through the
generated mirror sets alone.

    python prove.py results/plan.json results/cluster-resources

The mirror sets become a registries.conf as nodes of a cluster have it.  The sources should be switched off.
Without skopeo nothing is proven: the answer says so, and the status is 3.
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import yaml

# How mirror sets say which references they serve, and how registries.conf does.
KINDS = {
    "ImageDigestMirrorSet": ("imageDigestMirrors", "digest-only"),
    "ImageTagMirrorSet": ("imageTagMirrors", "tag-only"),
}
UNPROVEN = 3


def mirror_sets(folder: str) -> Iterator[tuple[str, str, str]]:
    """Source, mirror and kind of references of every entry."""
    for path in sorted(glob.glob(os.path.join(folder, "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            for document in yaml.safe_load_all(file):
                key, pull = KINDS.get((document or {}).get("kind", ""), ("", ""))
                for entry in (document["spec"][key] if key else ()):
                    for mirror in entry["mirrors"]:
                        yield entry["source"], mirror, pull


def registries_conf(folder: str, insecure: bool = True) -> str:
    """What the machine configuration of a cluster makes of the mirror sets."""
    places: dict[str, list[tuple[str, str]]] = {}
    for source, mirror, pull in mirror_sets(folder):
        places.setdefault(source, []).append((mirror, pull))
    lines: list[str] = []
    for source, mirrors in sorted(places.items()):
        lines += ["[[registry]]", f"prefix = {json.dumps(source)}", f"location = {json.dumps(source)}", ""]
        for mirror, pull in mirrors:
            lines += ["[[registry.mirror]]", f"location = {json.dumps(mirror)}", f"insecure = {json.dumps(insecure)}"]
            lines += [f"pull-from-mirror = {json.dumps(pull)}", ""]
    return "\n".join(lines)


def pull(origin: str, conf: str, folder: str) -> str:
    """Pulls an image with all its instances; returns the digest of what arrived."""
    command = [
        "skopeo",
        "--registries-conf",
        conf,
        "copy",
        "--quiet",
        "--all",
        "--insecure-policy",
        "--preserve-digests",
        f"docker://{origin}",
        f"dir:{folder}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{origin}: {done.stderr.strip()[-500:]}")
    with open(os.path.join(folder, "manifest.json"), "rb") as file:
        return "sha256:" + hashlib.sha256(file.read()).hexdigest()


def images(plan: str) -> list[dict[str, Any]]:
    """The images that clusters ask for by name: attachments are found by their subject, the graph image was made on the way."""
    with open(plan, encoding="utf-8") as file:
        return [image for image in json.load(file)["images"] if not image.get("subject") and image["type"] != "cincinnatiGraph"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan")
    parser.add_argument("resources")
    arguments = parser.parse_args()
    if shutil.which("skopeo") is None:
        print("no other client pulled from the mirrors, for skopeo is not installed here")
        return UNPROVEN
    wanted = images(arguments.plan)
    with tempfile.TemporaryDirectory() as folder:
        conf = os.path.join(folder, "registries.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(registries_conf(arguments.resources))
        for number, image in enumerate(wanted):
            found = pull(image["origin"], conf, os.path.join(folder, str(number)))
            if found != image["digest"]:
                print(f"{image['origin']} arrived as {found}, the plan says {image['digest']}")
                return 1
            shutil.rmtree(os.path.join(folder, str(number)))
    print(f"skopeo pulled {len(wanted)} images by their original names, all digests equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
