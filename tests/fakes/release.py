# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small release of our own making: components, a payload that names them, a key that signs it.

release = build("4.14.1", "multi", host=registry.host)
for repository, built in release.images():
    images.put(built, registry.content, repository)
key = SigningKey()
message = key.sign(claim(release.digest, release.identity))
"""

from __future__ import annotations

import glob
import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.images import BuiltImage

COMPONENTS = (
    "apiserver",
    "cli",
    "cluster-version-operator",
    "console",
    "coredns",
    "etcd",
    "machine-config-operator",
    "must-gather",
    "oauth-proxy",
    "tools",
)
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x", "multi": "multi"}
MULTI = ("linux/amd64", "linux/arm64")
FOLDER = "openshift-release-dev"


@dataclass(frozen=True)
class FakeRelease:
    """payload: image or index.  components: by name.  host: of the registry that the references name."""

    version: str
    architecture: str
    host: str
    payload: BuiltImage
    components: Mapping[str, BuiltImage] = field(repr=False)

    @property
    def repository(self) -> str:
        """Of the payload, below the host."""
        return f"{FOLDER}/ocp-release"

    @property
    def content_repository(self) -> str:
        return f"{FOLDER}/ocp-v4.0-art-dev"

    @property
    def digest(self) -> Digest:
        return self.payload.digest

    @property
    def reference(self) -> str:
        """As the update service names it."""
        return f"{self.host}/{self.repository}@{self.digest}"

    @property
    def tag(self) -> str:
        return f"{self.version}-{ARCHITECTURES[self.architecture]}"

    @property
    def identity(self) -> str:
        """As it is signed."""
        return f"{self.host}/{self.repository}:{self.tag}"

    def images(self) -> Iterator[tuple[str, BuiltImage]]:
        """Every image with its repository below the host, the payload last."""
        for built in self.components.values():
            yield self.content_repository, built
        yield self.repository, self.payload


def build(
    version: str = "4.14.1",
    architecture: str = "amd64",
    host: str = "quay.io",
    names: Sequence[str] = COMPONENTS,
    boot_images: Mapping[str, str] | None = None,
    kind: str = images.DOCKER,
    previous: Sequence[str] = (),
) -> FakeRelease:
    """boot_images: KubeVirt container's reference by architecture, as the boot image list spells it (`x86_64`).

    previous: versions that update to it.
    """
    platforms = MULTI if architecture == "multi" else (f"linux/{architecture}",)
    base = images.layer("release base")
    components: dict[str, BuiltImage] = {}
    for name in names:
        instances = [images.image(f"{name} {version}", [base, images.layer(f"{name} {version} {each}")], kind, each) for each in platforms]
        components[name] = images.index(instances, kind) if architecture == "multi" else instances[0]
    references = {name: f"{host}/{FOLDER}/ocp-v4.0-art-dev@{built.digest}" for name, built in components.items()}
    manifests = documents(version, references, boot_images, previous)
    layers = [images.layer("version operator", 4096), tar_layer(manifests)]
    instances = [images.image(f"payload {version}", layers, kind, each) for each in platforms]
    payload = images.index(instances, kind) if architecture == "multi" else instances[0]
    return FakeRelease(version, architecture, host, payload, components)


def documents(
    version: str, references: Mapping[str, str], boot_images: Mapping[str, str] | None = None, previous: Sequence[str] = ()
) -> dict[str, bytes]:
    """Members of a release's manifest layer, by name."""
    metadata = {"kind": "cincinnati-metadata-v0", "version": version, "previous": list(previous)}
    found = {
        "release-manifests/0000_10_some_operator.yaml": b"kind: Deployment\n",
        "release-manifests/image-references": image_references(version, references),
        "release-manifests/release-metadata": json.dumps(metadata).encode(),
    }
    if boot_images is not None:
        found["release-manifests/0000_50_installer_coreos-bootimages.yaml"] = boot_image_list(boot_images)
    return dict(sorted(found.items()))


def image_references(version: str, references: Mapping[str, str]) -> bytes:
    tags = [{"name": name, "annotations": {}, "from": {"kind": "DockerImage", "name": reference}} for name, reference in references.items()]
    document = {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": version}, "spec": {"tags": tags}}
    return json.dumps(document, indent=2).encode()


def boot_image_list(references: Mapping[str, str]) -> bytes:
    """A ConfigMap whose `data.stream` is JSON; architectures without reference have no KubeVirt image."""
    architectures: dict[str, Any] = {key: {} for key in ("x86_64", "aarch64", "ppc64le", "s390x")}
    for key, reference in references.items():
        architectures[key] = {"images": {"kubevirt": {"release": "1", "image": "x/y:z", "digest-ref": reference}}}
    stream = json.dumps({"stream": "rhcos", "architectures": architectures}, indent=2)
    lines = "".join(f"    {line}\n" for line in stream.splitlines())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coreos-bootimages\ndata:\n  stream: |\n{lines}".encode()


def tar_layer(members: Mapping[str, bytes | None], compress: bool = True) -> bytes:
    """A layer with these files; None for a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o644
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content or b""))
    return gzip.compress(buffer.getvalue(), 1, mtime=0) if compress else buffer.getvalue()


def claim(digest: str, identity: str, **critical: Any) -> bytes:
    """A container signature's JSON; further arguments replace members of `critical`."""
    members = {
        "image": {"docker-manifest-digest": digest},
        "type": "atomic container signature",
        "identity": {"docker-reference": identity},
    }
    members.update(critical)
    return json.dumps({"critical": members, "optional": {"creator": "test", "timestamp": 1}}).encode()


def signature_path(digest: str, number: int = 1) -> str:
    """Below a signature store."""
    return f"{digest.replace(':', '=')}/signature-{number}"


class SigningKey:
    """A key that exists for a test.  expires: such as `1d`, counted from `since` (GnuPG's time form)."""

    def __init__(self, name: str = "Release", expires: str = "never", since: str = "") -> None:
        self._home = tempfile.mkdtemp(prefix="key-")
        self._since = since
        self._name = f"{name} <{name.lower()}@example.com>"
        self.run("--quick-gen-key", self._name, "ed25519", "sign", expires)

    @property
    def home(self) -> str:
        """For other programs that sign with it."""
        return self._home

    @property
    def public(self) -> bytes:
        """Armoured."""
        return self.run("--armor", "--export")

    def sign(self, content: bytes, *options: str) -> bytes:
        return self.run(*options, "--sign", content=content)

    def revoked(self) -> bytes:
        """The public key with the certificate that revokes it."""
        for path in glob.glob(os.path.join(self._home, "openpgp-revocs.d", "*.rev")):
            with open(path, "rb") as file:
                # A colon keeps the prepared certificate from being used by mistake.
                self.run("--import", content=file.read().replace(b"\n:-----", b"\n-----"))
        return self.run("--export")

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(self._home, ignore_errors=True)

    def run(self, *arguments: str, content: bytes = b"") -> bytes:
        """What gpg answers to a command with this key's home."""
        command: list[str] = ["gpg", "--homedir", self._home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        if self._since:
            command += ["--faked-system-time", self._since]
        return subprocess.run(command + list(arguments), input=content, check=True, capture_output=True, timeout=60).stdout
