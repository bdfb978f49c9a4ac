# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The store: one interface for content, wherever it lies (design, sections 3 and 4).

A registry, an OCI layout, an archive and "all the places on the internet" are stores, so that
registry to registry, registry to disk and disk to registry are one operation.

Repositories are named without a leading or trailing slash.  In a registry it is the path
below the host (`openshift/release`); in stores that hold content of many origins
(`upstream`, archives) it is the full name (`quay.io/openshift/release`, or the text
`oci:///path` of a local layout).

All methods may be called from several threads at once.  They raise `MirrorError`s only:
NotFound for an absent object, AccessDenied, Unreachable (after the store's own retries),
RegistryError, StorageError, CorruptContent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest


@dataclass(frozen=True)
class Capabilities:
    """What the engine may ask of a store; asked instead of its type.

    mount: a blob of another repository can be taken over without its bytes.
    tags: names can be given to manifests and listed.
    delete: manifests can be deleted (None: only trying will tell).
    referrers: the referrers API answers (None: not known yet).
    """

    mount: bool = False
    tags: bool = True
    delete: bool | None = None
    referrers: bool | None = None


class BlobReader(ABC):
    """A blob's bytes from an offset on.  Not shared between threads."""

    @abstractmethod
    def readinto(self, buffer: memoryview) -> int:
        """Fills as much of `buffer` as is there; 0 at the end.

        A broken connection is mended inside (Range from the last byte given out), within the store's retries.
        Raises StorageError, CorruptContent (there is less than was said), and what the network raises after all retries.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives the connection back; may be called early and twice."""


class BlobWriter(ABC):
    """A blob on its way in.  Nothing is visible under its digest before `commit`.

    hashes: `commit` compares with the digest on this machine, so that whoever reads for it need not hash the same bytes.
    """

    hashes = False

    @abstractmethod
    def write(self, chunk: memoryview) -> None:
        """Takes the next bytes.  Raises WriteInterrupted when earlier bytes must be sent again, CorruptContent when there are too many."""

    @abstractmethod
    def commit(self) -> None:
        """All bytes were given; verifies digest and size and publishes.  Raises CorruptContent, WriteInterrupted."""

    @abstractmethod
    def resume(self) -> int:
        """After WriteInterrupted: the offset from which to go on (0: from the start)."""

    @abstractmethod
    def abort(self) -> None:
        """Drops what was written; may be called at any time and twice."""


class WriteInterrupted(Exception):
    """The connection to the destination broke during a write; `resume` tells where to go on."""


class Store(ABC):
    """Content by repository and digest, names by repository and tag."""

    # For messages, such as docker://registry.example.com:5000
    name: str
    capabilities: Capabilities

    @abstractmethod
    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        """By tag or digest; a digest is verified.  Raises NotFound, CorruptContent, Unsupported (too large)."""

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag or digest names; None when it is not there.  Found by reading it, where a store knows no cheaper way.

        Raises CorruptContent.
        """
        try:
            return self.fetch_manifest(repository, reference).descriptor()
        except NotFound:
            return None

    @abstractmethod
    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        """Raises NotFound.  The reader does not verify the digest: whoever reads from offset 0 hashes."""

    @abstractmethod
    def tags(self, repository: str) -> tuple[str, ...] | None:
        """All tags, every page followed; None when the repository does not exist."""

    def some_tags(self, repository: str, most: int) -> tuple[tuple[str, ...], bool]:
        """Tags, and whether these are all: no further page is asked for once `most` are known."""
        return self.tags(repository) or (), True

    def capabilities_of(self, repository: str) -> Capabilities:
        """Of the place that answers for a repository; stores of many places know more by that than `capabilities` says."""
        return self.capabilities

    @abstractmethod
    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        """Manifests whose subject is `digest`, by the API or its tag fallback (OCI distribution specification)."""

    @abstractmethod
    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        """Which of these blobs the repository holds; costs up to one request each."""

    def blob_size(self, repository: str, blob: Descriptor) -> int | None:
        """How many bytes the repository has under a blob's digest, as far as the store says; None for no such blob."""
        return blob.size if self.blobs_present(repository, [blob.digest]) else None

    @abstractmethod
    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        """Begins to write a blob; None when the repository has it now.

        mount_from: a repository of this store that holds it; tried first where mounting is supported.
        Raises Unsupported (the store is only read), CorruptContent and Incompatible (it is not what was announced).
        """

    def replace_blob(self, repository: str, blob: Descriptor) -> BlobWriter:
        """Begins to write a blob that the repository says it has.  What it keeps then, the old bytes or the new, only reading tells.

        Raises Unsupported.
        """
        raise Unsupported("this store does not accept again what it has", subject=repository or self.name)

    @abstractmethod
    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        """Publishes bytes unchanged under their digest, and under `tag` when given.

        All that it points to must be there before.  A manifest with a subject is made findable among its referrers.
        Raises Unsupported (the store is only read), CorruptContent (it is kept under another digest).
        """

    @abstractmethod
    def delete_manifest(self, repository: str, digest: Digest) -> None:
        """Raises NotFound, Unsupported (the store does not delete), AccessDenied, StorageError."""

    def delete_tag(self, repository: str, tag: str) -> None:
        """Takes a name away, and leaves what it names.  Raises NotFound, Unsupported (the store does not do that), AccessDenied."""
        raise Unsupported("this store does not delete tags", subject=repository or self.name)

    def delete_blob(self, repository: str, digest: Digest) -> None:
        """Takes a blob out of a repository.  Raises NotFound, Unsupported (the store does not do that), AccessDenied."""
        raise Unsupported("this store does not delete blobs", subject=repository or self.name)

    def doubt(self, digest: Digest) -> None:
        """What was read under a digest is not what it says.  Stores of several places read it elsewhere from now on."""

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests sent so far, by method; empty for stores that send none."""
        return {}

    @property
    def retries(self) -> int:
        """Requests that were made again so far."""
        return 0

    def cancel(self) -> None:
        """Ends waiting between retries, from any thread; what is begun from now on raises Cancelled."""

    def close(self) -> None:
        """Gives back connections and files."""
