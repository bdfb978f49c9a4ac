# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Content that a registry has and should not: written again over it, or removed first and then written.

A push does not mend it, for a push believes what the registry says it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, MirrorError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.content import Content, ManifestReader
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stream import ReadFailed, Stream
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import CORRUPT, CORRUPT_BLOB, REWRITABLE, Finding

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Removal:
    """What is taken out of one repository before it is written again.

    manifests: what points first.  blobs: after all manifests that name them.
    """

    repository: str
    manifests: tuple[Digest, ...]
    blobs: tuple[Digest, ...]

    def lines(self) -> list[str]:
        named = [("manifest", digest) for digest in self.manifests] + [("blob", digest) for digest in self.blobs]
        return [f"{kind} {self.repository}@{digest}" for kind, digest in named]


class Rewriting:
    """The images that findings harm, from where they come from (`source`) over what the destination has.

    stop: anything with `is_set()`.  failures: one for each image that could not be written.
    blobs, size: how many were written, and their bytes.
    """

    def __init__(
        self,
        placed: Sequence[PlacedImage],
        findings: Iterable[Finding],
        source: Store,
        destination: Store,
        reader: ManifestReader,
        stop: Any,
    ) -> None:
        self._placed = placed
        self._source = source
        self._destination = destination
        self._reader = reader
        self._stop = stop
        self._buffer = memoryview(bytearray(_CHUNK))
        self._findings = tuple(finding for finding in findings if finding.kind in REWRITABLE)
        self._tags: dict[tuple[str, Digest], set[str]] = {}
        self.failures: list[Failure] = []
        self.blobs = 0
        self.size = 0

    def write(self) -> None:
        """Blobs that are wrong, then the manifests from the innermost to the image's own, then its tags."""
        for entry in self._harmed():
            self._guarded(entry, self._write)

    def removals(self) -> tuple[Removal, ...]:
        """What `remove` would take away: corrupt blobs, the manifests that lead to them, and corrupt manifests with those above them."""
        manifests: dict[str, dict[Digest, None]] = {}
        blobs: dict[str, dict[Digest, None]] = {}
        for entry in self._harmed(CORRUPT):
            names = self._names(entry)
            found = [manifest for manifest in self._manifests(entry) if self._leads_to(manifest, names)]
            manifests.setdefault(entry.repository, {}).update((manifest.digest, None) for manifest in reversed(found))
        for finding in self._findings:
            if finding.kind == CORRUPT_BLOB:
                blobs.setdefault(finding.repository, {})[Digest.parse(finding.name)] = None
        return tuple(Removal(name, tuple(manifests[name]), tuple(blobs.get(name, ()))) for name in sorted(manifests))

    def remove(self) -> None:
        """Everything before anything is written again, for a registry that keeps a blob once gives it up with its last user."""
        removals = self.removals()
        for removal in removals:
            self._remember_tags(removal)
        for removal in removals:
            for digest in removal.manifests:
                self._drop(self._destination.delete_manifest, removal.repository, digest)
        for removal in removals:
            for digest in removal.blobs:
                self._drop(self._destination.delete_blob, removal.repository, digest)

    def _harmed(self, kinds: Iterable[str] = REWRITABLE) -> list[PlacedImage]:
        places = {(finding.repository, origin) for finding in self._findings if finding.kind in kinds for origin in finding.origins}
        return [entry for entry in self._placed if (entry.repository, entry.image.origin) in places]

    def _names(self, entry: PlacedImage) -> set[str]:
        found = {
            finding.name for finding in self._findings if finding.repository == entry.repository and entry.image.origin in finding.origins
        }
        # A tag leads to the image's own manifest.
        return found | ({str(entry.digest)} if found.intersection(entry.tags) else set())

    def _manifests(self, entry: PlacedImage) -> list[Manifest]:
        return [self._reader.read(entry.image.source, digest) for digest in self._reader.content(entry).manifests]

    @staticmethod
    def _leads_to(manifest: Manifest, names: set[str]) -> bool:
        """Adds the manifest to the names when it is one or names one: what points to it leads there too."""
        leads = manifest.digest in names or any(below.digest in names for below in (*manifest.blobs, *manifest.children))
        if leads:
            names.add(manifest.digest)
        return leads

    def _remember_tags(self, removal: Removal) -> None:
        """A manifest goes with all its tags, those of others among them."""
        for tag in self._destination.tags(removal.repository) or ():
            try:
                found = self._destination.find_manifest(removal.repository, tag)
            except Cancelled:
                raise
            except MirrorError:
                continue
            if found is not None and found.digest in removal.manifests:
                self._tags.setdefault((removal.repository, found.digest), set()).add(tag)

    @staticmethod
    def _drop(delete: Any, repository: str, digest: Digest) -> None:
        """What is gone, or what only the registry's own garbage collection takes away, is no failure: reading tells what became of it."""
        try:
            delete(repository, digest)
        except (NotFound, Unsupported):
            return

    def _guarded(self, entry: PlacedImage, task: Any) -> None:
        if self._stop.is_set():
            return
        try:
            task(entry)
        except Cancelled:
            return
        except ReadFailed as failed:
            self._fail(entry, failed.error)
        except MirrorError as error:
            self._fail(entry, error)

    def _fail(self, entry: PlacedImage, error: MirrorError) -> None:
        self.failures.append(Failure.of(error, entry.image.origin, entry.category, entry.image.why))

    def _write(self, entry: PlacedImage) -> None:
        content = self._reader.content(entry)
        names = self._names(entry)
        self._write_blobs(entry, content, names)
        for manifest in self._manifests(entry):
            self._destination.put_manifest(entry.repository, manifest)
            tags = self._tags.get((entry.repository, manifest.digest), set())
            for tag in sorted(tags.union(entry.tags) if manifest.digest == entry.digest else tags):
                self._destination.put_manifest(entry.repository, manifest, tag)

    def _write_blobs(self, entry: PlacedImage, content: Content, names: set[str]) -> None:
        for blob in content.blobs:
            if blob.digest in names or not self._is_there(entry.repository, blob):
                writer = self._destination.replace_blob(entry.repository, blob)
                Stream(self._source, entry.image.source, blob, self._buffer, self._stop, lambda count: None).pour(writer)
                self.blobs += 1
                self.size += blob.size

    def _is_there(self, repository: str, blob: Descriptor) -> bool:
        """What lies below a manifest that could not be read was not looked at."""
        try:
            return self._destination.blob_size(repository, blob) == blob.size
        except Cancelled:
            raise
        except MirrorError:
            return False


def lines(removals: Iterable[Removal]) -> tuple[str, ...]:
    """One for each thing that goes."""
    return tuple(line for removal in removals for line in removal.lines())
