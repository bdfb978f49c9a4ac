# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogs of images: layers, whiteouts, what is kept in the workspace, what is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
import zlib

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, MirrorError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

FOO = catalogs.documents("foo stable*: 0.1.0; 0.2.0<0.1.0")
BAR = catalogs.documents("bar stable*: 1.0.0")


def opened(workspace, store, root):
    return Kept(store, Workspace(str(workspace))).catalog("example.com/index:v1", "index", root).catalog


def image(store, *layers, labels=None, **settings):
    return store.add_image("index", "v1", layers=layers, config=catalogs.config(layers, labels=labels, **settings))


def link(name, kind=tarfile.SYMTYPE, target="/etc/passwd"):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return name, member


def test_an_index_is_read_by_its_linux_amd64_image(tmp_path):
    store = MemoryStore()
    root = catalogs.publish(store, "index", "v1", FOO + BAR, platforms=("s390x", "amd64"))
    assert opened(tmp_path, store, root).names == ("bar", "foo")
    assert store.count("open_blob") == 3  # configuration and two layers of one image


def test_the_second_opening_reads_no_blob(tmp_path):
    store = MemoryStore()
    root = catalogs.publish(store, "index", "v1", FOO)
    opened(tmp_path, store, root)
    store.calls.clear()
    assert opened(tmp_path, store, root).package("foo").default_channel == "stable"
    assert store.calls == []


@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        pytest.param([("configs/.wh.foo", b"")], ("bar",), id="a folder is hidden"),
        pytest.param([("configs/foo/.wh.catalog.json", b"")], ("bar",), id="a file is hidden"),
        pytest.param(
            [("configs/.wh..wh..opq", b""), *catalogs.files(catalogs.documents("new c*: 1.0.0"))], ("new",), id="the folder is opaque"
        ),
        pytest.param([(".wh.configs", b""), *catalogs.files(catalogs.documents("new c*: 1.0.0"))], ("new",), id="all of it is hidden"),
        pytest.param([(".wh..wh..opq", b""), *catalogs.files(catalogs.documents("new c*: 1.0.0"))], ("new",), id="the root is opaque"),
        pytest.param(
            [("./configs//new/x.json", json.dumps(catalogs.documents("new c*: 1.0.0")[0]).encode())],
            ("bar", "foo", "new"),
            id="names are made plain",
        ),
        pytest.param([("configs/foo", json.dumps(BAR[0]).encode())], ("bar",), id="a folder becomes a file"),
        pytest.param([("configs-of-others/.wh.foo", b""), ("elsewhere/.wh.configs", b"")], ("bar", "foo"), id="others' whiteouts"),
    ],
)
def test_layers_are_merged_in_order(tmp_path, upper, expected):
    store = MemoryStore()
    root = image(store, catalogs.tar(catalogs.BASE), catalogs.tar(catalogs.files(FOO + [BAR[0]])), catalogs.tar(upper))
    found = opened(tmp_path, store, root)
    assert found.names == expected


def test_a_file_of_a_higher_layer_replaces_the_lower_one(tmp_path):
    store = MemoryStore()
    root = image(store, catalogs.tar(catalogs.files(FOO)), catalogs.tar(catalogs.files(catalogs.documents("foo other*: 9.0.0"))))
    assert list(opened(tmp_path, store, root).package("foo").channels) == ["other"]


def test_only_the_configs_directory_is_kept(tmp_path):
    store = MemoryStore()
    opened(
        tmp_path,
        store,
        image(store, catalogs.tar(catalogs.BASE), catalogs.tar([*catalogs.files(FOO), ("etc/passwd", b"secret"), ("configsx", b"x")])),
    )
    kept = [os.path.join(folder, name) for folder, _folders, names in os.walk(tmp_path / "catalogs") for name in names]
    assert sorted(os.path.basename(path) for path in kept) == ["1-0", "index.json"]


def test_index_ignore_in_an_image(tmp_path):
    store = MemoryStore()
    root = image(
        store, catalogs.tar([*catalogs.files(FOO + BAR), ("configs/.indexignore", b"bar/\n"), ("configs/README.md", b"no catalog")])
    )
    with pytest.raises(InputError, match="README.md"):
        opened(tmp_path, store, root)
    root = image(
        store, catalogs.tar([*catalogs.files(FOO + BAR), ("configs/.indexignore", b"bar/\n*.md\n"), ("configs/README.md", b"no catalog")])
    )
    assert opened(tmp_path, store, root).names == ("foo",)


