# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import tarfile
import tempfile
from types import SimpleNamespace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    Cancelled,
    CorruptContent,
    InputError,
    Locked,
    MirrorError,
    NotFound,
    StorageError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive import unfinished as unfinished_module
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.check import check, require_sound
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import arrange
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import (
    SigningKey,
    TrustedKeys,
    require,
    sign,
    verify,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import first_member, header
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.writer import ArchiveWriter
from ansible_collections.disconnected.mirror.tests.fakes import processes, release
from ansible_collections.disconnected.mirror.tests.unit.plugins.module_utils.stores.archive import sets

SIZES = [0, 1, 511, 512, 513, 70_000, 300_000, 4096]


def read_blob(archive, blob, offset=0, step=1000):
    reader = archive.open_blob("any", Descriptor("x", Digest.of(blob), len(blob)), offset)
    out, buffer = bytearray(), memoryview(bytearray(step))
    while True:
        count = reader.readinto(buffer)
        if not count:
            return bytes(out)
        out += buffer[:count]


def open_one(folder):
    (found,) = find(str(folder))
    return ArchiveReader(found)


def names(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".tar"))


@pytest.mark.parametrize("volume_size", [1 << 30, 128 * 1024, 100_001])
def test_what_is_written_is_read_from_any_offset(tmp_path, volume_size):
    content = sets.blobs(1, SIZES)
    sets.write_set(tmp_path, content, volume_size=volume_size)
    assert all(os.path.getsize(tmp_path / name) <= volume_size for name in names(tmp_path))
    archive = open_one(tmp_path)
    assert check(archive) == ()
    for blob in content:
        for offset in (0, len(blob) // 2, len(blob)):
            assert read_blob(archive, blob, offset) == blob[offset:]
    assert archive.document("plan.json") == b'{"a": 1}\n'
    assert archive.tags("registry.example.com/ns/app") == ("v1",)
    assert archive.tags("registry.example.com/other") is None


def test_volumes_are_plain_tar_with_everything_in_the_announced_order(tmp_path):
    content = sets.blobs(2, [10, 200_000])
    wanted = sets.write_set(tmp_path, content, volume_size=96 * 1024)
    first, second, third = names(tmp_path)
    assert (first, third) == ("mirror_seq1_000000.tar", "mirror_seq1_000002.tar")
    with tarfile.open(tmp_path / first) as tar:
        members = tar.getnames()
        assert members[:5] == ["manifest.json", "volume.json", "plan.json", "oci-layout", "index.json"]
        assert tar.extractfile("manifest.json").read() == wanted.encoded()
    parts = []
    for name in (first, second, third):
        with tarfile.open(tmp_path / name) as tar:
            parts += [tar.extractfile(member).read() for member in tar if ".part" in member.name]
    assert b"".join(parts) == content[1]
    listed = subprocess.run(["tar", "tvf", str(tmp_path / third)], capture_output=True, check=True, text=True).stdout
    assert "volume.json" in listed and listed.startswith("-rw-r--r-- 0/0")


def test_same_contents_same_bytes_whatever_the_order_of_arrival(tmp_path):
    content = sets.blobs(3, SIZES)
    for number, folder in enumerate(("a", "b")):
        wanted = sets.contents(content, volume_size=100_000)
        unfinished = UnfinishedSet(str(tmp_path / folder), wanted)
        unfinished.open(sets.documents(content))
        writer = ArchiveWriter(unfinished)
        shuffled = list(content)
        random.Random(number).shuffle(shuffled)
        for blob in shuffled:
            sets.fill(writer, blob)
        unfinished.finish()
    for name in names(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_large_sizes_and_long_names_have_headers_that_tar_reads():
    for name, size in (("blobs/sha512/" + "a" * 128, 12), ("x", 8**11), ("x", 8**11 - 1), ("y" * 100, 0)):
        with_content = header(name, size)
        info = tarfile.TarInfo.frombuf(with_content[-512:], "ascii", "strict")
        assert info.size == size
        if len(name) <= 100:
            assert first_member(with_content) == (name, size)
    assert first_member(bytes(512)) == ("", 0)
    assert first_member(b"\xff" * 512) == ("", 0)


def test_a_sha512_blob_is_listed_by_tar_with_its_whole_name(tmp_path):
    blob = b"content"
    digest = Digest("sha512:" + hashlib.sha512(blob).hexdigest())
    wanted = Contents("u", 1, 0, 1 << 20, "", (*sets.contents([]).members, Content.blob(digest, len(blob))))
    unfinished = UnfinishedSet(str(tmp_path), wanted)
    unfinished.open(sets.documents())
    place = ArchiveWriter(unfinished).start_blob("any", Descriptor("x", digest, len(blob)))
    place.write(memoryview(blob))
    place.commit()
    unfinished.finish()
    assert check(open_one(tmp_path)) == ()
    with tarfile.open(tmp_path / "mirror_seq1_000000.tar") as tar:
        assert tar.extractfile(f"blobs/sha512/{digest.hex}").read() == blob


def interrupted(folder, content, **options):
    """A set whose first blob was written when its process was killed: no close, and the system ends its claim to the folder."""
    begun = UnfinishedSet(str(folder), sets.contents(content, **options))
    begun.open(sets.documents(content))
    sets.fill(ArchiveWriter(begun), content[0])
    begun.claim.give_back()


def gone_on_with(folder, content, **options):
    """Which blobs had to be written again."""
    again = UnfinishedSet(str(folder), sets.contents(content, **options))
    assert not again.is_finished()
    again.open(sets.documents(content))
    writer = ArchiveWriter(again)
    written = [sets.fill(writer, blob) for blob in content]
    again.finish()
    assert again.is_finished()
    archive = open_one(folder)
    assert check(archive) == ()
    assert [read_blob(archive, blob) for blob in content] == content
    assert sorted(os.listdir(folder)) == names(folder)
    return written


def test_an_unfinished_set_is_refused_and_goes_on_in_place(tmp_path):
    content = sets.blobs(4, [50_000, 60_000, 70_000])
    interrupted(tmp_path, content, volume_size=100_000)
    with pytest.raises(CorruptContent, match="unfinished"):
        find(str(tmp_path))
    assert gone_on_with(tmp_path, content, volume_size=100_000) == [False, True, True]


def change(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


LAST = "mirror_seq1_000001.tar.part"


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: [os.unlink(folder / name) for name in os.listdir(folder) if not name.startswith(".")],
        lambda folder: os.unlink(folder / LAST),
        lambda folder: os.truncate(folder / LAST, 10_000),
        lambda folder: change(folder / LAST, 0, bytes(1000)),
        lambda folder: change(folder / "mirror_seq1_000000.tar.part", 700, b"x"),
        lambda folder: [os.unlink(folder / LAST), os.symlink(folder / "mirror_seq1_000000.tar.part", folder / LAST)],
        lambda folder: [os.unlink(folder / LAST), os.mkfifo(folder / LAST)],
    ],
    ids=["all volumes removed", "one removed", "cut", "no header", "another manifest", "a link", "a pipe"],
)
def test_what_is_left_of_a_set_is_believed_only_with_its_frame(tmp_path, harm):
    content = sets.blobs(4, [50_000, 60_000, 70_000])
    interrupted(tmp_path, content, volume_size=100_000)
    harm(tmp_path)
    assert gone_on_with(tmp_path, content, volume_size=100_000) == [True, True, True]


def test_blobs_that_are_not_what_was_written_are_written_again(tmp_path):
    content = sets.blobs(4, [50_000, 60_000, 70_000])
    interrupted(tmp_path, content, volume_size=1 << 20)
    path = tmp_path / "mirror_seq1_000000.tar.part"
    place = path.read_bytes().index(content[0])
    change(path, place, bytes(len(content[0])))
    assert gone_on_with(tmp_path, content, volume_size=1 << 20) == [True, True, True]


def test_looking_at_what_was_written_ends_when_the_run_does(tmp_path):
    content = sets.blobs(4, [50_000, 60_000])
    interrupted(tmp_path, content)
    with pytest.raises(Cancelled):
        UnfinishedSet(str(tmp_path), sets.contents(content)).open(sets.documents(content), ended=lambda: True)
    assert gone_on_with(tmp_path, content) == [False, True]


@pytest.mark.parametrize("blobs, error", [(1, CorruptContent), (2, StorageError)], ids=["a blob is missing", "the files are gone"])
def test_only_what_is_whole_gets_its_name(tmp_path, blobs, error):
    content = sets.blobs(4, [50_000, 60_000])
    begun = UnfinishedSet(str(tmp_path), sets.contents(content))
    begun.open(sets.documents(content))
    for blob in content[:blobs]:
        sets.fill(ArchiveWriter(begun), blob)
    if blobs == 2:
        os.unlink(tmp_path / "mirror_seq1_000000.tar.part")
    with pytest.raises(error):
        begun.finish()
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tar")]
    assert gone_on_with(tmp_path, content) == ([True, True] if blobs == 2 else [False, True])


def test_a_finished_volume_of_another_set_is_not_thrown_away(tmp_path):
    content = sets.blobs(4, [50_000, 60_000, 70_000])
    other = tmp_path / "mirror_seq1_000001.tar"
    other.write_bytes(b"of somebody")
    with pytest.raises(StorageError, match="never overwritten"):
        UnfinishedSet(str(tmp_path), sets.contents(content, volume_size=100_000)).open(sets.documents(content))
    assert other.read_bytes() == b"of somebody"


@pytest.mark.parametrize("done", [1, 2])
def test_an_interruption_between_the_renames_is_gone_on_with(tmp_path, monkeypatch, done):
    content = sets.blobs(4, [50_000, 60_000, 70_000])
    begun = UnfinishedSet(str(tmp_path), sets.contents(content, volume_size=100_000))
    begun.open(sets.documents(content))
    assert all(sets.fill(ArchiveWriter(begun), blob) for blob in content)
    real, renamed = os.rename, []

    def rename(source, target):
        if len(renamed) == done:
            raise OSError(5, "killed")
        renamed.append(target)
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(StorageError):
        begun.finish()
    monkeypatch.undo()
    assert gone_on_with(tmp_path, content, volume_size=100_000) == [False, False, False]


def test_two_runs_do_not_write_one_archive(tmp_path):
    """Whatever their workspaces: the second one would replace what the first one has half written."""
    content, other = sets.blobs(5, [1000, 2000]), sets.blobs(6, [3000])
    first = UnfinishedSet(str(tmp_path), sets.contents(content))
    first.open(sets.documents(content))
    for wanted in (content, other):
        with pytest.raises(Locked, match="another run writes the archive with sequence 1"):
            UnfinishedSet(str(tmp_path), sets.contents(wanted)).open(sets.documents(wanted))
    writer = ArchiveWriter(first)
    assert all(sets.fill(writer, blob) for blob in content)
    first.finish()
    # Whoever looked before that must not begin now.
    for wanted, error in ((content, Locked), (other, StorageError)):
        with pytest.raises(error):
            UnfinishedSet(str(tmp_path), sets.contents(wanted)).open(sets.documents(wanted))
    assert check(open_one(tmp_path)) == () and sorted(os.listdir(tmp_path)) == names(tmp_path)


def test_a_run_that_gave_up_leaves_the_folder_to_the_next(tmp_path, monkeypatch):
    content = sets.blobs(5, [1000])
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=0, f_frsize=1))
    with pytest.raises(StorageError):
        UnfinishedSet(str(tmp_path), sets.contents(content)).open(sets.documents(content))
    monkeypatch.undo()
    for _again in range(2):
        begun = UnfinishedSet(str(tmp_path), sets.contents(content))
        begun.open(sets.documents(content))
        begun.close()


