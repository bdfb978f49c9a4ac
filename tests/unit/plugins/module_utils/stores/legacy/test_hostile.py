# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tar archives of others are indexed within bounds, whatever their headers say (user-needs G15, G16)."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import TarIndex, first_name


def member(name, content=b"", kind=tarfile.REGTYPE, size=None, link=""):
    """Header and content of one member; size: what the header says instead of the truth."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    entry.size = len(content) if size is None else size
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + content.ljust(-(-len(content) // 512) * 512, b"\0")


def pax(name, content=b"", **records):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        entry = tarfile.TarInfo(name)
        entry.size, entry.pax_headers = len(content), {key.replace("_", "."): value for key, value in records.items()}
        tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()[:-1024].rstrip(b"\0").ljust(4096, b"\0")


HOSTILE = {
    "a name that leads out": member("../evil", b"x"),
    "an absolute name": member("/etc/evil", b"x"),
    "a size below zero": member("a", b"x") + member("b", size=-1024) + bytes(1024),
    "a long name of any size": member("././@LongLink", size=1 << 40, kind=tarfile.GNUTYPE_LONGNAME) + bytes(1024),
    "an extended header of any size": member("pax", size=1 << 40, kind=tarfile.XHDTYPE) + bytes(1024),
    "a size below zero in an extended header": pax("a", b"x", size="-2048") + member("b", b"x"),
    "holes": pax("a", b"x", GNU_sparse_major="0", GNU_sparse_minor="1", GNU_sparse_map="0,1,4096,1", GNU_sparse_size="1099511627776"),
    "holes that are no numbers": pax("a", b"1\nx\n".ljust(512, b"\0"), GNU_sparse_major="1", GNU_sparse_minor="0"),
    "no tar": b"\x1f\x8b" + bytes(1000),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_headers_are_refused(tmp_path, name):
    path = tmp_path / "mirror_000001.tar"
    path.write_bytes(HOSTILE[name] + bytes(1024))
    with pytest.raises(CorruptContent):
        TarIndex([str(path)])
    assert isinstance(first_name(str(path)), str)


def test_links_and_devices_lead_nowhere(tmp_path):
    path = tmp_path / "mirror_000001.tar"
    kinds = {"dev": tarfile.CHRTYPE, "pipe": tarfile.FIFOTYPE, "hard": tarfile.LNKTYPE}
    links = [
        member(name, kind=tarfile.SYMTYPE, link=target) for name, target in (("s", "/etc/passwd"), ("t", "../../etc/passwd"), ("u", "u"))
    ]
    path.write_bytes(b"".join(links + [member(name, kind=kind, link="/etc/passwd") for name, kind in kinds.items()]) + bytes(1024))
    index = TarIndex([str(path)])
    for name in ("s", "t", "u", "dev", "pipe", "hard"):
        with pytest.raises(NotFound):
            index.read(name)


def test_what_is_no_file_holds_nobody_up(tmp_path):
    path = str(tmp_path / "mirror_000001.tar")
    os.mkfifo(path)
    assert first_name(path) == ""
    with pytest.raises(CorruptContent):
        TarIndex([path])
