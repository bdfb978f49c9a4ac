# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that tests are made of: the same bytes each time, and of the form that they claim."""

from __future__ import annotations

import gzip
import tarfile
from io import BytesIO

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.content import Content


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    assert images.multi_arch("a").content == images.multi_arch("a").content
    assert images.image("a").digest != images.image("b").digest != images.image("b", platform="linux/arm64").digest


def test_a_layer_is_a_readable_tar_of_the_wanted_size():
    with tarfile.open(fileobj=BytesIO(gzip.decompress(images.layer("x", 1000)))) as archive:
        assert [member.size for member in archive] == [1000]


@pytest.mark.parametrize("kind", [images.OCI, images.DOCKER])
def test_an_index_of_indexes_points_to_all_that_is_put(kind):
    built = images.index([images.multi_arch("a", kind=kind), images.image("b", kind=kind)], kind)
    content = Content()
    images.put(built, content, "team/app", "1")
    found = content.find("team/app")
    assert found.tags == {"1": built.digest} and len(found.manifests) == 5
    for media_type, body in found.manifests.values():
        manifest = images.Manifest.parse(body, media_type)
        assert manifest.media_type == media_type
        assert found.missing(manifest.document(), sparse=False) == []


def test_a_foreign_layer_is_named_and_not_delivered():
    built = images.image("a", foreign=[images.layer("windows")])
    manifest = built.manifest()
    assert [blob.foreign for blob in manifest.blobs] == [False, True, False]
    assert set(built.blobs) == {blob.digest for blob in manifest.blobs if not blob.foreign}


def test_attachments_are_named_after_what_they_belong_to_and_referrers_point_to_it():
    app = images.image("app")
    tag, signature = images.attachment(app)
    assert tag == f"sha256-{app.digest.hex}.sig" and signature.manifest().subject is None
    manifest = images.artifact("sbom", app, "application/spdx+json").manifest()
    assert (manifest.subject.digest, manifest.artifact_type) == (app.digest, "application/spdx+json")


def test_a_schema_1_manifest_is_known_as_such():
    with pytest.raises(Unsupported, match="schema 1"):
        images.schema1("old").manifest()
