# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph image (config-and-releases 2.8; user-needs P35)."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import GraphDataInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image import contents
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image.image import COMMAND, GraphImage, Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import ORIGIN
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

DATA = os.path.join(SHARED_DATA, "cincinnati", "graph-data", "graph-data.tar.gz")
BASE = parse("registry.access.redhat.com/ubi9/ubi:latest")
DIGEST = Digest.of(b"a release")


def tarball(members, mtime=1, owner=1000, links=()):
    """A gzipped tar as the update service publishes it; members: name to content, None for a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.uid, entry.mode = mtime, owner, 0o664
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content or b""))
        for name, target in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return gzip.compress(buffer.getvalue(), mtime=0)


GOOD = {
    "./": None,
    "./version": b"1.1.0\n",
    "./channels": None,
    "./channels/stable-4.14.yaml": b"name: stable-4.14\n",
    "./raw/metadata.json": b"{}",
}


def unpacked(layer):
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return {member.name: archive.extractfile(member).read() if member.isfile() else None for member in archive}


def test_gr04_the_layer_holds_the_data_below_its_directory():
    with tarfile.open(fileobj=io.BytesIO(contents.layer(contents.tree(tarball(GOOD))))) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == [
        "var/lib/cincinnati-graph-data",
        "var/lib/cincinnati-graph-data/channels",
        "var/lib/cincinnati-graph-data/channels/stable-4.14.yaml",
        "var/lib/cincinnati-graph-data/raw/metadata.json",
        "var/lib/cincinnati-graph-data/version",
    ]
    assert {(member.uid, member.gid, member.mtime) for member in members} == {(0, 0, 0)}
    assert oct(members[-1].mode) == "0o664"


def test_gr15_order_owner_and_time_of_the_tarball_do_not_matter():
    one = contents.layer(contents.tree(tarball(GOOD)))
    other = contents.layer(contents.tree(tarball(dict(reversed(list(GOOD.items()))), mtime=99, owner=7)))
    assert one == other
    assert contents.packed(one) == contents.packed(other)
    assert gzip.decompress(contents.packed(one)) == one


def test_gr10_signatures_of_the_releases_are_added():
    data = contents.with_signatures(contents.tree(tarball(GOOD)), {DIGEST: (b"one", b"two")})
    found = unpacked(contents.layer(data))
    root = f"var/lib/cincinnati-graph-data/signatures/sha256/{DIGEST.hex}"
    assert found[f"{root}/signature-1"] == b"one" and found[f"{root}/signature-2"] == b"two"
    assert found["var/lib/cincinnati-graph-data/signatures"] is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a gzip file"),
        (b"<html>not found</html>", "not a gzip file"),
        (b"\x1f\x8bgarbage", "not a tar archive"),
        (gzip.compress(b"garbage" * 1000, mtime=0), "not a tar archive"),
        (tarball(GOOD)[:-40], "not a tar archive"),
        (tarball({"version": b"1"}), "no channels"),
        (tarball({"channels/../../etc/passwd": b""}), "leads out of its directory"),
        (tarball({"/channels/x": b""}), "leads out of its directory"),
        (tarball(GOOD, links=[("channels/link", "/etc/passwd")]), "neither a file nor a directory"),
    ],
    ids=["empty", "page", "garbage", "packed garbage", "cut", "no channels", "upwards", "absolute", "link"],
)
def test_gr15_what_is_no_graph_data(content, message):
    with pytest.raises(GraphDataInvalid, match=message):
        contents.tree(content, "graph-data")


def test_data_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "GRAPH_DATA_UNPACKED", 10)
    with pytest.raises(GraphDataInvalid, match="larger than what is accepted"):
        contents.tree(tarball(GOOD))


def made(path, store, signatures=()):
    data = contents.layer(contents.with_signatures(contents.tree(tarball(GOOD)), dict(signatures)))
    return GraphImage(store, BASE, str(path)).build(Layer(contents.packed(data), Digest.of(data))), data


@pytest.fixture(params=[images.OCI, images.DOCKER])
def base(request):
    store = MemoryStore()
    built = images.multi_arch("ubi", ("linux/amd64", "linux/arm64", "linux/s390x"), request.param)
    images.push(built, store, BASE.repository, "latest")
    return store, built


def test_gr06_gr09_every_instance_gets_layer_and_command(base, tmp_path):
    store, built = base
    image, data = made(tmp_path, store)
    layout = LayoutStore(str(tmp_path))
    assert image.media_type == built.media_type
    assert [str(child.platform) for child in image.children] == ["linux/amd64", "linux/arm64", "linux/s390x"]
    for child, original in zip(image.children, built.children):
        manifest = layout.fetch_manifest("", child.digest)
        assert manifest.media_type == original.media_type
        assert manifest.blobs[1:-1] == original.manifest().blobs[1:]
        assert manifest.blobs[-1].media_type == manifest.blobs[-2].media_type
        assert gzip.decompress(read_blob(layout, "", manifest.blobs[-1], 10**6)) == data
        config = json.loads(read_blob(layout, "", manifest.blobs[0], 10**6))
        assert config["config"]["Cmd"] == COMMAND
        assert len(config["rootfs"]["diff_ids"]) == len(manifest.blobs) - 1
        assert config["rootfs"]["diff_ids"][-1] == Digest.of(data)
        # What was built is here; the layers of the base stay where they are, and the layout says where that is.
        held = layout.blobs_present("", [blob.digest for blob in manifest.blobs])
        assert held == {manifest.blobs[0].digest, manifest.blobs[-1].digest}
        assert (tmp_path / ORIGIN).read_text() == BASE.repository


def test_the_layout_holds_the_image_alone_and_opens_without_a_name(base, tmp_path):
    store, _built = base
    image, _data = made(tmp_path, store)
    assert LayoutStore(str(tmp_path)).fetch_manifest("", "").digest == image.digest
    assert LayoutStore(str(tmp_path)).tags("") == ("latest",)


def test_gr15_equal_data_has_equal_bytes_wherever_it_is_built(base, tmp_path):
    store, _built = base
    one, _data = made(tmp_path / "one", store)
    two, _data = made(tmp_path / "two", store)
    assert one == two
    files = [
        sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        for root in (tmp_path / "one", tmp_path / "two")
    ]
    assert files[0] == files[1]


def test_building_reads_no_layer_of_the_base_and_leaves_nothing_old(base, tmp_path):
    store, built = base
    store.calls.clear()
    made(tmp_path, store)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    made(tmp_path, store, {DIGEST: (b"signature",)}.items())
    layers = {blob.digest for child in built.children for blob in child.manifest().blobs[1:]}
    assert not layers & {what for method, _repository, what in store.calls if method == "open_blob"}
    again, _data = made(tmp_path, store)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert again == made(tmp_path, store)[0]


def test_gr09_a_single_image_as_base(tmp_path):
    store = MemoryStore()
    built = images.image("ubi")
    images.push(built, store, BASE.repository, "latest")
    image, _data = made(tmp_path, store)
    assert not image.is_index and len(image.blobs) == 3


@pytest.mark.parametrize("layers", [{}, {"layers": None}, {"layers": []}], ids=["no list", "null", "empty list"])
def test_a_base_without_layers(layers, tmp_path):
    store = MemoryStore()
    document = store.add_image(BASE.repository).document()
    del document["layers"]
    store.put_manifest(BASE.repository, Manifest.parse(json.dumps({**document, **layers}).encode()), "latest")
    image, data = made(tmp_path, store)
    assert gzip.decompress(read_blob(LayoutStore(str(tmp_path)), "", image.blobs[-1], 10**6)) == data


@pytest.mark.parametrize("instances", [{}, {"manifests": None}, {"manifests": []}], ids=["no list", "null", "empty list"])
def test_a_base_without_instances(instances, tmp_path):
    store = MemoryStore()
    store.put_manifest(BASE.repository, Manifest.parse(json.dumps({"schemaVersion": 2, **instances}).encode(), OCI_INDEX), "latest")
    with pytest.raises(GraphDataInvalid, match="no instance"):
        made(tmp_path, store)


def test_gr09_an_instance_without_platform_gets_that_of_its_configuration(tmp_path):
    store = MemoryStore()
    manifest = store.add_image(BASE.repository, config=b'{"os":"linux","architecture":"ppc64le"}')
    plain = store.add_image(BASE.repository, config=b"{}")
    store.add_index(BASE.repository, [("", manifest), ("", plain)], "latest")
    image, _data = made(tmp_path, store)
    assert [str(child.platform) for child in image.children] == ["linux/ppc64le", "linux/amd64"]


def test_attestations_of_the_base_are_left_behind(tmp_path):
    store = MemoryStore()
    manifest, attestation = store.add_image(BASE.repository, config=b'{"a":1}'), store.add_image(BASE.repository, config=b'{"b":1}')
    store.add_index(BASE.repository, [("linux/amd64", manifest), ("unknown/unknown", attestation)], "latest")
    assert len(made(tmp_path, store)[0].children) == 1


def test_history_and_entry_point_of_the_base(tmp_path):
    store = MemoryStore()
    config = {"created": "2024-01-01T00:00:00Z", "config": {"Entrypoint": ["/x"], "Env": ["A=1"]}, "history": [{"created_by": "base"}]}
    store.add_image(BASE.repository, "latest", config=json.dumps(config).encode())
    image, _data = made(tmp_path, store)
    found = json.loads(read_blob(LayoutStore(str(tmp_path)), "", image.blobs[0], 10**6))
    assert found["config"] == {"Env": ["A=1"], "Cmd": COMMAND}
    assert [step.get("created") for step in found["history"]] == [None, "2024-01-01T00:00:00Z"]


def test_a_base_that_is_not_there(tmp_path):
    with pytest.raises(NotFound):
        made(tmp_path, MemoryStore())


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isfile(DATA), reason="../shared/data is not here")
def test_a_real_tarball_is_carried_file_by_file(tmp_path):
    with open(DATA, "rb") as file:
        packed = file.read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        wanted = {member.name.lstrip("./"): archive.extractfile(member).read() for member in archive if member.isfile()}
    found = unpacked(contents.layer(contents.tree(packed)))
    prefix = contents.ROOT + "/"
    assert {name[len(prefix) :]: content for name, content in found.items() if content is not None} == wanted
