# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One image at a destination: its tags, its manifest, its instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, CorruptContent, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.instances import MAX_DEPTH, choose
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import (
    CORRUPT_MANIFEST,
    MISSING_INSTANCE,
    MISSING_MANIFEST,
    MISSING_REFERRER,
    MISSING_TAG,
    MOVED_TAG,
    Finding,
    advice,
    unreadable,
)


@dataclass(frozen=True)
class Checked:
    """What was found about one image.  blobs: of its manifests that are there.

    referrer_tags: the tag under which registries without a list of referrers keep it for this image's subject.
    """

    placed: PlacedImage
    findings: tuple[Finding, ...] = ()
    blobs: dict[Digest, Descriptor] = field(default_factory=dict)
    referrer_tags: frozenset[str] = frozenset()


def check_image(placed: PlacedImage, store: Store, tags: frozenset[str] | None) -> Checked:
    """Costs one request for the image, one for each further tag and one for each instance.

    tags: of the repository; None when it does not show them.  Raises what the store raises when it does not answer; what it
    answers about one object is a finding.
    """
    return _Check(placed, store).run(tags)


class _Check:
    def __init__(self, placed: PlacedImage, store: Store) -> None:
        self._placed = placed
        self._store = store
        self._findings: list[Finding] = []
        self._blobs: dict[Digest, Descriptor] = {}

    def run(self, tags: frozenset[str] | None) -> Checked:
        root = self._check_tags(tags)
        root = root if root is not None else self._fetch(self._placed.digest, MISSING_MANIFEST, f"the manifest {self._placed.digest}")
        referrer_tags: frozenset[str] = frozenset()
        if root is not None:
            platforms = [Platform.parse(text) for text in self._placed.image.platforms]
            self._walk(root, platforms, MAX_DEPTH)
            referrer_tags = self._check_reference(root)
        return Checked(self._placed, tuple(self._findings), self._blobs, referrer_tags)

    def _check_tags(self, tags: frozenset[str] | None) -> Manifest | None:
        """The image's manifest when a tag led to it."""
        root: Manifest | None = None
        for tag in self._placed.tags:
            if tags is not None and tag not in tags:
                self._find(MISSING_TAG, tag, f"has no tag {tag}")
                continue
            try:
                named = self._named(tag, root)
            except NotFound:
                self._find(MISSING_TAG, tag, f"has no manifest under the tag {tag}")
                continue
            except CorruptContent:
                self._find(CORRUPT_MANIFEST, tag, f"serves a manifest under the tag {tag} that does not have its digest")
                continue
            except MirrorError as error:
                self._unreadable(tag, error)
                continue
            if isinstance(named, Manifest) and named.digest == self._placed.digest:
                root = named
            elif named.digest != self._placed.digest:
                self._find(MOVED_TAG, tag, f"names {named.digest} by the tag {tag}, where the plan has {self._placed.digest}")
        return root

    def _named(self, tag: str, root: Manifest | None) -> Manifest | Descriptor:
        """What a tag names; its bytes too, as long as they are not known."""
        if root is None:
            return self._store.fetch_manifest(self._placed.repository, tag)
        found = self._store.find_manifest(self._placed.repository, tag)
        if found is None:
            raise NotFound(f"no tag {tag}")
        return found

    def _walk(self, manifest: Manifest, platforms: Sequence[Platform], depth: int) -> None:
        self._blobs.update((blob.digest, blob) for blob in manifest.blobs if not blob.foreign)
        if depth == 0:
            return
        for child in choose(manifest, platforms):
            what = f"the instance {child.platform or 'without a platform'} ({child.digest}) of {self._placed.digest}"
            found = self._fetch(child.digest, MISSING_INSTANCE, what)
            if found is not None:
                self._walk(found, () if child.platform else platforms, depth - 1)

    def _check_reference(self, root: Manifest) -> frozenset[str]:
        """An attachment without a tag is of no use unless it is found by its subject."""
        if root.subject is None:
            return frozenset()
        subject = root.subject.digest
        if self._placed.image.subject and not self._placed.tags:
            found = self._referrers(subject)
            if found is not None and all(descriptor.digest != root.digest for descriptor in found):
                self._find(MISSING_REFERRER, root.digest, f"does not list {root.digest} among the referrers of {subject}")
        return frozenset((f"{subject.algorithm}-{subject.hex}",))

    def _referrers(self, subject: Digest) -> tuple[Descriptor, ...] | None:
        try:
            return self._store.referrers(self._placed.repository, subject)
        except CorruptContent:
            self._find(CORRUPT_MANIFEST, self._placed.digest, f"serves a list of referrers of {subject} that is not of its digest")
        except MirrorError as error:
            self._unreadable(self._placed.digest, error)
        return None

    def _fetch(self, digest: Digest, kind: str, what: str) -> Manifest | None:
        try:
            return self._store.fetch_manifest(self._placed.repository, digest)
        except NotFound:
            self._find(kind, digest, f"lacks {what}")
        except CorruptContent:
            self._find(CORRUPT_MANIFEST, digest, f"has other content under {digest}: {advice(digest)}")
        except MirrorError as error:
            self._unreadable(digest, error)
        return None

    def _unreadable(self, name: str, error: MirrorError) -> None:
        """One object that the registry cannot give out; a registry that does not answer at all is asked nothing more about the image."""
        if isinstance(error, Cancelled) or not error.status:
            raise error
        self._findings.append(unreadable(self._placed.repository, name, error, (self._placed.image.origin,)))

    def _find(self, kind: str, name: str, text: str) -> None:
        repository = self._placed.repository
        self._findings.append(Finding(repository, kind, name, f"{repository} {text}", (self._placed.image.origin,)))