def test_other_contents_start_again_and_finished_sets_are_never_overwritten(tmp_path):
    old, new = sets.blobs(5, [1000, 2000]), sets.blobs(6, [3000])
    begun = UnfinishedSet(str(tmp_path), sets.contents(old))
    begun.open(sets.documents(old))
    begun.close()
    sets.write_set(tmp_path, new)
    assert check(open_one(tmp_path)) == ()
    with pytest.raises(StorageError, match="another archive with sequence 1"):
        UnfinishedSet(str(tmp_path), sets.contents(old)).is_finished()


def test_a_blob_of_another_size_or_outside_the_plan_is_refused(tmp_path):
    content = sets.blobs(7, [1000])
    unfinished = UnfinishedSet(str(tmp_path), sets.contents(content))
    unfinished.open(sets.documents(content))
    writer = ArchiveWriter(unfinished)
    with pytest.raises(MirrorError, match="not planned"):
        writer.start_blob("any", Descriptor("x", Digest.of(b"other"), 5))
    place = writer.start_blob("any", Descriptor("x", Digest.of(content[0]), 1000))
    place.write(memoryview(content[0])[:400])
    with pytest.raises(CorruptContent, match="400 bytes where 1000"):
        place.commit()
    with pytest.raises(CorruptContent, match="more than the 1000"):
        place.write(memoryview(bytes(601)))
    assert writer.missing() == (Digest.of(content[0]),)


