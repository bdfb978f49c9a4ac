# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a plan built (filtered catalogs, the graph image), in one small file beside it, so that both together can be kept elsewhere.

A tar of `<layout>/origin`, the repository that the image is built upon, and `<layout>/<algorithm>/<hex>`: its manifests, and the blobs
that only this image has.  Layers that were there before stay where they come from.  The same parts give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO, Callable, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    CorruptContent,
    InputError,
    MirrorError,
    NotFound,
    StorageError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive import tar
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import Seekable, TarFault, TarWalk
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import BUILT, ORIGIN, built_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob

_TAG = "latest"
_DEPTH = 3


class _Place(NamedTuple):
    """Where a member's content lies in the file."""

    offset: int
    size: int


def beside(plan: str) -> str:
    """The file that belongs to a plan: `plan-parts.tar` for `plan.json`."""
    return f"{plan[: -len('.json')] if plan.endswith('.json') else plan}-parts.tar"


def built(plan: Plan) -> tuple[PlanImage, ...]:
    """The images that were built in the workspace; what is attached to them is not."""
    return tuple(image for image in plan.images if image.source.startswith(BUILT) and not image.subject)


def is_there(image: PlanImage, workspace: Workspace) -> bool:
    """Whether the workspace has the manifests of an image that was built."""
    layout = LayoutStore(built_path(workspace, image.source))
    try:
        return bool(_manifests(image, lambda digest: layout.fetch_manifest("", digest).content))
    except MirrorError:
        return False


def keep(plan: Plan, workspace: Workspace, path: str) -> None:
    """Writes the parts of a plan, or removes the file when it has none.

    What the workspace does not have is left as it was kept.  Raises StorageError.
    """
    images = built(plan)
    if not images:
        _remove(path)
    elif all(is_there(image, workspace) for image in images):
        members: dict[str, bytes] = {}
        for image in images:
            members.update(_members_of(image, built_path(workspace, image.source)))
        files.write(path, b"".join(_member(name, content) for name, content in sorted(members.items())) + tar.END)


def restore(plan: Plan, workspace: Workspace, path: str) -> None:
    """Puts into the workspace what a plan needs, the workspace lacks and the file has; nothing where there is no such file.

    Raises CorruptContent (a part does not have its digest), InputError (the file is damaged), StorageError.
    """
    lacking = [image for image in built(plan) if not is_there(image, workspace)]
    if not lacking or not os.path.exists(path):
        return
    try:
        with open(path, "rb") as file:
            members = _members_in(file, path)
            for image in lacking:
                _Restoring(file, members, image, built_path(workspace, image.source)).run()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error


class _Restoring:
    """One image out of the file into its layout."""

    def __init__(self, file: BinaryIO, members: Mapping[str, _Place], image: PlanImage, folder: str) -> None:
        self._file = file
        self._members = members
        self._image = image
        self._folder = folder
        self._name = image.source[len(BUILT) :]

    def run(self) -> None:
        if self._place(self._image.digest) is None:
            return
        layout = LayoutStore(self._folder)
        manifests = _manifests(self._image, self._manifest)
        for manifest in manifests:
            for blob in manifest.blobs:
                self._put_blob(layout, blob)
        for manifest in manifests:
            layout.put_manifest("", manifest, _TAG if manifest.digest == self._image.digest else "")
        origin = self._members.get(f"{self._name}/{ORIGIN}")
        if origin is not None:
            files.write(os.path.join(self._folder, ORIGIN), _repository(self._read(origin)))

    def _place(self, digest: Digest) -> _Place | None:
        return self._members.get(f"{self._name}/{digest.algorithm}/{digest.hex}")

    def _manifest(self, digest: Digest) -> bytes:
        place = self._place(digest)
        if place is None or place.size > limits.MANIFEST.size:
            raise NotFound(f"the parts of the plan lack the manifest {digest} of {self._image.origin}", subject=self._image.origin)
        return self._read(place)

    def _put_blob(self, layout: LayoutStore, blob: Descriptor) -> None:
        place = self._place(blob.digest)
        if place is None:
            return
        if place.size != blob.size:
            raise CorruptContent(f"the parts of the plan have {place.size} bytes of {blob.digest}", subject=self._image.origin)
        write_blob(layout, "", blob, self._read(place))

    def _read(self, place: _Place) -> bytes:
        self._file.seek(place.offset)
        return self._file.read(place.size)


def _manifests(image: PlanImage, fetch: Callable[[Digest], bytes]) -> list[Manifest]:
    """An image's manifests, its own last.  fetch: gives the bytes for a digest."""
    found: dict[Digest, Manifest] = {}

    def visit(digest: Digest, media_type: str, depth: int) -> None:
        if digest in found or depth > _DEPTH:
            return
        manifest = Manifest.parse(fetch(digest), media_type, digest, image.origin)
        for child in manifest.children:
            visit(child.digest, child.media_type, depth + 1)
        found[digest] = manifest

    visit(image.digest, image.media_type, 0)
    return list(found.values())


def _members_of(image: PlanImage, folder: str) -> dict[str, bytes]:
    """Manifests, the blobs that the layout has, and where the others are."""
    name, layout = image.source[len(BUILT) :], LayoutStore(folder)
    manifests = _manifests(image, lambda digest: layout.fetch_manifest("", digest).content)
    digests = {manifest.digest for manifest in manifests}
    digests.update(layout.blobs_present("", [blob.digest for manifest in manifests for blob in manifest.blobs]))
    paths = {f"{name}/{each.algorithm}/{each.hex}": os.path.join(folder, "blobs", each.algorithm, each.hex) for each in digests}
    found = {member: files.read(path) for member, path in paths.items()}
    origin = os.path.join(folder, ORIGIN)
    return {**found, f"{name}/{ORIGIN}": files.read(origin)} if os.path.exists(origin) else found


def _members_in(file: BinaryIO, path: str) -> dict[str, _Place]:
    try:
        walk = TarWalk(Seekable(file, os.path.getsize(path)), whole=True)
        return {member.name: _Place(member.offset, member.size) for member in walk if member.is_file}
    except TarFault as error:
        raise InputError(f"the parts of the plan cannot be read: {error}", subject=path, advice="Take the file that was kept.") from error


def _member(name: str, content: bytes) -> bytes:
    return tar.header(name, len(content)) + content + bytes(tar.padded(len(content)) - len(content))


def _repository(content: bytes) -> bytes:
    """The name of a repository, on one line.  Raises InputError."""
    text = content[: limits.TAR_NAME].decode("utf-8", "replace").strip()
    if not text.isprintable() or text.startswith(BUILT):
        raise InputError("the parts of the plan name no repository as their origin", subject=text[:100])
    return text.encode("utf-8")


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {error.strerror}", subject=path) from error
