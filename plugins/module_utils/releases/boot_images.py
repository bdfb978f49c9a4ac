# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The boot images of releases as a part of what an image set wants.

Of each there is a layout in the workspace, with its manifest and the place of its file.  Planning asks for the size, and reads nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, MirrorError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, Reference, is_path, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import BOOT_IMAGES, map_boot_image
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BOOT_IMAGE, Collected, Context, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import payload
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.inspection import CATEGORY, NamedBootImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.boot_image import EMPTY, BootImage, boot_images
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views import upstream
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.web import repository_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob


def source_of(image: BootImage) -> str:
    """Its layout in the workspace, as `stores.upstream` knows it."""
    return f"{upstream.BOOT_IMAGES}{image.sha256}"


def collect(named: Sequence[NamedBootImage], context: Context, base: str, kept_only: bool = False) -> Collected:
    """Each file once.  base: `BootImage.locations`.  kept_only: nothing is asked for; those that were never planned are left out."""
    wanted = {each.image.digest: each for each in named}
    with ThreadPoolExecutor(max_workers=max(1, min(context.parallel, 8))) as pool:
        answers = dict(zip(wanted, pool.map(lambda each: _prepared(each, context, base, kept_only), wanted.values())))
    failures = [answer for answer in answers.values() if isinstance(answer, Failure)]
    return Collected(
        images=tuple(
            WantedImage(BOOT_IMAGE, answer, BOOT_IMAGES, (answer.tag,), why=(*chain, each.image.kind), source=source_of(each.image))
            for each in named
            for answer in (answers[each.image.digest],)
            if isinstance(answer, Reference)
            for chain in each.chains
        ),
        failures=tuple(failures),
    )


def again(releases: Sequence[Mapping[str, Any]], sources: Collection[str], context: Context) -> Collected:
    """The layouts of a plan's boot images, made once more from what its releases say."""
    payloads = payload.Payloads(context.upstream, context.workspace)
    named = []
    for entry in releases:
        reference = parse(str(entry.get("payload")), Generation.V2)
        documents = payloads.read(reference.repository, Digest.parse(reference.digest), boot_images=True).documents
        found = boot_images(documents[payload.BOOT_IMAGES]) if payload.BOOT_IMAGES in documents else []
        named += [NamedBootImage(image, reference.domain, ()) for image in found if source_of(image) in sources]
    return collect(named, context, str(context.options.get("boot_image_url") or "").rstrip("/"))


def found_at(image: BootImage, guide: str, base: str, store: Store) -> tuple[str, int]:
    """Where its file is, as a repository of `stores.web`, and how many bytes it has.

    guide: host of the registry whose release names it.  store: that answers for URLs.
    Raises NotFound, AccessDenied (the location leads inside), Unsupported (too large, or of no known size), and what the network raises.
    """
    places = _places(image, guide, base)
    for place in places:
        size = store.blob_size(place, Descriptor("", image.digest, 0))
        if size is None:
            continue
        if size > limits.BOOT_IMAGE:
            problem = f"the boot image has {size} bytes, more than the {limits.BOOT_IMAGE} that are accepted"
            raise Unsupported(problem, subject=image.location)
        return place, size
    tried = " and ".join(place.partition(" ")[0].partition("?")[0] for place in places)
    advice = "Give the base URL of a copy as boot_image_url."
    raise NotFound(f"the boot image {image.file_name} is not at {tried}", subject=image.file_name, advice=advice)


def _prepared(named: NamedBootImage, context: Context, base: str, kept_only: bool) -> Reference | Failure | None:
    image = named.image
    folder = upstream.built_path(context.workspace, source_of(image))
    layout = LayoutStore(folder)
    try:
        kept = _is_kept(layout, image) and _origin(folder) in _places(image, named.guide, base)
        if not kept and kept_only:
            return None
        if not kept:
            place, size = found_at(image, named.guide, base, context.upstream)
            write_blob(layout, "", Descriptor("", Digest.of(EMPTY), len(EMPTY)), EMPTY)
            files.write(os.path.join(folder, upstream.ORIGIN), place.encode("ascii"))
            layout.put_manifest("", image.artifact(size), "latest")
        return _reference(image, folder)
    except Cancelled:
        raise
    except MirrorError as error:
        return Failure.of(error, f"boot image {image.file_name}", CATEGORY, why=named.chains[0] if named.chains else ())


def _is_kept(layout: LayoutStore, image: BootImage) -> bool:
    """Whether an earlier run found out how large the file is."""
    try:
        manifest = layout.fetch_manifest("", "latest")
    except MirrorError:
        return False
    sizes = [blob.size for blob in manifest.blobs if blob.digest == image.digest]
    return bool(sizes) and manifest.digest == image.artifact(sizes[0]).digest


def _places(image: BootImage, guide: str, base: str) -> list[str]:
    """As repositories of `stores.web`: who gives a base URL names the host."""
    return [repository_of(url, "" if base else guide) for url in image.locations(base)]


def _origin(folder: str) -> str:
    try:
        return files.read(os.path.join(folder, upstream.ORIGIN), limits.SMALL.size).decode("ascii", "replace")
    except FileNotFoundError:
        return ""


def _reference(image: BootImage, folder: str) -> Reference:
    """Host and directory of the place where it was found; the name of the file is the tag."""
    origin, target = split_url(_origin(folder).partition(" ")[0])
    path = target.partition("?")[0].rpartition("/")[0].strip("/")
    return Reference(DOCKER, origin.netloc, path if is_path(path) else "boot-images", map_boot_image(image.file_name).tag)