def test_too_small_volumes_are_told_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="Raise archiveSize"):
        arrange(sets.contents(sets.blobs(8, [10]), volume_size=1024))


def test_room_is_checked_before_the_first_byte(tmp_path, monkeypatch):
    wanted = sets.contents(sets.blobs(9, [100_000]))
    real = os.statvfs(tmp_path)
    monkeypatch.setattr(unfinished_module.os, "statvfs", lambda path: type("S", (), {"f_bavail": 10, "f_frsize": real.f_frsize})())
    with pytest.raises(StorageError, match="needs .* more bytes"):
        UnfinishedSet(str(tmp_path), wanted).open(sets.documents(sets.blobs(9, [100_000])))
    assert not names(tmp_path)


@pytest.mark.parametrize("seed", range(60))
def test_every_flipped_bit_is_found_before_anything_is_used(tmp_path, seed):
    content = sets.blobs(10, [0, 5, 1000, 150_000])
    signed = {"signed": b"text of a signature\n", "signature": "ssh"} if seed % 2 else {}
    sets.write_set(tmp_path, content, volume_size=100_000, **signed)
    rng = random.Random(seed)
    path = tmp_path / rng.choice(names(tmp_path))
    data = bytearray(path.read_bytes())
    position = rng.randrange(len(data) if seed % 3 else 4096)
    data[position] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    with pytest.raises(MirrorError) as caught:
        require_sound(open_one(tmp_path))
    assert path.name in str(caught.value), f"seed {seed}, byte {position}"


