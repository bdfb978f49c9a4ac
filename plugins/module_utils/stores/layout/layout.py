# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""OCI image layouts: a directory with `oci-layout`, `index.json` and `blobs/<algorithm>/<hex>` (image-layout.md).

Names are the `org.opencontainers.image.ref.name` annotations of `index.json`: a tag alone (`1.0`), or a full
reference (`quay.io/team/app:1.0`).  A repository is the part before the tag; the empty one has names without it.
"""

from __future__ import annotations

import glob
import os
import threading
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError, NotFound, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import MAX_SIZE, Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.blob import FileReader, FileWriter, open_file, read_file
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.index import LayoutIndex, entry_name
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter, Capabilities, Store


class LayoutStore(Store):
    """path: the layout's directory.  The first write makes it when it is not there.

    One process may write at a time (whoever writes holds the workspace); its threads may write together.
    The reference "" asks for the layout's only image, whatever its name is (mirroring 2.1, P8).
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = f"oci://{path}"
        self.capabilities = Capabilities(tags=True, delete=True, referrers=True)
        self._index = LayoutIndex(path)
        self._lock = threading.Lock()

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        subject = f"{self.name}:{reference}" if reference else self.name
        if ":" in reference:
            return self._manifest(Digest.parse(reference), "", subject)
        entry = self._sole(subject) if not reference else self._index.named(repository, reference)
        if entry is None:
            return self._own(subject)
        return self._manifest(Digest.parse(entry.get("digest")), str(entry.get("mediaType") or ""), subject)

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        return FileReader(open_file(self._file(blob.digest), blob.size, str(blob.digest)), offset)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return self._index.tags(repository)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        found: dict[Digest, Descriptor] = {}
        for manifest in self._roots():
            if manifest.subject is not None and manifest.subject.digest == digest:
                found[manifest.digest] = replace(manifest.descriptor(), annotations=manifest.annotations)
        try:
            fallback = self._index.named(repository, f"{digest.algorithm}-{digest.hex}")
        except NotFound:
            fallback = None
        if fallback is not None:
            listed = self._manifest(Digest.parse(fallback.get("digest")), "", self.name).children
            found.update((child.digest, child) for child in listed)
        return tuple(found[each] for each in sorted(found))

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return {digest for digest in digests if os.path.isfile(self._file(digest))}

    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        path = self._file(blob.digest)
        try:
            if os.stat(path).st_size == blob.size:
                return None
        except OSError:
            pass
        self._index.create()
        return FileWriter(path, blob)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        """Without a tag it is listed in `index.json` as long as nothing else there leads to it."""
        self._index.create()
        present = os.path.isfile(self._file(manifest.digest))
        if not present:
            writer = FileWriter(self._file(manifest.digest), manifest.descriptor())
            writer.write(memoryview(manifest.content))
            writer.commit()
        entry: dict[str, Any] = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": manifest.size}
        if manifest.artifact_type and manifest.subject is not None:
            entry["artifactType"] = manifest.artifact_type
        with self._lock:
            if not tag and present and manifest.digest in self._reachable():
                return
            self._index.put(entry, entry_name(repository, tag), [child.digest for child in manifest.children])
        self._index.save()

    def delete_manifest(self, repository: str, digest: Digest) -> None:
        """Its names go, and its bytes when nothing that is left points to them; layers stay."""
        with self._lock:
            removed = self._index.remove(repository, digest)
            self._index.save()
            if not removed and not os.path.isfile(self._file(digest)):
                raise NotFound(f"{self.name} does not hold {digest}", subject=f"{self.name}@{digest}")
            if digest not in self._reachable():
                try:
                    os.unlink(self._file(digest))
                except FileNotFoundError:
                    pass
                except OSError as error:
                    raise StorageError(f"cannot remove {self._file(digest)}: {error.strerror}", subject=self.path) from error

    def keep_only(self, root: Manifest, tag: str, digests: AbstractSet[Digest]) -> None:
        """Lists one manifest, whose content is there, in the place of all others, and then removes all files but these."""
        self._index.replace({"mediaType": root.media_type, "digest": root.digest, "size": root.size}, tag)
        kept = {self._file(digest) for digest in digests}
        for path in glob.iglob(os.path.join(glob.escape(self.path), "blobs", "*", "*")):
            if path not in kept:
                # What is left is in nobody's way.
                with suppress(OSError):
                    os.unlink(path)

    def _file(self, digest: Digest) -> str:
        return os.path.join(self.path, "blobs", digest.algorithm, digest.hex)

    def _manifest(self, digest: Digest, media_type: str, subject: str) -> Manifest:
        try:
            content = read_file(self._file(digest), MAX_SIZE, subject)
        except NotFound:
            own = self._index.content()
            if own is not None and Digest.of(own) == digest:
                return Manifest.parse(own, digest=digest, subject=subject)
            raise
        return Manifest.parse(content, media_type, digest, subject)

    def _own(self, subject: str) -> Manifest:
        """`index.json` as the image's own index: it lists instances, and no images by name."""
        return Manifest.parse(self._index.content() or b"", subject=subject)

    def _sole(self, subject: str) -> dict[str, Any] | None:
        """The entry of the only image; None when `index.json` itself is that image's index.

        What is attached to other manifests counts as no image.  Raises NotFound, InputError (there are several).
        """
        entries = self._index.entries()
        by_digest = {str(entry.get("digest")): entry for entry in entries}
        if len(by_digest) > 1 and self._index.lists_instances():
            return None
        if len(by_digest) > 1:
            by_digest = {digest: entry for digest, entry in by_digest.items() if not self._attached(entry)}
        if not by_digest:
            raise NotFound("the layout holds no image", subject=subject)
        if len(by_digest) > 1:
            names = ", ".join(sorted(self._index.names())[:10]) or "none"
            raise InputError(
                f"the layout holds {len(by_digest)} images, and none is named",
                subject=subject,
                advice=f"Name one of them; the names are: {names}.",
            )
        return next(iter(by_digest.values()))

    def _attached(self, entry: dict[str, Any]) -> bool:
        if self._index.is_attachment(entry):
            return True
        return self._manifest(Digest.parse(entry.get("digest")), str(entry.get("mediaType") or ""), self.name).subject is not None

    def _roots(self) -> list[Manifest]:
        """What `index.json` lists; what is missing or none of ours is left out."""
        found = []
        for digest in dict.fromkeys(str(entry.get("digest")) for entry in self._index.entries()):
            try:
                found.append(self._manifest(Digest.parse(digest), "", self.name))
            except MirrorError:
                continue
        return found

    def _reachable(self) -> set[Digest]:
        """Digests of all manifests that `index.json` leads to."""
        found: set[Digest] = set()
        waiting = self._roots()
        while waiting:
            manifest = waiting.pop()
            if manifest.digest in found:
                continue
            found.add(manifest.digest)
            for child in manifest.children:
                try:
                    waiting.append(self._manifest(child.digest, child.media_type, self.name))
                except MirrorError:
                    continue
        return found
