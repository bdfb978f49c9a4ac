# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a mirror holds a release whole: its payload, and every image that the payload names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import RELEASE_IMAGES
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Release
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import components
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.payload import REFERENCES, Payloads
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import FOREIGN_TAG
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import verify


class MirroredReleases:
    """Releases at one mirror, looked at without a plan: what belongs to one its payload says.

    workspace: where what is read of payloads is kept meanwhile.  level: see `verify.verify`.
    """

    def __init__(self, store: Store, place: Destination, workspace: Workspace, level: str) -> None:
        self._store = store
        self._place = place
        self._payloads = Payloads(store, workspace)
        self._level = level

    def lacks(self, release: Release, architecture: str) -> tuple[str, ...]:
        """Sentences about what is missing or wrong, none for a whole release.  Raises Cancelled, InputError (the level)."""
        tag = components.release_tag(str(release.version), architecture)
        try:
            placed = list(self._placed(tag, release.payload))
        except Cancelled:
            raise
        except MirrorError as error:
            return (f"{error.subject}: {error.message}" if error.subject else error.message,)
        found = verify(placed, self._store, self._level)
        wrong = tuple(finding.message for finding in found.findings if finding.kind != FOREIGN_TAG)
        return wrong or (() if found.complete else ("not all of it was looked at",))

    def _placed(self, tag: str, payload: str) -> Iterator[PlacedImage]:
        """The payload as the update graph names it, and its components, at their places in the mirror."""
        repository = self._place.repository(RELEASE_IMAGES)
        root = self._store.fetch_manifest(repository, tag)
        there = self._instances(repository, root)
        content = self._payloads.read(repository, there[0][0] if there else root.digest).documents[REFERENCES]
        subject = f"{repository}:{tag}"
        known = components.parse_references(content, subject, tags_allowed=True).components
        # Of a release for all architectures a mirror may hold some only; which, its payload shows.
        platforms = () if len(there) == len(root.children) else tuple(platform for _digest, platform in there if platform is not None)
        named = parse(payload)
        named = named if named.digest else named.pinned(str(root.digest))
        for image in components.images(named, tag, known, platforms):
            yield self._at_place(image)

    def _instances(self, repository: str, root: Manifest) -> Sequence[tuple[Digest, Platform | None]]:
        there = (child for child in root.children if self._store.find_manifest(repository, child.digest) is not None)
        return [(child.digest, child.platform) for child in there]

    def _at_place(self, image: WantedImage) -> PlacedImage:
        """Builds that were never published name components by tag; whatever is in the place of one counts."""
        repository = self._place.repository(image.repository)
        digest = image.reference.digest or str(self._store.fetch_manifest(repository, image.tags[0]).digest)
        planned = PlanImage(
            type=image.type,
            origin=str(image.reference),
            source=image.reference.repository,
            digest=Digest.parse(digest),
            media_type="",
            size=0,
            destination=image.repository,
            tags=image.tags,
            platforms=tuple(str(platform) for platform in image.platforms),
        )
        return PlacedImage(planned, repository, image.tags)