@pytest.mark.parametrize("seed", range(20))
def test_every_truncation_is_found(tmp_path, seed):
    sets.write_set(tmp_path, sets.blobs(11, [1000, 150_000]), volume_size=100_000)
    rng = random.Random(seed)
    path = tmp_path / rng.choice(names(tmp_path))
    os.truncate(path, rng.randrange(path.stat().st_size))
    with pytest.raises(MirrorError) as caught:
        require_sound(open_one(tmp_path))
    assert path.name in str(caught.value)


def test_missing_doubled_swapped_renamed_and_foreign_volumes_are_named(tmp_path):
    good, other = tmp_path / "good", tmp_path / "other"
    content = sets.blobs(12, [150_000, 1000])
    sets.write_set(good, content, volume_size=100_000)
    sets.write_set(other, sets.blobs(13, [150_000, 1000]), volume_size=100_000)
    first, second = names(good)

    def damaged(change):
        folder = tmp_path / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good, folder)
        change(folder)
        with pytest.raises(MirrorError) as caught:
            require_sound(open_one(folder))
        return str(caught.value)

    assert second in damaged(lambda folder: os.unlink(folder / second))
    assert first in damaged(lambda folder: os.unlink(folder / first))
    assert "there twice" in damaged(lambda folder: shutil.copy(folder / second, folder / "mirror_seq1_000007.tar"))
    assert f"Rename it to {second}" in damaged(lambda folder: os.rename(folder / second, folder / "copy.tar"))
    assert "another archive" in damaged(lambda folder: shutil.copy(other / second, folder / second))

    def swap(folder):
        os.rename(folder / first, folder / "x")
        os.rename(folder / second, folder / first)
        os.rename(folder / "x", folder / second)

    assert "this file is volume" in damaged(swap)
    assert "not a volume" in damaged(lambda folder: (folder / "mirror_seq1_000002.tar").write_bytes(b"junk" * 1000))


def test_several_sequences_in_a_folder_are_told_apart_and_one_can_be_named(tmp_path):
    for sequence in (2, 1):
        sets.write_set(tmp_path, sets.blobs(sequence, [10, 20]), sequence=sequence)
    assert [found.contents.sequence for found in find(str(tmp_path))] == [1, 2]
    (only,) = find(str(tmp_path / "mirror_seq2_000000.tar"))
    assert only.contents.sequence == 2
    with pytest.raises(NotFound):
        find(str(tmp_path / "mirror_seq3_000000.tar"))


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a//b", "a/./b", "blobs/sha256/../../x", "blobs/sha256/" + "0" * 64, "a\\b", "", "\u00e9"],
)
def test_member_names_never_leave_their_folder(name):
    content = sets.contents([])
    document = content.encoded().replace(b'"plan.json"', json.dumps(name).encode())
    with pytest.raises(CorruptContent):
        Contents.decode(document, "x")


