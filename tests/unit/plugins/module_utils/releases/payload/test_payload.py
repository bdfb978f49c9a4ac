# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release images are read no further than needed (config-and-releases 2.5)."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import PayloadInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.payload import (
    BOOT_IMAGES,
    METADATA,
    REFERENCES,
    Payloads,
)
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.release import build, documents, tar_layer

REPOSITORY = "quay.io/openshift-release-dev/ocp-release"
MANIFESTS = documents("4.14.1", {"cli": "quay.io/x/y@sha256:" + "0" * 64})
BASE = images.layer("base", 5000)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def payloads(store, tmp_path):
    return Payloads(store, Workspace(str(tmp_path)))


def pushed(store, *content, **more):
    built = images.image("payload", list(content), **more)
    images.push(built, store, REPOSITORY)
    store.calls.clear()
    return built


def opened(store):
    return [what for method, repository, what in store.calls if method == "open_blob"]


def test_pl20_only_the_layer_with_the_manifests_is_read(store, payloads):
    manifests = tar_layer(MANIFESTS)
    built = pushed(store, BASE, manifests)
    found = payloads.read(REPOSITORY, built.digest)
    assert json.loads(found.documents[REFERENCES])["metadata"]["name"] == "4.14.1"
    assert set(found.documents) == {REFERENCES, METADATA}
    assert found.architecture == "amd64"
    assert Digest.of(BASE) not in opened(store) and Digest.of(manifests) in opened(store)


def test_what_was_read_is_kept_and_costs_nothing_the_next_time(store, payloads, tmp_path):
    built = pushed(store, tar_layer(MANIFESTS))
    first = payloads.read(REPOSITORY, built.digest)
    store.calls.clear()
    assert Payloads(store, Workspace(str(tmp_path))).read(REPOSITORY, built.digest) == first
    assert store.calls == []


def test_boot_images_are_looked_for_when_they_are_asked_for(store, payloads):
    built = pushed(
        store, tar_layer(documents("4.14.1", {"cli": "quay.io/x/y@sha256:" + "0" * 64}, {"x86_64": "quay.io/x/k@sha256:" + "1" * 64}))
    )
    assert BOOT_IMAGES not in payloads.read(REPOSITORY, built.digest).documents
    assert BOOT_IMAGES in payloads.read(REPOSITORY, built.digest, boot_images=True).documents


@pytest.mark.parametrize(
    ("platforms", "read_from"),
    [
        (("linux/arm64", "linux/amd64"), 1),
        (("linux/s390x", "linux/arm64"), 0),
        (("windows/amd64", "linux/ppc64le"), 1),
    ],
)
def test_pl21_one_instance_of_an_index_is_enough(platforms, read_from, store, payloads):
    children = [images.image("payload", [tar_layer(MANIFESTS)], platform=platform) for platform in platforms]
    built = images.index(children)
    images.push(built, store, REPOSITORY)
    store.calls.clear()
    assert payloads.read(REPOSITORY, built.digest).architecture == "multi"
    assert [what for method, _repository, what in store.calls if method == "fetch_manifest"] == [built.digest, children[read_from].digest]


def test_pl21_an_index_without_linux_is_refused(store, payloads):
    built = images.index([images.image("payload", platform="windows/amd64")])
    images.push(built, store, REPOSITORY)
    with pytest.raises(PayloadInvalid, match="no instance for linux"):
        payloads.read(REPOSITORY, built.digest)


def test_upper_layers_win(store, payloads):
    newer = documents("4.14.2", {"cli": "quay.io/x/y@sha256:" + "0" * 64})
    built = pushed(store, tar_layer(MANIFESTS), tar_layer(newer), tar_layer({"etc/other": b"x"}))
    assert json.loads(payloads.read(REPOSITORY, built.digest).documents[REFERENCES])["metadata"]["name"] == "4.14.2"


@pytest.mark.parametrize("whiteout", ["release-manifests/.wh.image-references", "release-manifests/.wh..wh..opq", ".wh.release-manifests"])
def test_removed_documents_are_not_found_below(whiteout, store, payloads):
    built = pushed(store, tar_layer(MANIFESTS), tar_layer({whiteout: b""}))
    with pytest.raises(PayloadInvalid, match="not a release image"):
        payloads.read(REPOSITORY, built.digest)


def test_an_opaque_directory_hides_what_is_below_and_not_what_is_beside(store, payloads):
    newer = documents("4.14.2", {"cli": "quay.io/x/y@sha256:" + "0" * 64})
    for order in (lambda members: members, lambda members: dict(reversed(list(members.items())))):
        top = tar_layer(order({"release-manifests/.wh..wh..opq": b"", **newer}))
        built = pushed(store, tar_layer(MANIFESTS), top)
        assert json.loads(payloads.read(REPOSITORY, built.digest).documents[REFERENCES])["metadata"]["name"] == "4.14.2"


@pytest.mark.parametrize("prefix", ["./", "/", "", ".//"])
def test_names_may_begin_in_any_way(prefix, store, payloads):
    built = pushed(store, tar_layer({prefix + name: content for name, content in MANIFESTS.items()}))
    assert REFERENCES in payloads.read(REPOSITORY, built.digest).documents


@pytest.mark.parametrize(
    "name", ["usr/release-manifests/image-references", "release-manifests/deeper/image-references", "image-references"]
)
def test_other_files_of_that_name_are_not_meant(name, store, payloads):
    built = pushed(store, tar_layer({name: b"{}"}))
    with pytest.raises(PayloadInvalid, match="not a release image"):
        payloads.read(REPOSITORY, built.digest)


