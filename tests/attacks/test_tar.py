# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tars that lie: every case is refused by the header walk alone, so that the Python beneath it makes no difference.

Each case goes through the walk as a stream (layers, charts, graph data, histories) and as a volume on disk (foreign archives).
The guard that a case falls to is named with it; with Python's own reader in the walk's place some of them end a volume in
silence, take all memory or do not come to an end, depending on its version.
"""

from __future__ import annotations

import gzip
import io
import time
import zlib

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, MirrorError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Layer, file_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import TarIndex, first_name
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import Stream, TarFault, TarWalk
from ansible_collections.disconnected.mirror.tests.fakes import tars
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

GOOD = tars.member(b"good", b"content")
LAST = tars.member(b"last", b"last") + tars.END
DAMAGED = GOOD[:20] + b"\x01" + GOOD[21:]
NEGATIVE = b"\xff" * 12


def sparse(count):
    """A header with holes that says so often that more about them follows."""
    block = bytearray(tars.header(b"holes", 0, kind=b"S"))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more = bytearray(512)
    more[504] = 1
    return bytes(block) + bytes(more) * count


# Case, guard of the walk that it falls to, and what is said.
CASES = [
    ("a header is damaged between two members", "checksum", GOOD + DAMAGED + LAST, "damaged"),
    ("the first header is damaged", "checksum", DAMAGED + LAST, "damaged"),
    ("a checksum is no number", "numbers", GOOD + tars.header(checksum=b"xxxxxx\0 ") + LAST, "checksum"),
    ("a size is below zero", "numbers", GOOD + tars.header(size=NEGATIVE) + LAST, "out of range"),
    ("a size is beyond 63 bits", "numbers", GOOD + tars.header(size=b"\x80" + b"\xff" * 11) + LAST, "out of range"),
    ("a size has a sign", "numbers", GOOD + tars.header(size=b"-0000000012\0") + LAST, "not a number"),
    ("a size has an underscore", "numbers", GOOD + tars.header(size=b"0000_000012\0") + LAST, "not a number"),
    ("a size has digits of no octal", "numbers", GOOD + tars.header(size=b"00000000089\0") + LAST, "not a number"),
    ("a mode is no number", "numbers", GOOD + tars.header(mode=b"rwxr--r\0") + LAST, "not a number"),
    (
        "a member of one TiB that is not there",
        "sizes",
        GOOD + tars.header(size=b"\x80" + (1 << 40).to_bytes(11, "big")) + LAST,
        "truncated",
    ),
    ("content is cut", "sizes", GOOD + tars.header(size=5000) + bytes(512), "truncated"),
    ("a header is cut", "sizes", GOOD + tars.header()[:300], "middle of a header"),
    (
        "an extended header of one TiB",
        "extensions",
        GOOD + tars.header(kind=b"x", size=b"\x80" + (1 << 40).to_bytes(11, "big")) + LAST,
        "extended header",
    ),
    (
        "a long name of one TiB",
        "extensions",
        GOOD + tars.header(kind=b"L", size=b"\x80" + (1 << 40).to_bytes(11, "big")) + LAST,
        "extended header",
    ),
    ("a long target of two MiB", "extensions", GOOD + tars.long_name(b"a" * (2 << 20), b"K") + LAST, "extended header"),
    ("a header for all of two MiB", "extensions", GOOD + tars.pax(b"g", comment="a" * (2 << 20)) + LAST, "extended header"),
    ("long names in a chain", "chains", GOOD + tars.long_name(b"a") * 5000 + LAST, "twice"),
    ("extended headers in a chain", "chains", GOOD + tars.pax(path="a") * 5000 + LAST, "twice"),
    ("headers for all in a chain", "chains", GOOD + tars.pax(b"g", comment="a") * 5000 + LAST, "too many"),
    ("a name in both forms", "chains", GOOD + tars.long_name(b"a") + tars.pax(path="b") + LAST, "given twice"),
    ("a target in both forms", "chains", GOOD + tars.long_name(b"a", b"K") + tars.pax(linkpath="b") + LAST, "given twice"),
    ("a name for all members", "globals", GOOD + tars.pax(b"g", path="evil") + LAST, "for all members"),
    ("a size for all members", "globals", GOOD + tars.pax(b"g", size=0) + LAST, "for all members"),
    ("a target for all members", "globals", GOOD + tars.pax(b"g", linkpath="/etc/passwd") + LAST, "for all members"),
    ("digits without end in an extended header", "records", GOOD + tars.pax(content=b"1" * 65000) + LAST, "damaged"),
    ("a record longer than its header", "records", GOOD + tars.pax(content=b"99 path=a\n") + LAST, "damaged"),
    ("a record of no length", "records", GOOD + tars.pax(content=b"0 path=a\n") + LAST, "damaged"),
    ("a record of negative length", "records", GOOD + tars.pax(content=b"-9 path=a\n") + LAST, "damaged"),
    ("a record without a value", "records", GOOD + tars.pax(content=b"8 path\n") + LAST, "damaged"),
    ("a record that ends in no line break", "records", GOOD + tars.pax(content=b"10 path=ab") + LAST, "damaged"),
    ("a name with a zero in it", "records", GOOD + tars.pax(path=b"a\0b") + LAST, "damaged"),
    ("a size of an extended header below zero", "records", GOOD + tars.pax(size="-2048") + LAST, "size of a member"),
    ("a size of an extended header of many digits", "records", GOOD + tars.pax(size="9" * 400) + LAST, "size of a member"),
    ("a size of an extended header in foreign digits", "records", GOOD + tars.pax(size="\u0663".encode()) + LAST, "size of a member"),
    ("a name of five thousand characters", "names", GOOD + tars.pax(path="a" * 5000) + LAST, "more than 4096"),
    ("a target of five thousand characters", "names", GOOD + tars.pax(linkpath="a" * 5000) + LAST, "more than 4096"),
    ("holes without end", "holes", GOOD + sparse(5000) + LAST, "holes without end"),
    ("an extended header and no member", "ends", GOOD + tars.pax(path="a") + tars.END, "should follow"),
    ("an extended header at the very end", "ends", GOOD + tars.pax(path="a"), "should follow"),
    ("nothing at all", "ends", b"", "empty"),
    ("no tar", "checksum", b"this is no tar at all".ljust(2048), "not a number|damaged"),
    ("another archive's bytes", "numbers", b"PK\x03\x04" + b"\xaa" * 2044, "out of range|not a number|damaged"),
]
IDS = [f"{name} ({guard})" for name, guard, _content, _said in CASES]


@pytest.mark.parametrize("name, guard, content, said", CASES, ids=IDS)
def test_a_stream_is_refused(name, guard, content, said):
    started = time.process_time()
    with pytest.raises(TarFault, match=said):
        for _member in TarWalk(Stream(io.BytesIO(content))):
            pass
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name, guard, content, said", CASES, ids=IDS)
def test_a_volume_is_refused_and_says_what_to_do(tmp_path, name, guard, content, said):
    path = tmp_path / "mirror_000001.tar"
    path.write_bytes(content)
    with pytest.raises(CorruptContent, match=f"{said}|empty archive") as told:
        TarIndex([str(path)])
    assert told.value.subject == str(path) and "Transfer this file again" in told.value.advice
    assert isinstance(first_name(str(path)), str)


@pytest.mark.parametrize(
    "content, said",
    [
        pytest.param(GOOD, "end is missing", id="its end is missing (whole)"),
        pytest.param(GOOD + LAST[:-1024], "end is missing", id="its last member is the end (whole)"),
        pytest.param(GOOD + tars.END + LAST, "after its end", id="members are hidden behind its end (rest)"),
        pytest.param(GOOD + bytes(512) + LAST, "after its end", id="a header was zeroed (rest)"),
        pytest.param(GOOD + tars.END + bytes(2 << 20), "after its end", id="zeros without end (rest)"),
        pytest.param(GOOD + sparse(0) + bytes(512) + LAST, "stored with holes", id="a member is stored with holes (volumes)"),
        pytest.param(tars.member(b"../evil", b"x") + LAST, "not allowed", id="a name leads out (volumes)"),
        pytest.param(tars.member(b"/etc/evil", b"x") + LAST, "not allowed", id="a name is absolute (volumes)"),
    ],
)
def test_a_volume_that_is_not_whole_is_refused(tmp_path, content, said):
    path = tmp_path / "mirror_000001.tar"
    path.write_bytes(content)
    with pytest.raises(CorruptContent, match=said):
        TarIndex([str(path)])


def layer(content):
    store = MemoryStore()
    blob = Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", Digest.of(content), len(content))
    store.blobs["a/b"] = {blob.digest: content}
    return store, blob


def read_all(content):
    store, blob = layer(content)
    with Layer(store, "a/b", blob) as opened:
        for _name, _member, walk in opened.members():
            walk.read(10)


@pytest.mark.parametrize(
    "content, kind, said",
    [
        pytest.param(
            gzip.compress(tars.header(size=300 << 20) + bytes(300 << 20), 1),
            Unsupported,
            "times its size",
            id="zeros of 300 MiB in one (ratio)",
        ),
        pytest.param(gzip.compress(GOOD + LAST) + gzip.compress(b"") * 5000, None, "", id="empty pieces behind the end are not looked at"),
        pytest.param(gzip.compress(b"") * 200_000, CorruptContent, "pieces", id="empty pieces of gzip without end (pieces)"),
        pytest.param(
            gzip.compress(tars.header(size=1 << 20)) + gzip.compress(b"x") * 200_000,
            CorruptContent,
            "pieces",
            id="pieces of one byte without end (pieces)",
        ),
        pytest.param(gzip.compress(GOOD + LAST)[:-20], CorruptContent, "not a tar", id="a gzip stream that is cut (gzip)"),
        pytest.param(b"\x1f\x8b" + b"\xff" * 500, CorruptContent, "not a tar", id="no gzip behind its first bytes (gzip)"),
        pytest.param(b"\xfd7zXZ\0" + bytes(2000), CorruptContent, "not a tar", id="xz, which unpacks to anything (forms)"),
        pytest.param(b"BZh9" + bytes(2000), CorruptContent, "not a tar", id="bzip2, which unpacks to anything (forms)"),
        pytest.param(gzip.compress(gzip.compress(bytes(1 << 20))), CorruptContent, "not a tar", id="gzip in gzip (forms)"),
        pytest.param(gzip.compress(tars.member(b"../../x", b"x") + LAST), InputError, "leads out", id="a name leads out (names)"),
        pytest.param(
            gzip.compress(tars.member(b"a/../../x", b"x") + LAST), InputError, "leads out", id="a name leads out in the middle (names)"
        ),
    ],
)
def test_layers(content, kind, said):
    started = time.process_time()
    if kind is None:
        read_all(content)
    else:
        with pytest.raises(kind, match=said):
            read_all(content)
    assert time.process_time() - started < 5


def test_a_layer_with_other_bytes_than_its_digest_names_is_refused_whatever_was_read_of_it():
    content = gzip.compress(GOOD + LAST)
    store, blob = layer(content)
    store.blobs["a/b"][blob.digest] = gzip.compress(GOOD + tars.member(b"last", b"LAST") + tars.END)
    with pytest.raises(CorruptContent):
        file_of(store, "a/b", Descriptor(blob.media_type, blob.digest, len(store.blobs["a/b"][blob.digest])), "good", 100)


def test_a_file_of_a_layer_is_bounded():
    store, blob = layer(gzip.compress(tars.member(b"big", bytes(5000)) + tars.END))
    with pytest.raises(Unsupported, match="5000 bytes, more than the 4999"):
        file_of(store, "a/b", blob, "big", 4999)
    assert file_of(store, "a/b", blob, "big", 5000) == bytes(5000)


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"6", b"S"], ids=["hard link", "link", "device", "block device", "pipe", "holes"])
def test_what_is_no_plain_file_has_no_content(kind):
    store, blob = layer(tars.header(b"history.json", 0, kind=kind, target=b"/etc/passwd") + tars.END)
    assert file_of(store, "a/b", blob, "history.json", 1000) is None


@pytest.mark.parametrize("flipped", range(0, 2048, 41))
def test_no_flip_of_a_bit_loses_a_member_in_silence(tmp_path, flipped):
    """A volume with any bit of its frame changed is refused, or has all its members."""
    content = bytearray(GOOD + LAST)
    content[flipped] ^= 1 << flipped % 8
    path = tmp_path / "mirror_000001.tar"
    path.write_bytes(content)
    try:
        found = TarIndex([str(path)])
    except MirrorError:
        return
    assert len(found.entries) == 2


def test_the_cases_are_read_by_no_other_reader(monkeypatch):
    """A tarfile that fails at each use changes nothing: the guard cannot be bypassed by another Python."""
    import tarfile

    def broken(*_arguments, **_more):
        raise AssertionError("tarfile was asked")

    for name in ("frombuf", "fromtarfile", "_frombuf", "_fromtarfile", "_proc_member"):
        monkeypatch.setattr(tarfile.TarInfo, name, broken, raising=False)
    monkeypatch.setattr(tarfile, "open", broken)
    read_all(gzip.compress(GOOD + LAST))
    with pytest.raises(CorruptContent):
        read_all(zlib.compress(GOOD))


@pytest.mark.parametrize("cut", [30, 1000, 3000], ids=["at its end", "in the middle", "near its beginning"])
def test_content_that_is_cut_is_told_like_any_damage_of_a_layer(cut):
    """Whoever reads the content stands outside of the walk, and gets no bare error of gzip or of a tar."""
    noise = bytes(number * 7919 % 251 for number in range(4000))
    for content in (gzip.compress(tars.member(b"a", noise), 0)[:-cut], tars.member(b"a", noise)[:-cut]):
        store, blob = layer(content)
        with pytest.raises(CorruptContent), Layer(store, "a/b", blob) as opened:
            for _name, _member, walk in opened.members():
                walk.read()


def test_content_that_is_not_there_is_not_given_out_in_part():
    archive = TarWalk(Stream(io.BytesIO(tars.member(b"a", b"x" * 4000)[:2000])))
    assert next(iter(archive)).size == 4000
    with pytest.raises(TarFault, match="truncated"):
        archive.read()
