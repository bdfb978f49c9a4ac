# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file out of an image, what is written into it, and boot images: whatever the archive says."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools import inscription
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.boot_image import boot_images
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.extraction import extract, instance
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.inscription import RELEASE_IMAGE, RELEASE_VERSION, inscribe
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

PATH = "usr/bin/oc"


def tar(*members):
    """Each: (name, content), or (name, kind, target)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, *rest in members:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.uid = 0o6777, 0
            if len(rest) == 1:
                entry.size = len(rest[0])
                archive.addfile(entry, io.BytesIO(rest[0]))
            else:
                entry.type, entry.linkname = rest
                archive.addfile(entry)
    return gzip.compress(buffer.getvalue(), mtime=0)


@pytest.fixture
def registry():
    with FakeRegistry() as registry:
        store = RegistryStore(registry.host, Http(Settings.of({"plain_http": True})))
        yield registry, store
        store.close()


def taken(registry, tmp_path, *layers, path=PATH):
    fake, store = registry
    digest = images.put(images.image("x", list(layers)), fake.content, "a/b")
    target = str(tmp_path / "out" / "oc")
    extract(store, "a/b", store.fetch_manifest("a/b", digest), path, target, lambda file: None)
    with open(target, "rb") as file:
        return file.read()


def test_the_topmost_layer_has_the_last_word(registry, tmp_path):
    assert taken(registry, tmp_path, tar((PATH, b"old")), tar((PATH, b"new"), ("etc/x", b"y"))) == b"new"


def test_nothing_but_the_one_file_is_written_and_no_mode_is_believed(registry, tmp_path):
    members = [("../../outside", b"x"), (PATH, b"program"), ("/etc/passwd", b"root")]
    with pytest.raises(MirrorError):
        taken(registry, tmp_path, tar(*members))
    assert taken(registry, tmp_path, tar(*members[1:])) == b"program"
    assert os.listdir(tmp_path) == ["out"] and os.listdir(tmp_path / "out") == ["oc"]
    assert os.stat(tmp_path / "out" / "oc").st_mode & 0o7000 == 0


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_what_is_no_file_is_refused(registry, tmp_path, kind):
    with pytest.raises(Unsupported, match="not a regular file"):
        taken(registry, tmp_path, tar((PATH, kind, "/etc/shadow")))
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize("whiteout", ["usr/bin/.wh.oc", "usr/.wh.bin", ".wh.usr", "usr/bin/.wh..wh..opq", ".wh..wh..opq"])
def test_what_a_layer_takes_away_is_not_found_below_it(registry, tmp_path, whiteout):
    with pytest.raises(NotFound, match=f"the image has no {PATH}"):
        taken(registry, tmp_path, tar((PATH, b"old")), tar((whiteout, b"")))
    assert taken(registry, tmp_path, tar((PATH, b"old")), tar((whiteout, b""), (PATH, b"new"))) == b"new"
    assert taken(registry, tmp_path, tar((PATH, b"old")), tar(("usr/bin/.wh.other", b""), ("var/.wh..wh..opq", b""))) == b"old"


def test_a_file_larger_than_any_program_is_refused(registry, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "PROGRAM", 4)
    with pytest.raises(Unsupported, match="more than the 4"):
        taken(registry, tmp_path, tar((PATH, b"12345")))


def test_what_fails_at_its_end_leaves_what_was_there(registry, tmp_path):
    assert taken(registry, tmp_path, tar((PATH, b"before"))) == b"before"
    fake, store = registry
    digest = images.put(images.image("y", [tar((PATH, b"after"))]), fake.content, "a/b")

    def fail(file):
        raise InputError("no")

    with pytest.raises(InputError):
        extract(store, "a/b", store.fetch_manifest("a/b", digest), PATH, str(tmp_path / "out" / "oc"), fail)
    assert os.listdir(tmp_path / "out") == ["oc"] and (tmp_path / "out" / "oc").read_bytes() == b"before"


def test_an_instance_that_the_mirror_lacks_is_not_chosen(registry):
    fake, store = registry
    built = [images.image("x", platform=f"linux/{each}") for each in ("amd64", "arm64")]
    digest = images.put(images.index(built), fake.content, "a/b")
    assert instance(store, "a/b", digest, Platform("linux", "arm64")).digest == built[1].digest
    fake.content.find("a/b").manifests.pop(str(built[0].digest))
    assert instance(store, "a/b", digest, None).digest == built[1].digest
    with pytest.raises(NotFound, match="holds no instance for linux/amd64"):
        instance(store, "a/b", digest, Platform("linux", "amd64"))


def test_an_image_for_one_platform_is_for_no_other(registry):
    fake, store = registry
    digest = images.put(images.image("x"), fake.content, "a/b")
    with pytest.raises(NotFound, match="for linux/arm64 alone"):
        instance(store, "a/b", digest, Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert instance(store, "a/b", digest, Platform("linux", "amd64"), Platform("linux", "amd64")).digest == digest


def room(marker=RELEASE_IMAGE, size=280):
    return marker + b"X" * size + b"\x00"


def inscribed(content, **values):
    file = io.BytesIO(content)
    names = {"image": RELEASE_IMAGE, "version": RELEASE_VERSION}
    found = inscribe(file, {names[name]: value for name, value in values.items()})
    assert len(file.getvalue()) == len(content)
    return file.getvalue(), found


def test_a_value_is_written_over_the_marker_from_its_beginning():
    content, found = inscribed(b"head" + room() + room(RELEASE_VERSION, 64) + b"tail", image="host/a@sha256:1", version="4.16.3")
    assert content.startswith(b"headhost/a@sha256:1\x00") and b"4.16.3\x00" in content and content.endswith(b"tail")
    assert found == {RELEASE_IMAGE, RELEASE_VERSION}


@pytest.mark.parametrize("before", [0, 1, 900, 1023, 1024, 1025])
def test_a_room_is_found_wherever_windows_end(monkeypatch, before):
    monkeypatch.setattr(inscription, "_STEP", 1024)
    for shift in range(0, 400, 7):
        content, found = inscribed(b"a" * (before + shift) + room() + b"b" * 3000, image="x")
        assert found and content[before + shift : before + shift + 2] == b"x\x00"


def test_only_the_first_room_is_used_and_mentions_are_none():
    mention = RELEASE_IMAGE + b" is what is replaced\x00" + RELEASE_IMAGE + b"XX\x00"
    content, _found = inscribed(mention + room() + room(), image="x")
    assert content.startswith(mention + b"x\x00") and content.endswith(room())


def test_a_value_without_room_is_refused():
    with pytest.raises(InputError, match="has room for"):
        inscribed(room(size=16), image="x" * 60)
    assert inscribed(b"no marker", image="x") == (b"no marker", set())


def test_boot_images_are_those_with_a_place_and_a_checksum():
    def file(location="https://example.com/a.iso", sha256="a" * 64):
        return {"location": location, "sha256": sha256, "signature": "x"}

    formats = {
        "iso": {"disk": file()},
        "pxe": {"kernel": file(), "rootfs": file("ftp://example.com/r"), "initramfs": file(sha256="zz")},
        "odd": [],
        "../x": {"disk": file()},
    }
    architectures = {"x86_64": {"artifacts": {"metal": {"formats": formats}, "aws": {}, "gcp": 3}}, "s390x": []}
    document = {"data": {"stream": json.dumps({"architectures": architectures})}}
    found = boot_images(json.dumps(document).encode())
    assert [(image.architecture, image.kind) for image in found] == [("x86_64", "metal/iso/disk"), ("x86_64", "metal/pxe/kernel")]
