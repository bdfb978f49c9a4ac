# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that claim what cannot be are refused in words, before they cost anything (user-needs G15, G16, G22)."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive import places
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import header, padded
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_import import opened

DEEP = b"[" * 200_000
HISTORY = b"{}"


def claim(folder, contents):
    """A first volume that begins like a real one and has nothing behind its list of contents."""
    encoded = contents.encoded()
    beginning = header("manifest.json", len(encoded)) + encoded.ljust(padded(len(encoded)), b"\0")
    (folder / places.volume_name(contents.sequence, 0)).write_bytes(beginning)
    return find(str(folder))[0]


@pytest.mark.parametrize("size", [1 << 40, 1 << 62, 10**39])
@pytest.mark.parametrize("volume_size", [0, 2048, 4096, 1 << 20])
def test_a_set_that_claims_any_size_is_not_laid_out(tmp_path, monkeypatch, size, volume_size):
    monkeypatch.setattr(places, "_MOST_VOLUMES", 1000)
    with pytest.raises(MirrorError):
        ArchiveReader(claim(tmp_path, Contents("u", 1, 0, volume_size, "", (Content.blob(Digest.of(b"x"), size),))))


def test_more_volumes_than_names_have_numbers_for_are_told(monkeypatch):
    monkeypatch.setattr(places, "_MOST_VOLUMES", 3)
    blob = Content.blob(Digest.of(b"x"), 20 * 4096)
    with pytest.raises(InputError, match="more than 3 volumes"):
        places.arrange(Contents("u", 1, 0, 16 * 1024, "", (blob,)))


def archive(folder, documents):
    """A sound, unsigned set of these documents alone."""
    contents = Contents("u", 1, 0, 1 << 30, "", tuple(Content.document(name, text) for name, text in documents.items()))
    laid = places.arrange(contents)
    image = bytearray(laid.sizes[0])
    texts = {**documents, "manifest.json": contents.encoded()}
    archive_id = Digest.of(contents.encoded())
    texts["volume.json"] = places.volume_document(archive_id, 0, 1, Digest.of(b""))
    for segment in laid.segments[0]:
        head = header(segment.name, segment.size)
        image[segment.offset - len(head) : segment.offset + segment.size] = head + texts[segment.name]
    path = folder / places.volume_name(1, 0)
    path.write_bytes(image)
    return ArchiveReader(find(str(folder))[0])


@pytest.mark.parametrize(
    "index", [b"", b"[]", b"{}", DEEP, b'{"manifests": 3}', b'{"manifests": [3]}', b'{"manifests": [{"annotations": 3}]}', b"\xff"]
)
def test_an_index_that_is_none_is_told(tmp_path, index):
    with pytest.raises(CorruptContent, match="index.json"):
        archive(tmp_path, {"index.json": index}).tags("a/b")


PLAN = (
    b'{"schema": "disconnected.mirror/plan/1", "config": %s, "releases": %s, "catalogs": [], "charts": %s,'
    b' "images": %s, "warnings": %s, "failures": %s}'
)
GOOD = (b"{}", b"[]", b"[]", b"[]", b"[]", b"[]")


@pytest.mark.parametrize(
    "plan",
    [
        b"",
        b"3",
        b"{}",
        DEEP,
        *(PLAN % (*GOOD[:place], bad, *GOOD[place + 1 :]) for place in range(6) for bad in (b"3", b"[3]", b'"x"', b"[[]]")),
    ],
)
def test_a_plan_that_is_none_is_told(tmp_path, plan):
    with pytest.raises(MirrorError):
        opened(archive(tmp_path, {"plan.json": plan, "history.json": HISTORY}))


def test_a_link_in_the_folder_is_read_like_the_file_and_a_pipe_holds_nobody_up(tmp_path):
    documents = {"index.json": b'{"manifests": []}'}
    real, folder = tmp_path / "real", tmp_path / "linked"
    real.mkdir(), folder.mkdir()
    name = os.path.basename(archive(real, documents).paths[0])
    os.symlink(real / name, folder / name)
    assert ArchiveReader(find(str(folder))[0]).document("index.json") == documents["index.json"]
    os.mkfifo(folder / "mirror_seq2_000000.tar")
    with pytest.raises(CorruptContent, match="not a regular file"):
        find(str(folder))
