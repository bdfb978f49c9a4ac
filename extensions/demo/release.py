# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's release: ten components for two architectures, the image that names them, an update graph, and a signature by its own key."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.extensions.demo.images import DOCKER, MIB, Image, index, layer, single
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files

VERSIONS = ("4.99.1", "4.99.2")
CHANNEL = "stable-4.99"
PAYLOADS = "demo/release"
CONTENT = "demo/release-content"
BASE = "demo/base"
PROGRAMS = {"cli": "oc", "installer": "openshift-install"}
COMPONENTS = ("apiserver", "cli", "console", "dns", "etcd", "ingress", "installer", "machine-config", "monitoring", "scheduler")


def release_images(registry: str) -> tuple[dict[str, Image], list[Image]]:
    """The release images by version, and all images in the order in which they are pushed.

    registry: host:port, which a release names its components with.
    """
    base = {architecture: layer(f"release base {architecture}", MIB) for architecture in ("amd64", "arm64")}
    everything = [index(BASE, "latest", [single(BASE, "", [content], DOCKER, name) for name, content in base.items()], DOCKER)]
    payloads: dict[str, Image] = {}
    for version in VERSIONS:
        components = {name: _component(name, version, base) for name in COMPONENTS}
        manifests = _tar(_documents(version, {name: f"{registry}/{CONTENT}@{image.digest}" for name, image in components.items()}))
        instances = [single(PAYLOADS, "", [content, manifests], DOCKER, name) for name, content in base.items()]
        payloads[version] = index(PAYLOADS, version, instances, DOCKER)
        everything += [*components.values(), payloads[version]]
    return payloads, everything


def _component(name: str, version: str, base: Mapping[str, bytes]) -> Image:
    # Half of the components stay as they are between the two releases, as with real ones.
    seed = f"{name} {version if name < 'etcd' else VERSIONS[0]}"
    instances = [
        single(CONTENT, "", [content, _content(name, f"{seed} {architecture}", architecture)], DOCKER, architecture)
        for architecture, content in base.items()
    ]
    return index(CONTENT, "", instances, DOCKER)


def _content(name: str, seed: str, architecture: str) -> bytes:
    """A component's own layer: two of them have a program, as in real releases."""
    if name not in PROGRAMS:
        return layer(seed, MIB // 4)
    program = PROGRAMS[name]
    script = f"#!/bin/sh\necho {program} for {architecture}\nexit\n".encode("ascii")
    # The room in which it is told its release image and version.
    rooms = b"".join(b"\x00_RELEASE_%s_LOCATION_\x00" % what + b"X" * 280 + b"\x00" for what in (b"IMAGE", b"VERSION"))
    return _tar({f"usr/bin/{program}": script + rooms + layer(seed, MIB // 4)})


def _documents(version: str, references: Mapping[str, str]) -> dict[str, bytes]:
    tags = [{"name": name, "from": {"kind": "DockerImage", "name": reference}} for name, reference in sorted(references.items())]
    stream = {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": version}, "spec": {"tags": tags}}
    metadata = {"kind": "cincinnati-metadata-v0", "version": version}
    return {"release-manifests/image-references": _json(stream), "release-manifests/release-metadata": _json(metadata)}


def write_services(registry: str, payloads: Mapping[str, Image], folder: str) -> dict[str, Any]:
    """What the internet has for a real release, as files: update graph, signatures, key, graph data.  Returns the role's variables."""
    key = os.path.join(folder, "key.asc")
    store = os.path.join(folder, "signatures")
    files.write_json(os.path.join(folder, "graph.json"), _graph(registry, payloads))
    data = _tar({"version": b"1.1.0\n", f"channels/{CHANNEL}.yaml": _json({"name": CHANNEL})})
    files.write(os.path.join(folder, "graph-data.tar.gz"), gzip.compress(data, mtime=0))
    signed = _sign(registry, payloads, store, key)
    return {
        "mirror_graph_file": os.path.join(folder, "graph.json"),
        "mirror_graph_data": os.path.join(folder, "graph-data.tar.gz"),
        "mirror_graph_base": f"{registry}/{BASE}:latest",
        "mirror_release_signatures": "require" if signed else "off",
        "mirror_release_signature_urls": [f"file://{store}/"],
        "mirror_release_signature_keys": [key] if signed else [],
    }


def _graph(registry: str, payloads: Mapping[str, Image]) -> dict[str, Any]:
    nodes = [
        {
            "version": version,
            "payload": f"{registry}/{PAYLOADS}@{image.digest}",
            "metadata": {"io.openshift.upgrades.graph.release.channels": CHANNEL},
        }
        for version, image in payloads.items()
    ]
    return {"version": 1, "nodes": nodes, "edges": [[0, 1]], "conditionalEdges": []}


def _sign(registry: str, payloads: Mapping[str, Image], store: str, key: str) -> bool:
    """Says whether there are signatures: only where gpg is installed.  Those of an earlier demo are kept."""
    paths = {version: os.path.join(store, image.digest.replace(":", "="), "signature-1") for version, image in payloads.items()}
    if all(os.path.isfile(path) for path in (key, *paths.values())):
        return True
    if shutil.which("gpg") is None:
        return False
    # Sockets of the agent need a short path.
    home = tempfile.mkdtemp(prefix="demo-")
    try:
        _gpg(home, "--quick-gen-key", "Demo <demo@example.com>", "ed25519", "sign", "never")
        for version, path in paths.items():
            files.write(path, _gpg(home, "--sign", content=_claim(f"{registry}/{PAYLOADS}:{version}-multi", payloads[version].digest)))
        files.write(key, _gpg(home, "--armor", "--export"))
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
    return True


def _claim(identity: str, digest: str) -> bytes:
    critical = {
        "image": {"docker-manifest-digest": digest},
        "type": "atomic container signature",
        "identity": {"docker-reference": identity},
    }
    return _json({"critical": critical, "optional": {"creator": "demo"}})


def _gpg(home: str, *arguments: str, content: bytes = b"") -> bytes:
    command = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *arguments]
    return subprocess.run(command, input=content, check=True, capture_output=True, timeout=60).stdout


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(members.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode("utf-8")
