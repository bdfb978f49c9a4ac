# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rebuilt catalog image: what its merged root shows, how it starts, that its bytes depend on nothing else (P02)."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import media_type
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import Instance, instances
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.rebuild import rebuild, start_command
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import ORIGIN, Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

CONTENT = catalogs.documents("foo stable*: 0.1.0; 0.2.0<0.1.0\nbar stable*: 1.0.0") + [{"schema": "custom", "value": 1}]
LIMIT = 1 << 20


def source(platforms=("amd64", "arm64")):
    store = MemoryStore()
    return store, catalogs.publish(store, "index", "v1", CONTENT, platforms)


def selection(folder):
    return catalogs.catalog(folder, "foo stable*: 0.2.0<0.1.0", more=[{"schema": "custom", "value": 1}]).everything()


def built(folder, store, root):
    layout = LayoutStore(str(folder / "layout"))
    found = instances(root, lambda digest: store.fetch_manifest("index", digest), lambda blob: read_blob(store, "index", blob, 1 << 20))
    return layout, rebuild(found, selection(folder / "source"), layout, "identity")


def read(layout, store, blob):
    try:
        return read_blob(layout, "", blob, LIMIT)
    except NotFound:
        return read_blob(store, "index", blob, LIMIT)


def images(layout, index):
    return [layout.fetch_manifest("", child.digest) for child in index.children]


def test_the_merged_root_has_the_new_configs_and_no_old_cache(tmp_path):
    store, root = source()
    layout, index = built(tmp_path, store, root)
    assert [str(child.platform) for child in index.children] == ["linux/amd64", "linux/arm64"]
    for manifest, architecture in zip(images(layout, index), (b"amd64", b"arm64")):
        files = catalogs.merged_root(manifest, lambda blob: read(layout, store, blob))
        assert sorted(name for name in files if name.startswith("configs")) == [
            "configs",
            "configs/catalog.json",
            "configs/foo",
            "configs/foo/catalog.json",
        ]
        assert not [name for name in files if "cache" in name]
        assert files["bin/opm"][2] == b"not a program" and files["etc/arch"][2] == architecture
        assert files["tmp"][0] == 0o1777
        assert b"0.1.0" not in files["configs/foo/catalog.json"][2].replace(b'"replaces": "foo.v0.1.0"', b"")


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_modes_and_bytes_do_not_depend_on_the_umask(tmp_path, umask):
    store, root = source()
    before = os.umask(umask)
    try:
        layout, index = built(tmp_path, store, root)
    finally:
        os.umask(before)
    plain = built(tmp_path / "again", *source())[1]
    assert index.content == plain.content
    files = catalogs.merged_root(images(layout, index)[0], lambda blob: read(layout, store, blob))
    for name, (mode, owner, content) in files.items():
        if name.startswith("configs"):
            assert mode & stat.S_IROTH and owner == 0
            assert content is not None or mode & stat.S_IXOTH


def test_the_start_command_names_no_cache_and_labels_stay(tmp_path):
    store, root = source()
    layout, index = built(tmp_path, store, root)
    for manifest in images(layout, index):
        config = json.loads(read(layout, store, manifest.blobs[0]))
        assert config["config"]["Entrypoint"] == ["/bin/opm"]
        assert config["config"]["Cmd"] == ["serve", "/configs"]
        assert config["config"]["Labels"] == {"operators.operatorframework.io.index.configs.v1": "/configs", "maintainer": "nobody"}
        assert config["created"] == "2024-01-01T00:00:00Z"
        unpacked = [gzip.decompress(read(layout, store, blob)) for blob in manifest.blobs[1:]]
        assert config["rootfs"]["diff_ids"] == [str(Digest.of(layer)) for layer in unpacked]
        assert len(config["history"]) == len(unpacked)


def test_whiteouts_are_a_layer_below_the_configs(tmp_path):
    """RB-2."""
    store, root = source()
    layout, index = built(tmp_path, store, root)
    *_base, hiding, showing = images(layout, index)[0].blobs
    names = []
    for blob in (hiding, showing):
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(read(layout, store, blob)))) as tar:
            names.append(tar.getnames())
    assert names[0] == [".wh.cache", ".wh.configs", "tmp", "tmp/.wh.cache"]
    assert not [name for name in names[1] if ".wh." in name]


def test_the_publishers_layers_are_not_copied(tmp_path):
    store, root = source()
    layout, index = built(tmp_path, store, root)
    kept = layout.blobs_present("", [blob.digest for manifest in images(layout, index) for blob in manifest.blobs])
    assert len(kept) == 2 + 2  # two configurations, and the two layers that both images share