@pytest.mark.parametrize("compress", [True, False])
def test_another_directory_and_plain_layers(tmp_path, compress):
    store = MemoryStore()
    labels = {"operators.operatorframework.io.index.configs.v1": "/var/lib/catalog/"}
    root = image(store, catalogs.tar(catalogs.files(FOO, "var/lib/catalog"), compress), labels=labels)
    assert opened(tmp_path, store, root).names == ("foo",)


def test_zstd_layers(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    store = MemoryStore()
    plain = catalogs.tar(catalogs.files(FOO), compress=False)
    root = store.add_image("index", "v1", layers=[zstandard.compress(plain)], config=catalogs.config([]))
    assert opened(tmp_path, store, root).names == ("foo",)


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        ({"operators.operatorframework.io.index.database.v1": "/database/index.db"}, Unsupported, "migrate to a file-based catalog"),
        pytest.param(
            {"operators.operatorframework.io.bundle.manifests.v1": "manifests/"},
            InputError,
            "does not permit direct bundle references",
            id="X4",
        ),
        ({}, InputError, "it is not a file-based catalog"),
        ({"operators.operatorframework.io.index.configs.v1": "/"}, InputError, "not the directory of a catalog"),
        ({"operators.operatorframework.io.index.configs.v1": "/a/../../etc"}, InputError, "not the directory of a catalog"),
        ({"operators.operatorframework.io.index.configs.v1": "/nothing"}, InputError, 'no content found at "nothing/" within image'),
    ],
)
def test_what_is_no_catalog_is_told(tmp_path, labels, kind, message):
    store = MemoryStore()
    with pytest.raises(kind, match=message):
        opened(tmp_path, store, image(store, catalogs.tar(catalogs.files(FOO)), labels=labels))
    assert not os.path.isdir(tmp_path / "catalogs") or os.listdir(tmp_path / "catalogs") == []


@pytest.mark.parametrize(
    "member",
    [
        ("../configs/evil.json", b"{}"),
        ("configs/../../etc/cron.d/evil", b"{}"),
        ("/../../evil", b"{}"),
        link("configs/link.json"),
        link("configs/hard.json", tarfile.LNKTYPE, "etc/shadow"),
        link("configs"),
        link("configs/device", tarfile.CHRTYPE, ""),
        link("configs/block", tarfile.BLKTYPE, ""),
        link("configs/fifo", tarfile.FIFOTYPE, ""),
        ("configs/" + "a/" * 300 + "../" * 400 + "evil", b"{}"),
    ],
    ids=range(10),
)
def test_hostile_members_are_refused_and_leave_nothing(tmp_path, member):
    store = MemoryStore()
    workspace = tmp_path / "below" / "workspace"
    with pytest.raises(InputError):
        opened(workspace, store, image(store, catalogs.tar([*catalogs.files(FOO), member])))
    left = [name for _folder, _folders, names in os.walk(tmp_path) for name in names if name != "lock"]
    assert left == []


def test_a_file_named_upwards_outside_the_directory_is_refused_as_well(tmp_path):
    store = MemoryStore()
    with pytest.raises(InputError, match="leads out of it"):
        opened(tmp_path, store, image(store, catalogs.tar([("usr/../../evil", b"x"), *catalogs.files(FOO)])))


def test_a_layer_with_other_bytes_than_its_digest_is_refused(tmp_path):
    store = MemoryStore()
    good = catalogs.tar(catalogs.files(FOO))
    root = image(store, good)
    digest = root.blobs[1].digest
    store.blobs["index"][digest] = catalogs.tar(catalogs.files(BAR)).ljust(len(good), b"\0")[: len(good)]
    with pytest.raises(CorruptContent):
        opened(tmp_path, store, root)


