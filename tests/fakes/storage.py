# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a distribution registry, to fill one with thousands of images and to look into one, without requests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest


class DistributionStorage:
    """folder: the registry's root directory."""

    def __init__(self, folder: str) -> None:
        self._root = os.path.join(folder, "docker", "registry", "v2")

    def put_blob(self, repository: str, digest: str, content: bytes) -> None:
        self._write(self._blob(digest), content)
        self._link(digest, repository, "_layers", *digest.split(":"))

    def put_manifest(self, repository: str, content: bytes, tag: str = "") -> None:
        digest = Digest.of(content)
        self._write(self._blob(digest), content)
        self._link(digest, repository, "_manifests", "revisions", *digest.split(":"))
        if tag:
            self._link(digest, repository, "_manifests", "tags", tag, "current")
            self._link(digest, repository, "_manifests", "tags", tag, "index", *digest.split(":"))

    def drop_manifest(self, repository: str, digest: str) -> None:
        os.unlink(self._link_path(repository, "_manifests", "revisions", *digest.split(":")))

    def tag(self, repository: str, tag: str) -> str:
        """The digest that a tag means; empty for none."""
        try:
            with open(self._link_path(repository, "_manifests", "tags", tag, "current"), encoding="ascii") as file:
                return file.read()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""

    def missing(self, repository: str, digest: str) -> list[str]:
        """What an image lacks in a repository to be whole: digests of manifests and blobs."""
        if not os.path.exists(self._link_path(repository, "_manifests", "revisions", *digest.split(":"))):
            return [digest]
        with open(self._blob(digest), "rb") as file:
            document = json.load(file)
        lacking = [missed for child in document.get("manifests", ()) for missed in self.missing(repository, child["digest"])]
        for blob in [document["config"], *document["layers"]] if "layers" in document else ():
            linked = os.path.exists(self._link_path(repository, "_layers", *blob["digest"].split(":")))
            if not linked or os.path.getsize(self._blob(blob["digest"])) != blob["size"]:
                lacking.append(blob["digest"])
        return lacking

    def wrong(self, repository: str, digest: str, tags: Iterable[str], level: str) -> set[str]:
        """What of an image a client could not pull, by reading the files alone: tags, and digests of manifests and blobs.

        level: `manifests`, `blobs` (that each is there in its length) or `content` (each byte), as `mirror_verify` has them.
        What a manifest leads to is known only while its bytes are right.
        """
        found = {tag for tag in tags if self.tag(repository, tag) != digest}
        content = self._served(repository, digest, "_manifests", "revisions")
        if content is None or Digest.of(content) != digest:
            return {*found, digest}
        document = json.loads(content)
        for child in document.get("manifests", ()):
            found |= self.wrong(repository, child["digest"], (), level)
        for blob in [document["config"], *document["layers"]] if "layers" in document and level != "manifests" else ():
            content = self._served(repository, blob["digest"], "_layers")
            same = content is not None and len(content) == blob["size"]
            if not same or (level == "content" and Digest.of(content) != blob["digest"]):
                found.add(blob["digest"])
        return found

    def lists(self, repository: str, subject: str, digest: str) -> bool:
        """Whether the index under a subject's fallback tag, whole, names a referrer."""
        index = self.tag(repository, subject.replace(":", "-"))
        content = self._served(repository, index, "_manifests", "revisions") if index else None
        if content is None or Digest.of(content) != index:
            return False
        return any(entry["digest"] == digest for entry in json.loads(content)["manifests"])

    def _served(self, repository: str, digest: str, *kind: str) -> bytes | None:
        """The bytes that a link of a repository leads to; None for none."""
        try:
            with open(self._link_path(repository, *kind, *digest.split(":")), encoding="ascii") as file:
                linked = file.read()
            with open(self._blob(linked), "rb") as data:
                return data.read()
        except (OSError, UnicodeDecodeError):
            return None

    def _blob(self, digest: str) -> str:
        algorithm, _colon, encoded = digest.partition(":")
        return os.path.join(self._root, "blobs", algorithm, encoded[:2], encoded, "data")

    def _link_path(self, repository: str, *parts: str) -> str:
        return os.path.join(self._root, "repositories", repository, *parts, "link")

    def _link(self, digest: str, repository: str, *parts: str) -> None:
        self._write(self._link_path(repository, *parts), digest.encode("ascii"))

    @staticmethod
    def _write(path: str, content: bytes) -> None:
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
