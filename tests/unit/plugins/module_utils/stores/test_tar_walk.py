# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one reader of tars: what real writers write is read as they meant it; what no writer writes is refused."""

from __future__ import annotations

import ast
import gzip
import io
import os
import subprocess
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.stores import tar_walk
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.gunzip import Gunzip
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import (
    FILE,
    FOLDER,
    LINK,
    Seekable,
    Stream,
    TarFault,
    TarWalk,
)
from ansible_collections.disconnected.mirror.tests.fakes import tars
from ansible_collections.disconnected.mirror.tests.fakes.processes import require

CORE = os.path.dirname(os.path.dirname(os.path.abspath(tar_walk.__file__)))
# They write tars; nothing in them reads one.
WRITERS = {"catalogs/image/layer.py", "planning/history/registry.py", "releases/graph_image/contents.py"}


def walk(content, whole=False):
    """Members with their contents, read both ways: as a stream, and from a file whose content is skipped."""
    streamed = TarWalk(Stream(io.BytesIO(content)), whole)
    found = [(member, streamed.read()) for member in streamed]
    sought = list(TarWalk(Seekable(io.BytesIO(content), len(content)), whole))
    assert [member for member, _content in found] == sought
    for member, inner in found:
        assert content[member.offset : member.offset + member.size] == inner
    return found


def written(form, entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, kind, content, target in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size, entry.mode = kind, target, len(content), 0o640
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


LONG = "folder/" * 20 + "ein-sehr-langer-name-größer-als-hundert"
ENTRIES = [
    ("a", tarfile.REGTYPE, b"x" * 1000, ""),
    ("empty", tarfile.REGTYPE, b"", ""),
    ("folder", tarfile.DIRTYPE, b"", ""),
    ("folder/link", tarfile.SYMTYPE, b"", "../a"),
    ("folder/far", tarfile.SYMTYPE, b"", LONG),
    ("hard", tarfile.LNKTYPE, b"", "a"),
    ("device", tarfile.CHRTYPE, b"", ""),
    (LONG, tarfile.REGTYPE, b"y" * 512, ""),
    ("umläut", tarfile.REGTYPE, b"z" * 513, ""),
]
KINDS = {tarfile.REGTYPE: FILE, tarfile.DIRTYPE: FOLDER, tarfile.SYMTYPE: LINK}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_python_writes(form):
    found = walk(written(form, ENTRIES), whole=True)
    assert [(member.name.rstrip("/"), member.kind, content, member.mode) for member, content in found] == [
        (name, KINDS.get(kind, "other"), content, 0o640) for name, kind, content, _target in ENTRIES
    ]
    assert [member.target for member, _content in found] == [target for _name, _kind, _content, target in ENTRIES]


def test_what_python_writes_in_the_oldest_form():
    entries = [entry for entry in ENTRIES if len(entry[3]) < 100 and len(entry[0]) < 200]
    found = walk(written(tarfile.USTAR_FORMAT, entries), whole=True)
    assert [member.name.rstrip("/") for member, _content in found] == [name for name, *_rest in entries]


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7", "oldgnu"])
def test_what_gnu_tar_writes(tmp_path, form):
    require("tar")
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "file").write_bytes(b"x" * 700)
    if form not in ("v7", "ustar"):
        (folder / ("n" * 150)).write_bytes(b"long")
    os.symlink("below/file", folder / "link")
    subprocess.run(["tar", f"--format={form}", "-cf", "out.tar", "-C", "in", "."], cwd=tmp_path, check=True)
    found = {member.name: (member.kind, content) for member, content in walk((tmp_path / "out.tar").read_bytes(), whole=True)}
    with tarfile.open(tmp_path / "out.tar") as other:
        assert {name.rstrip("/") for name in found} == {member.name for member in other}
    assert found["./below/file"] == (FILE, b"x" * 700) and found["./below/"][0] == FOLDER and found["./link"][0] == LINK


