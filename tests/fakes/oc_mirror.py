# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives as both versions of oc-mirror write them, made of our own small images.

site = V1Site(uid)
folder = site.archive(tmp_path / "a", {"registry.example.com/team/app:1": app})      # sequence 1, then 2 ...
write_v2(tmp_path / "b", configuration, {"registry.example.com/team/app:1": app})
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any, Union

from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.content import Content
from ansible_collections.disconnected.mirror.tests.fakes.images import BuiltImage

# Bytes of a file, or the target of a symbolic link.
Member = tuple[str, Union[bytes, str]]
UID = "1b4f0e98-51bb-4ba1-9b4e-123456789abc"


def write_tar(path: str, members: Iterable[Member]) -> str:
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
    return path


class V1Site:
    """What one workspace of oc-mirror v1 has written so far.  single: it keeps no metadata, so that each archive is the first."""

    def __init__(self, uid: str = UID, single: bool = False) -> None:
        self.uid, self.single = uid, single
        self.sequence = 0
        # Whether the metadata states the whole set.
        self.stated = True
        self.past: list[dict[str, Any]] = []
        self.new: list[dict[str, Any]] = []
        self._shipped: set[str] = set()

    def archive(self, folder: Any, wanted: Mapping[str, BuiltImage], extra: Iterable[Member] = (), size: int = 0) -> str:
        """wanted: by reference with a tag.  extra: further members.  size: of the parts in bytes, 0 for one part."""
        os.makedirs(str(folder), exist_ok=True)
        self.sequence += 1
        known = {record["name"] for record in self.past}
        self.past = [record for name, built in wanted.items() for record in associations(name, built)]
        # A run brings what none before it had brought; the rest of the set is in its metadata alone (4.3 B3).
        wanted = {name: built for name, built in wanted.items() if associations(name, built)[0]["name"] not in known}
        self.new = [record for name, built in wanted.items() for record in associations(name, built)]
        blobs: list[Member] = []
        for built in wanted.values():
            for digest, blob in built.all_blobs().items():
                if digest not in self._shipped:
                    self._shipped.add(digest)
                    blobs.append((f"blobs/{digest}", blob))
        members = [*_v1_manifests(wanted), ("charts/.keep", b""), *blobs, *extra]
        for number, part in enumerate(_parts(members, size)):
            head: list[Member] = [("publish/.metadata.json", self.metadata())] if number == 0 else []
            write_tar(os.path.join(str(folder), f"mirror_seq{self.sequence}_{number:06d}.tar"), [*head, *part])
        return str(folder)

    def metadata(self, mirror: Any = None) -> bytes:
        run = {"timestamp": 1_660_000_000 + self.sequence, "sequence": self.sequence, "mirror": mirror or {}, "associations": self.new}
        document = {
            "kind": "Metadata",
            "apiVersion": "mirror.openshift.io/v1alpha2",
            "uid": self.uid,
            "singleUse": self.single,
            "pastMirror": run,
            "pastAssociations": self.past if self.stated else [],
        }
        return json.dumps(document).encode("utf-8")

    def record_at(self, content: Content, repository: str = "ns/oc-mirror", tag: str = "") -> None:
        """Puts the metadata's image into a registry, as a run of v1 does after loading."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            info = tarfile.TarInfo("publish/.metadata.json")
            info.size = len(self.metadata())
            tar.addfile(info, io.BytesIO(self.metadata()))
        built = images.image("metadata", [images.gzip.compress(buffer.getvalue(), mtime=0)], images.DOCKER)
        images.put(built, content, repository, tag or self.uid)


def associations(name: str, built: BuiltImage, tag: bool = True) -> list[dict[str, Any]]:
    """The flat records of an image and of all below it."""
    repository, _colon, named = name.rpartition(":")
    path = repository.split("/", 1)[1]
    record: dict[str, Any] = {
        "name": f"{repository}@{built.digest}" if tag else built.digest,
        "path": path,
        "id": built.digest,
        "tagSymlink": named if tag else "",
        "type": "generic",
    }
    if built.children:
        record["manifestDigests"] = [child.digest for child in built.children]
        return [record, *(each for child in built.children for each in associations(name, child, tag=False))]
    document = built.document()
    record["layerDigests"] = [layer["digest"] for layer in document["layers"]] + [document["config"]["digest"]]
    return [record]


def _v1_manifests(wanted: Mapping[str, BuiltImage]) -> list[Member]:
    members: dict[str, bytes | str] = {}
    for name, built in wanted.items():
        repository, _colon, tag = name.rpartition(":")
        folder = f"v2/{repository.split('/', 1)[1]}/manifests"
        members.update({f"{folder}/{each.digest}": each.content for each in built.everything()})
        members[f"{folder}/{tag}"] = str(built.digest)
    return list(members.items())


def write_v2(
    folder: Any, configuration: Mapping[str, Any], wanted: Mapping[str, BuiltImage], known: Iterable[str] = (), extra: Iterable[Member] = ()
) -> str:
    """An archive of v2.  wanted: by reference with a tag.  known: digests that its history has, which are left out."""
    os.makedirs(str(folder), exist_ok=True)
    root, left_out = "docker/registry/v2", set(known)
    members: dict[str, bytes | str] = {}
    for name, built in wanted.items():
        repository, _colon, tag = name.rpartition(":")
        path = f"{root}/repositories/{repository.split('/', 1)[1]}"
        members[f"{path}/_manifests/tags/{tag}/current/link"] = str(built.digest).encode("ascii")
        for each in built.everything():
            members[f"{path}/_manifests/revisions/sha256/{each.digest.hex}/link"] = str(each.digest).encode("ascii")
            members.update({f"{path}/_layers/sha256/{digest[7:]}/link": digest.encode("ascii") for digest in each.blobs})
    for built in wanted.values():
        content = {**{str(each.digest): each.content for each in built.everything()}, **built.all_blobs()}
        for digest, blob in content.items():
            if digest not in left_out:
                members[f"{root}/blobs/sha256/{digest[7:9]}/{digest[7:]}/data"] = blob
    members["working-dir/internal/oc-mirror-version.json"] = b"{}"
    members.update(dict(extra))
    members["isc_2026-01-31T00:00:00Z"] = json.dumps(configuration).encode("utf-8")
    write_tar(os.path.join(str(folder), "mirror_000001.tar"), members.items())
    return str(folder)


def digests(*wanted: BuiltImage) -> set[str]:
    """All that these images are made of, as v2's history lists it."""
    return {str(digest) for built in wanted for digest in (*built.all_blobs(), *(each.digest for each in built.everything()))}


def _parts(members: list[Member], size: int) -> list[list[Member]]:
    parts: list[list[Member]] = [[]]
    used = 0
    for member in members:
        length = len(member[1]) if isinstance(member[1], bytes) else 0
        if size and used + length > size and parts[-1]:
            parts.append([])
            used = 0
        parts[-1].append(member)
        used += length
    return parts