@pytest.mark.parametrize(
    "content", [b"", b"not a layer at all", b"\x1f\x8bbroken", gzip.compress(b"x" * 1000, mtime=0), zlib.compress(b"x")]
)
def test_what_is_no_layer_is_told(tmp_path, content):
    store = MemoryStore()
    root = store.add_image("index", "v1", layers=[content], config=catalogs.config([]))
    with pytest.raises((CorruptContent, InputError)):
        opened(tmp_path, store, root)


def test_a_layer_that_unpacks_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "UNPACKED_ALWAYS", 1024 * 1024)
    member = tarfile.TarInfo("configs/zeros")
    member.size = 64 * 1024 * 1024
    raw = io.BytesIO()
    packer = gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=9, mtime=0)
    packer.write(member.tobuf())
    for _each in range(64):
        packer.write(bytes(1024 * 1024))
    packer.close()
    store = MemoryStore()
    root = store.add_image("index", "v1", layers=[raw.getvalue()], config=catalogs.config([]))
    began = time.monotonic()
    with pytest.raises(Unsupported, match="unpacks to more than"):
        opened(tmp_path, store, root)
    assert time.monotonic() - began < 60


def test_a_huge_extended_header_is_refused(tmp_path):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 32
    store = MemoryStore()
    root = store.add_image("index", "v1", layers=[gzip.compress(header.tobuf() + bytes(4096), mtime=0)], config=catalogs.config([]))
    with pytest.raises(CorruptContent, match="extended header"):
        opened(tmp_path, store, root)


def test_an_interrupted_reading_is_done_again(tmp_path):
    store = MemoryStore()
    root = catalogs.publish(store, "index", "v1", FOO)
    lost = root.children[0]
    configs = store.manifests["index"][lost.digest].blobs[2].digest
    content = store.blobs["index"].pop(configs)
    with pytest.raises(MirrorError):
        opened(tmp_path, store, root)
    store.blobs["index"][configs] = content
    assert opened(tmp_path, store, root).names == ("foo",)


@pytest.mark.parametrize("broken", ["index.json", "lines.json"])
def test_a_torn_cache_is_made_again(tmp_path, broken):
    store = MemoryStore()
    root = catalogs.publish(store, "index", "v1", FOO)
    opened(tmp_path, store, root)
    folder = Kept(store, Workspace(str(tmp_path))).folder(root.digest)
    with open(os.path.join(folder, broken), "w", encoding="utf-8") as file:
        file.write('{"schema": "dis')
    assert opened(tmp_path, store, root).package("foo").bundle("foo.v0.2.0").version_text == "0.2.0"


def test_catalogs_whose_tag_has_moved_on_are_dropped(tmp_path):
    store = MemoryStore()
    kept = Kept(store, Workspace(str(tmp_path)))
    roots = [catalogs.publish(store, "index", tag, content) for tag, content in (("v1", FOO), ("v2", BAR))]
    for root in roots:
        kept.catalog("c", "index", root)
        kept.note("example.com/index:v1", root.digest)
    dropped = kept.forget_others({"example.com/index:v1": roots[1].digest})
    assert dropped == [kept.folder(roots[0].digest)]
    assert os.path.isdir(kept.folder(roots[1].digest)) and not os.path.isdir(kept.folder(roots[0].digest))
    assert kept.forget_others({"example.com/other:v1": roots[0].digest}) == []


def nested(store, width, depth):
    """Indexes of indexes, each many times in the one above it."""
    manifest = image(store, catalogs.tar(catalogs.files(FOO)))
    for _level in range(depth):
        manifest = store.add_index("index", [(f"linux/a{number}", manifest) for number in range(width)], "v1")
    return manifest


def test_an_index_that_repeats_itself_is_looked_into_once(tmp_path):
    store = MemoryStore()
    root = nested(store, 50, 4)
    began = time.monotonic()
    assert opened(tmp_path, store, root).names == ("foo",)
    assert time.monotonic() - began < 60 and store.count("fetch_manifest") < 100


@pytest.mark.parametrize(("width", "depth", "message"), [(200, 1, "more than 100 images"), (1, 6, "nested deeper than 5 levels")])
def test_indexes_without_measure_are_refused(tmp_path, width, depth, message):
    store = MemoryStore()
    with pytest.raises(InputError, match=message):
        opened(tmp_path, store, nested(store, width, depth))