def pack_zstd(content):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(content)


@pytest.mark.parametrize(
    "pack", [lambda content: content, lambda content: gzip.compress(content, 1), pack_zstd], ids=["plain", "gzip", "zstd"]
)
def test_layers_of_each_compression(pack, store, payloads):
    manifest = store.add_image(REPOSITORY, layers=[pack(tar_layer(MANIFESTS, compress=False))], config=b'{"architecture":"arm64"}')
    found = payloads.read(REPOSITORY, manifest.digest)
    assert found.architecture == "arm64" and REFERENCES in found.documents


def test_two_gzip_members_and_padding(store, payloads):
    plain = tar_layer(MANIFESTS, compress=False)
    packed = gzip.compress(plain[:700]) + gzip.compress(plain[700:]) + b"\0" * 100
    manifest = store.add_image(REPOSITORY, layers=[packed], config=b'{"architecture":"amd64"}')
    assert REFERENCES in payloads.read(REPOSITORY, manifest.digest).documents


def test_zstd_without_its_library_is_told(store, payloads, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    manifest = store.add_image(REPOSITORY, layers=[b"\x28\xb5\x2f\xfd" + b"x" * 100], config=b'{"architecture":"amd64"}')
    with pytest.raises(Unsupported, match="zstd.*Install the Python package zstandard"):
        payloads.read(REPOSITORY, manifest.digest)


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8bgarbage" * 10,
        b"\x28\xb5\x2f\xfdgarbage" * 10,
        b"no archive at all" * 100,
        gzip.compress(tar_layer(MANIFESTS, compress=False)[:600], mtime=0),
    ],
    ids=["gzip", "zstd", "plain", "cut"],
)
def test_layers_that_are_none(content, store, payloads):
    pytest.importorskip("zstandard")
    manifest = store.add_image(REPOSITORY, layers=[content], config=b'{"architecture":"amd64"}')
    with pytest.raises(CorruptContent, match="not a tar archive"):
        payloads.read(REPOSITORY, manifest.digest)


def test_the_digest_of_the_layer_vouches_for_what_was_read(store, payloads, tmp_path):
    manifests = tar_layer(dict(MANIFESTS, **{"release-manifests/zz-last": bytes(200_000)}))
    built = pushed(store, manifests)
    blobs = store.blobs[REPOSITORY]
    for damaged in (manifests[:-9] + b"x" + manifests[-8:], manifests[:-100], manifests + b"more"):
        blobs[Digest.of(manifests)] = damaged
        with pytest.raises(CorruptContent):
            payloads.read(REPOSITORY, built.digest)
    assert not (tmp_path / "releases" / "payloads").exists()


def test_documents_that_are_too_large_or_no_files(store, payloads, monkeypatch):
    monkeypatch.setattr(limits, "RELEASE_DOCUMENT", limits.Limit(100))
    built = pushed(store, tar_layer({"release-manifests/image-references": b" " * 101}))
    with pytest.raises(PayloadInvalid, match="more than the 100"):
        payloads.read(REPOSITORY, built.digest)
    built = pushed(store, tar_layer({"release-manifests/image-references": None}))
    with pytest.raises(PayloadInvalid, match="is not a file"):
        payloads.read(REPOSITORY, built.digest)


def test_layers_that_unpack_without_end_are_refused(store, payloads, monkeypatch):
    monkeypatch.setattr(limits, "UNPACKED_ALWAYS", 1_000_000)
    built = pushed(store, tar_layer({"big": bytes(2_000_000), **MANIFESTS}))
    with pytest.raises(Unsupported, match="unpacks to more than"):
        payloads.read(REPOSITORY, built.digest)


def test_extended_headers_without_end_are_refused(store, payloads):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x" * 2_000_000))
    built = pushed(store, gzip.compress(buffer.getvalue()))
    with pytest.raises(CorruptContent, match="extended header"):
        payloads.read(REPOSITORY, built.digest)


@pytest.mark.parametrize("config", [b"[]", b"x", b"{}", b'{"architecture": 7}'])
def test_configurations_without_architecture(config, store, payloads):
    manifest = store.add_image(REPOSITORY, layers=[tar_layer(MANIFESTS)], config=config)
    with pytest.raises(PayloadInvalid):
        payloads.read(REPOSITORY, manifest.digest)


def test_what_is_not_there(payloads):
    with pytest.raises(NotFound):
        payloads.read(REPOSITORY, Digest.of(b"nothing"))


def test_a_kept_document_that_was_damaged_is_read_again(store, payloads, tmp_path):
    built = pushed(store, tar_layer(MANIFESTS))
    first = payloads.read(REPOSITORY, built.digest)
    for path in (tmp_path / "releases" / "payloads").iterdir():
        path.write_bytes(b"{")
    assert payloads.read(REPOSITORY, built.digest) == first


@pytest.mark.parametrize("architecture", ["amd64", "arm64", "multi"])
def test_a_whole_release_of_our_own(architecture, store, payloads):
    release = build(architecture=architecture)
    images.push(release.payload, store, REPOSITORY)
    found = payloads.read(REPOSITORY, release.digest)
    assert found.architecture == architecture
    assert len(json.loads(found.documents[REFERENCES])["spec"]["tags"]) == 10
