# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalog layers that mean harm: nothing leaves the folder, nothing fills the disk, no file shows another's content (user-needs G15)."""

from __future__ import annotations

import gzip
import io
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image import extraction
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore


def entry(name, content=b"", kind=tarfile.REGTYPE, link="", **records):
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size, member.pax_headers = kind, link, len(content), records
    return member, content


def extract(folder, *entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in entries:
            tar.addfile(member, io.BytesIO(content))
    store = MemoryStore()
    blob = store.add_blob("x/y", gzip.compress(out.getvalue()))
    os.mkdir(folder)
    found = extraction.extract_layers(store, "x/y", [blob], "configs", str(folder))
    return {file.name: open(file.path, "rb").read() for file in found}


def test_names_that_come_twice_keep_their_own_content(tmp_path):
    files = [entry("configs/a", b"old"), entry("configs/b", b"b"), entry("configs/a", b"new"), entry("configs/c", b"c")]
    assert extract(tmp_path / "x", *files) == {"a": b"new", "b": b"b", "c": b"c"}


def test_so_do_those_around_a_file_that_becomes_a_folder(tmp_path):
    folder = entry("configs/a", kind=tarfile.DIRTYPE)
    files = [entry("configs/a", b"a"), entry("configs/b", b"b"), folder, entry("configs/c", b"c"), entry("configs/a/d", b"d")]
    assert extract(tmp_path / "x", *files) == {"b": b"b", "c": b"c", "a/d": b"d"}


@pytest.mark.parametrize(
    "members",
    [
        [entry("configs/../../evil", b"x")],
        [entry("../configs/evil", b"x")],
        [entry("configs/a", kind=tarfile.SYMTYPE, link="/etc/passwd")],
        [entry("configs/a", kind=tarfile.LNKTYPE, link="configs/../../etc/passwd")],
        [entry("configs", kind=tarfile.SYMTYPE, link="/etc")],
        [entry("configs/a", kind=tarfile.CHRTYPE)],
        [entry("configs/a", kind=tarfile.FIFOTYPE)],
        [entry("configs/a", b"x", **{"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40), "GNU.sparse.major": "0"})],
        [entry("configs/a", b"x"), entry("configs/b", b"x" * 2000), entry("configs/c", b"x" * 2000)],
        [entry(f"configs/{number}") for number in range(30)],
    ],
)
def test_what_no_catalog_has_is_refused_and_leaves_nothing_elsewhere(tmp_path, monkeypatch, members):
    monkeypatch.setattr(limits, "CATALOG", 4000)
    monkeypatch.setattr(limits, "CATALOG_FILES", 20)
    with pytest.raises(MirrorError):
        extract(tmp_path / "x", *members)
    assert os.listdir(tmp_path) == ["x"]
    assert all(os.path.getsize(tmp_path / "x" / name) <= 4000 for name in os.listdir(tmp_path / "x"))


def test_absolute_and_dotted_names_are_those_of_the_image(tmp_path):
    assert extract(tmp_path / "x", entry("/configs/a", b"a"), entry("./configs/./b", b"b")) == {"a": b"a", "b": b"b"}
