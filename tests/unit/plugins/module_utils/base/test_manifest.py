# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import media_type
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import MAX_SIZE, Manifest

HEX = "0" * 63 + "1"


def encode(document):
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "text",
    [
        "sha256:../../x",
        "sha256:" + HEX.upper().replace("0", "A"),
        "sha256:" + HEX[:-1],
        "sha256:" + HEX + "0",
        "md5:" + "0" * 32,
        "sha256:" + HEX + "\n",
        "sha256:" + HEX[:-1] + "\x00",
        "SHA256:" + HEX,
        HEX,
        "",
        None,
        7,
    ],
)
def test_hostile_digests_are_refused(text):
    with pytest.raises(InputError):
        Digest.parse(text)


def test_image_lists_config_then_layers():
    content = encode(
        {
            "schemaVersion": 2,
            "mediaType": media_type.DOCKER_MANIFEST,
            "config": {"mediaType": "c", "digest": "sha256:" + HEX, "size": 3},
            "layers": [{"mediaType": "l", "digest": "sha256:" + "2" * 64, "size": 4}],
        }
    )
    manifest = Manifest.parse(content)
    assert [blob.size for blob in manifest.blobs] == [3, 4]
    assert manifest.digest == Digest.of(content)
    assert not manifest.is_index


def test_media_type_falls_back_to_what_was_served_then_to_the_shape():
    image = encode({"schemaVersion": 2, "config": {"mediaType": "c", "digest": "sha256:" + HEX, "size": 3}, "layers": []})
    assert Manifest.parse(image, "application/vnd.x+json; charset=utf-8").media_type == "application/vnd.x+json"
    assert Manifest.parse(image, "application/json").media_type == media_type.OCI_MANIFEST
    assert Manifest.parse(encode({"schemaVersion": 2, "manifests": []})).media_type == media_type.OCI_INDEX


@pytest.mark.parametrize("annotations, urls", [([1], "https://a/"), ("x", {"a": 1}), ({"a": [1], "b": "text"}, ["https://a/", 5])])
def test_annotations_and_urls_of_another_form_say_nothing(annotations, urls):
    """Whoever looks into an index must not stumble over it."""
    entry = {"mediaType": media_type.OCI_MANIFEST, "digest": f"sha256:{HEX}", "size": 1, "annotations": annotations, "urls": urls}
    manifest = Manifest.parse(encode({"schemaVersion": 2, "manifests": [entry], "annotations": annotations}))
    texts = {"b": "text"} if isinstance(annotations, dict) else {}
    assert manifest.annotations == manifest.children[0].annotations == texts
    assert manifest.children[0].urls == (("https://a/",) if isinstance(urls, list) else ())


def test_schema_1_is_refused_by_name():
    with pytest.raises(Unsupported, match="schema 1"):
        Manifest.parse(encode({"schemaVersion": 1, "fsLayers": []}))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_not_a_manifest_is_an_error_of_the_user_s_kind(content):
    with pytest.raises((CorruptContent, InputError)):
        Manifest.parse(content)


def test_wrong_digest_and_excessive_size_are_refused():
    with pytest.raises(CorruptContent):
        Manifest.parse(b"{}", digest=Digest("sha256:" + HEX))
    with pytest.raises(Unsupported):
        Manifest.parse(b" " * (MAX_SIZE + 1))


@pytest.mark.parametrize("size", [-1, True, "3", None, 1.5])
def test_descriptor_sizes_are_natural_numbers(size):
    with pytest.raises(InputError):
        Manifest.parse(encode({"schemaVersion": 2, "layers": [{"mediaType": "l", "digest": "sha256:" + HEX, "size": size}]}))


@pytest.mark.parametrize("kind", [media_type.OCI_INDEX, media_type.OCI_MANIFEST, ""])
@pytest.mark.parametrize("member", ["layers", "config"])
def test_what_is_a_list_and_an_image_at_once_is_refused(kind, member):
    """Two readers would see two different things under one digest."""
    entry = {"mediaType": "x", "digest": f"sha256:{HEX}", "size": 1}
    document = {"schemaVersion": 2, "mediaType": kind, "manifests": [entry], member: entry if member == "config" else [entry]}
    with pytest.raises(InputError, match="at once"):
        Manifest.parse(encode(document))
    assert Manifest.parse(encode({**document, "manifests": []}), media_type.OCI_MANIFEST)