@pytest.mark.parametrize("platforms", [("amd64",), ("s390x",)])
def test_a_single_image_becomes_an_index(tmp_path, platforms):
    """RB-5, trap 16."""
    store, root = source(platforms)
    single = store.fetch_manifest("index", root.children[0].digest)
    layout, index = built(tmp_path, store, single)
    assert index.media_type == media_type.OCI_INDEX
    assert [str(child.platform) for child in index.children] == [f"linux/{platforms[0]}"]


def test_docker_images_stay_docker_images(tmp_path):
    store, root = source(("amd64",))
    document = store.fetch_manifest("index", root.children[0].digest).document()
    document["mediaType"] = media_type.DOCKER_MANIFEST
    docker = store.add_document("index", document)
    layout, index = built(tmp_path, store, docker)
    assert index.media_type == media_type.DOCKER_LIST
    assert [entry["mediaType"] for entry in images(layout, index)[0].document()["layers"]][-2:] == [
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    ] * 2


def test_an_unknown_form_is_refused(tmp_path):
    store, root = source(("amd64",))
    child = store.fetch_manifest("index", root.children[0].digest)
    other = Manifest(child.content, media_type.OCI_ARTIFACT, child.digest, blobs=child.blobs)
    found = instances(other, store.fetch_manifest, lambda blob: read_blob(store, "index", blob, 1 << 20))
    with pytest.raises(Unsupported, match="unsupported manifest format"):
        rebuild(found, selection(tmp_path), LayoutStore(str(tmp_path / "layout")), "t")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Entrypoint": ["/bin/opm"], "Cmd": ["serve", "/configs"]}, {"Entrypoint": ["/bin/opm"], "Cmd": ["serve", "/configs"]}),
        ({"Entrypoint": ["/bin/opm"], "Cmd": ["registry", "serve"]}, {"Entrypoint": ["/bin/opm"], "Cmd": ["serve", "/configs"]}),
        (
            {"Entrypoint": ["/bin/opm", "serve", "/x", "--cache-dir", "/tmp/cache"]},
            {"Entrypoint": ["/bin/opm"], "Cmd": ["serve", "/configs"]},
        ),
        ({"Cmd": ["opm", "serve", "/x"]}, {"Cmd": ["opm", "serve", "/configs"]}),
        ({"Cmd": None}, {}),
        ({"Cmd": ["/usr/bin/catalogd"]}, {}),
        ({}, {}),
    ],
)
def test_start_commands(settings, expected):
    assert start_command(settings) == expected


@pytest.mark.parametrize(
    "command", [["serve", "/configs", "--cache-dir=/var/cache/opm"], ["serve", "/configs", "--cache-dir", "/var/cache/opm"]]
)
def test_a_cache_elsewhere_is_hidden_too(tmp_path, command):
    store = MemoryStore()
    layers = [
        catalogs.tar([("var", None), ("var/cache", None), ("var/cache/opm", None), ("var/cache/opm/digest", b"stale")]),
        catalogs.tar(catalogs.files(CONTENT)),
    ]
    root = store.add_image("index", "v1", layers=layers, config=catalogs.config(layers, Cmd=command))
    layout, index = built(tmp_path, store, root)
    assert not [
        name
        for name in catalogs.merged_root(images(layout, index)[0], lambda blob: read(layout, store, blob))
        if name.endswith("opm/digest")
    ]


def test_what_is_not_in_the_layout_is_read_where_it_came_from(tmp_path):
    store, root = source()
    workspace = Workspace(str(tmp_path / "workspace"))
    folder = os.path.join(workspace.content, "catalogs", "x")
    found = instances(root, lambda digest: store.fetch_manifest("index", digest), lambda blob: read_blob(store, "index", blob, 1 << 20))
    rebuild(found, selection(tmp_path / "source"), LayoutStore(folder), "identity")
    upstream = Upstream(lambda host: store, workspace=workspace)
    index = upstream.fetch_manifest("built://catalogs/x", "")
    image = upstream.fetch_manifest("built://catalogs/x", index.children[0].digest)
    with pytest.raises(NotFound):
        upstream.open_blob("built://catalogs/x", image.blobs[1])
    with open(os.path.join(folder, ORIGIN), "w", encoding="utf-8") as file:
        file.write("registry.example.com/index\n")
    for blob in image.blobs:
        assert read_blob(upstream, "built://catalogs/x", blob, LIMIT)


def test_instances_leave_attestations_out():
    store, root = source()
    found = instances(root, lambda digest: store.fetch_manifest("index", digest), lambda blob: read_blob(store, "index", blob, 1 << 20))
    assert [each.platform for each in found] == [Platform("linux", "amd64"), Platform("linux", "arm64")]
    assert all(isinstance(each, Instance) for each in found)