@pytest.mark.parametrize("form", ["gnu", "--posix --sparse-version=0.0", "--posix --sparse-version=0.1", "--posix --sparse-version=1.0"])
def test_holes_are_seen_and_passed_over(tmp_path, form):
    require("tar")
    with open(tmp_path / "holes", "wb") as file:
        for number in range(60):
            file.seek(number * 1024 * 1024)
            file.write(b"x" * 5000)
        file.truncate(2**40)
    (tmp_path / "zlast").write_bytes(b"last")
    options = ["--format=gnu"] if form == "gnu" else form.split()
    subprocess.run(["tar", "-S", *options, "-cf", "out.tar", "holes", "zlast"], cwd=tmp_path, check=True)
    holes, last = walk((tmp_path / "out.tar").read_bytes(), whole=True)
    assert holes[0].sparse and not holes[0].is_file and holes[0].name.endswith("holes")
    assert last[0].is_file and last[1] == b"last"


def test_sizes_to_the_base_of_256():
    block = tars.header(size=b"\x80" + (8**11).to_bytes(11, "big"))
    with pytest.raises(TarFault, match="truncated"):
        walk(block + tars.END)
    assert next(iter(TarWalk(Stream(io.BytesIO(block))))).size == 8**11


def test_content_is_read_in_parts_and_what_is_left_is_passed_over():
    archive = TarWalk(Stream(io.BytesIO(tars.member(b"a", b"x" * 1000) + tars.member(b"b", b"y") + tars.END)))
    members = iter(archive)
    assert next(members).name == "a" and archive.read(10) == b"x" * 10 and len(archive.read(5000)) == 990 and archive.read() == b""
    assert next(members).name == "b" and next(members, None) is None


def test_an_end_may_be_missing_in_a_layer_and_not_in_a_volume():
    content = tars.member(b"a", b"x")
    assert len(walk(content)) == 1
    with pytest.raises(TarFault, match="end is missing"):
        walk(content, whole=True)


def test_checksums_with_a_sign():
    block = bytearray(tars.header(b"a" * 40 + "ä".encode()))
    counted = block[:148] + b" " * 8 + block[156:]
    block[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in counted)
    assert walk(bytes(block) + tars.END)[0][0].name == "a" * 40 + "ä"


def test_a_comment_for_all_members_is_passed_over():
    assert walk(tars.pax(b"g", comment="0123abcd") + tars.member(b"a", b"x") + tars.END)[0][1] == b"x"


def test_no_other_reader_of_tars_is_left():
    """Python's own differs from version to version in what it refuses; only those that write use it."""
    using = set()
    for path, _folders, names in os.walk(CORE):
        for name in names:
            file = os.path.join(path, name)
            if name.endswith(".py"):
                with open(file, encoding="utf-8") as source:
                    tree = ast.parse(source.read())
                if any(isinstance(node, ast.Import) and any(alias.name == "tarfile" for alias in node.names) for node in ast.walk(tree)):
                    using.add(os.path.relpath(file, CORE))
                    reading = [
                        node
                        for node in ast.walk(tree)
                        if isinstance(node, ast.Attribute) and node.attr in ("extractfile", "getmembers", "next")
                    ]
                    assert not reading, file
    assert using == WRITERS


def test_gzip_of_several_members_and_padding():
    content = gzip.compress(b"abc") + gzip.compress(b"") + gzip.compress(b"def" * 10_000) + bytes(10_000)
    reader = Gunzip(io.BytesIO(content))
    pieces = []
    while True:
        piece = reader.read(100)
        if not piece:
            break
        assert len(piece) <= 100
        pieces.append(piece)
    assert b"".join(pieces) == b"abc" + b"def" * 10_000


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_gzip_that_is_cut(cut):
    content = gzip.compress(os.urandom(30))
    with pytest.raises(EOFError):
        reader = Gunzip(io.BytesIO(content[:-cut]))
        while reader.read(1000):
            pass
