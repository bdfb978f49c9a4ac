# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small archive sets for tests, made from random blobs of a seed."""

from __future__ import annotations

import json
import random

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.writer import ArchiveWriter


def blobs(seed, sizes):
    rng = random.Random(seed)
    return [rng.randbytes(size) for size in sizes]


def documents(content=(), tag="registry.example.com/ns/app:v1"):
    index = {"schemaVersion": 2, "manifests": []}
    if content:
        annotations = {"org.opencontainers.image.ref.name": tag}
        index["manifests"].append({"mediaType": "x", "digest": Digest.of(content[0]), "size": len(content[0]), "annotations": annotations})
    return {"plan.json": b'{"a": 1}\n', "oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode()}


def contents(content, volume_size=1 << 30, sequence=1, signature="", uid="u-1", follows=0):
    named = [Content.document(name, data) for name, data in documents(content).items()]
    members = named + [Content.blob(Digest.of(blob), len(blob)) for blob in content]
    return Contents(uid, sequence, follows, volume_size, signature, tuple(members))


def fill(writer, blob, chunk=4096):
    descriptor = Descriptor("application/octet-stream", Digest.of(blob), len(blob))
    place = writer.start_blob("any/where", descriptor)
    if place is None:
        return False
    for start in range(0, len(blob), chunk):
        place.write(memoryview(blob)[start : start + chunk])
    place.commit()
    return True


def write_set(folder, content, signed=b"", **options):
    """Writes a finished set and returns its contents."""
    wanted = contents(content, **options)
    unfinished = UnfinishedSet(str(folder), wanted)
    unfinished.open(documents(content), signed)
    writer = ArchiveWriter(unfinished)
    for blob in content:
        fill(writer, blob)
    assert not writer.missing()
    unfinished.finish()
    return wanted