@pytest.mark.parametrize("kind", ["ssh", "gpg"])
def test_signatures_are_required_from_the_given_keys(tmp_path, kind):
    processes.require("ssh-keygen" if kind == "ssh" else "gpg")
    key, trusted = (ssh_key if kind == "ssh" else gpg_key)(tmp_path, "ours")
    _key, foreign = (ssh_key if kind == "ssh" else gpg_key)(tmp_path, "foreign")
    content = sets.blobs(14, [1000])
    wanted = sets.contents(content, signature=kind)
    unfinished = UnfinishedSet(str(tmp_path / "set"), wanted)
    unfinished.open(sets.documents(content), sign(wanted.encoded(), key))
    sets.fill(ArchiveWriter(unfinished), content[0])
    unfinished.finish()
    archive = open_one(tmp_path / "set")
    require_sound(archive)
    assert find(str(tmp_path / "set"), require(trusted))
    with pytest.raises(CorruptContent, match="signature is not valid"):
        find(str(tmp_path / "set"), require(foreign))
    sets.write_set(tmp_path / "plain", content)
    with pytest.raises(CorruptContent, match="is not signed"):
        find(str(tmp_path / "plain"), require(trusted))


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed; make setup installs it")
@pytest.mark.parametrize(
    ("fault", "words"), [("revoked", "its key was revoked"), ("expired", "its key has expired"), ("two signatures", "exactly one")]
)
def test_a_key_that_no_longer_counts_makes_no_good_signature(tmp_path, fault, words):
    """gpg itself calls such signatures good and ends without an error."""
    since = "20200101T000000" if fault == "expired" else ""
    keys = [release.SigningKey(expires="1d" if since else "never", since=since) for _each in range(2 if fault == "two signatures" else 1)]
    try:
        content = sets.blobs(15, [1000])
        encoded = sets.contents(content, signature="gpg").encoded()
        signed = b"".join(key.run("--armor", "--detach-sign", content=encoded) for key in keys)
        sets.write_set(tmp_path / "set", content, signed, signature="gpg")
        public = b"".join(key.run("--export") for key in keys)
        if fault == "revoked":
            public = keys[0].revoked()
        (tmp_path / "trusted").write_bytes(public)
        with pytest.raises(CorruptContent, match=words):
            find(str(tmp_path / "set"), require(TrustedKeys("gpg", str(tmp_path / "trusted"))))
    finally:
        for key in keys:
            key.close()


@pytest.mark.parametrize("kind", ["ssh", "gpg"])
def test_a_key_given_as_text_signs_and_leaves_nothing(kind, tmp_path, tmp_path_factory, monkeypatch):
    signing, trusted = (ssh_key if kind == "ssh" else gpg_key)(tmp_path, "text")
    text = (tmp_path / "text-key").read_text() if kind == "ssh" else secret_gpg_key(signing.key)
    temporary = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "no-keyring"))
    given = SigningKey(kind, text=text)
    verify(b"manifest", sign(b"manifest", given), trusted)
    assert list(temporary.iterdir()) == []
    assert text.splitlines()[3] not in repr(given)


@pytest.mark.parametrize("kind", ["ssh", "gpg"])
def test_a_text_that_is_no_key_is_named_by_its_kind_alone(kind, tmp_path):
    with pytest.raises(AccessDenied) as raised:
        sign(b"manifest", SigningKey(kind, text="not-a-key-5e1f"))
    assert "not-a-key" not in str(raised.value) + repr(raised.value.subject)


def secret_gpg_key(name):
    home = os.environ["GNUPGHOME"]
    command = ["gpg", "--homedir", home, "--batch", "--armor", "--export-secret-keys", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ssh_key(folder, name):
    path = folder / f"{name}-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return SigningKey("ssh", str(path)), TrustedKeys("ssh", f"{path}.pub")


def gpg_key(folder, name):
    home = os.environ.get("GNUPGHOME")
    public = folder / f"{name}.asc"
    subprocess.run(
        [
            "gpg",
            "--homedir",
            home,
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-gen-key",
            f"{name}@example.com",
            "ed25519",
            "sign",
            "0",
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    exported = subprocess.run(["gpg", "--homedir", home, "--armor", "--export", f"{name}@example.com"], check=True, capture_output=True)
    public.write_bytes(exported.stdout)
    return SigningKey("gpg", f"{name}@example.com"), TrustedKeys("gpg", str(public))


@pytest.fixture(autouse=True)
def private_gpg_home(tmp_path_factory, monkeypatch):
    # Short path: the agent's socket lies in it.
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    yield
    if shutil.which("gpgconf"):
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
