# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph image as a part of what an image set wants (2.8; user-needs P35)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, InputError, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import map_graph, map_helm_image
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import GENERIC, GRAPH, Collected, Context, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image import contents
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image.image import GraphImage, Layer

KEY = "platform.graph"
# Its layout in the workspace, as `stores.upstream` knows it.
NAME = "graph-image"
SOURCE = f"built://{NAME}"
# What the graph image is made of: the update service's data.
ORIGIN = Reference(DOCKER, "api.openshift.com", "api/upgrades_info/graph-data", "latest")


def collect(imageset: ImageSet, context: Context, settings: Settings, signatures: Mapping[Digest, Sequence[bytes]]) -> Collected:
    """The graph image when it is wanted: built here, or taken ready-made.

    signatures: those of the releases, which go into it.
    """
    platform = imageset.platform
    if not platform.graph or (imageset.generation is Generation.V1 and not platform.channels):
        return Collected()
    try:
        if settings.graph_image:
            reference = parse(settings.graph_image, Generation.V2)
            return Collected(images=(_wanted(reference, ""),))
        return _built(imageset, context, settings, signatures)
    except Cancelled:
        raise
    except MirrorError as error:
        return Collected(failures=(Failure.of(error, KEY, "release"),))


def layout(context: Context) -> str:
    """The directory of the layout that the image is built in."""
    return os.path.join(context.workspace.content, NAME)


def _built(imageset: ImageSet, context: Context, settings: Settings, signatures: Mapping[Digest, Sequence[bytes]]) -> Collected:
    path = layout(context)
    ready = os.path.isfile(os.path.join(path, "index.json"))
    if imageset.delete or settings.enclave or settings.offline:
        # Nothing is fetched from outside: what an earlier run built is what there is (GR-12, GR-13).
        if ready or imageset.delete:
            return Collected(images=(_wanted(ORIGIN, SOURCE),)) if ready else Collected()
        raise NotFound(
            "the graph image was not built before, and the update service is not the public one",
            subject=KEY,
            advice="Give graph_data (tarball of the graph data) or graph_image (a ready image to mirror).",
        )
    base = parse(settings.graph_base, Generation.V1)
    data = contents.with_signatures(contents.tree(_tarball(settings.graph_data, context), settings.graph_data), signatures)
    unpacked = contents.layer(data)
    GraphImage(context.upstream, base, path).build(Layer(contents.packed(unpacked), Digest.of(unpacked)))
    images = [_wanted(ORIGIN, SOURCE)]
    if imageset.generation is Generation.V1:
        # The reference's v1 mirrors the base image as well, for its user to see (GR-02).
        target = map_helm_image(base, imageset.generation)
        images.append(WantedImage(GENERIC, base, target.repository, (target.tag,), why=(KEY, "base of the graph image")))
    return Collected(images=tuple(images))


def _wanted(reference: Reference, source: str) -> WantedImage:
    target = map_graph()
    return WantedImage(GRAPH, reference, target.repository, (target.tag,), why=(KEY,), source=source)


def _tarball(place: str, context: Context) -> bytes:
    if place.startswith(("https://", "http://")):
        return context.fetch(place, None, limits.GRAPH_DATA)
    path = place[len("file://") :] if place.startswith("file://") else place
    try:
        return files.read(path, limits.GRAPH_DATA)
    except OSError as error:
        raise InputError(
            f"the graph data cannot be read: {error.strerror}", subject=path, advice="Give a URL or the path of a tarball as graph_data."
        ) from error
