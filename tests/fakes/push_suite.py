# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every registry must live through when we push to it: the common cases of user-needs, section 2.

A case is a function of a `Target`; it runs the same against emulated dialects and real registries.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, MirrorError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store, WriteInterrupted
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.content import HollowBlob
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

_LIMIT = 64 << 20


@dataclass
class Target:
    """A registry under test.

    open: gives a fresh store for it.  namespace: what repositories begin with, slash included.
    ready: makes a repository, where it must exist beforehand.  docker, deletes, mounts: what it can.
    keeps_tags: whether it goes on naming what was deleted.
    fake: the emulator, None for a real registry.
    """

    open: Callable[[], Store]
    namespace: str = "suite/"
    ready: Callable[[str], None] = lambda repository: None
    docker: bool = True
    deletes: bool = True
    mounts: bool = True
    keeps_tags: bool = False
    fake: FakeRegistry | None = None
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = self.open()

    def repository(self, name: str) -> str:
        full = f"{self.namespace}{name}"
        self.ready(full)
        return full

    def emulator(self) -> FakeRegistry:
        if self.fake is None:
            raise LookupError("a real registry cannot be told to do this; the case belongs to EMULATED")
        return self.fake

    @property
    def kind(self) -> str:
        return images.DOCKER if self.docker else images.OCI


def blob(seed: str, size: int) -> tuple[Descriptor, bytes]:
    content = random.Random(seed).getrandbits(8 * size).to_bytes(size, "big") if size else b""
    return Descriptor("application/octet-stream", Digest.of(content), size), content


def send(store: Store, repository: str, wanted: Descriptor, content: bytes, mount_from: str = "", piece: int = 1 << 20) -> bool:
    """Writes a blob and goes on after interruptions, as the engine does; False when nothing had to be sent."""
    writer = store.start_blob(repository, wanted, mount_from)
    if writer is None:
        return False
    offset = 0
    for _attempt in range(20):
        try:
            while offset < len(content):
                writer.write(memoryview(content)[offset : offset + piece])
                offset += len(content[offset : offset + piece])
            writer.commit()
            return True
        except WriteInterrupted:
            offset = writer.resume()
    raise AssertionError("the upload never ended")


def new_and_existing_blob(target: Target) -> None:
    repository = target.repository("blobs")
    wanted, content = blob("new", 300_000)
    assert target.store.blobs_present(repository, [wanted.digest]) == set()
    assert send(target.store, repository, wanted, content)
    assert target.store.blobs_present(repository, [wanted.digest]) == {wanted.digest}
    assert read_blob(target.store, repository, wanted, _LIMIT) == content
    # A first store learns how to ask; whether it had to send again or not, the blob is there once.
    send(target.store, repository, wanted, content)
    assert read_blob(target.open(), repository, wanted, _LIMIT) == content


def mount_hit(target: Target) -> None:
    source, destination = target.repository("mount/from"), target.repository("mount/to")
    wanted, content = blob("mounted", 100_000)
    send(target.store, source, wanted, content)
    sent = send(target.store, destination, wanted, content, mount_from=source)
    assert sent != target.mounts
    assert read_blob(target.store, destination, wanted, _LIMIT) == content


def mount_miss(target: Target) -> None:
    source, destination = target.repository("miss/from"), target.repository("miss/to")
    wanted, content = blob("missed", 100_000)
    assert send(target.store, destination, wanted, content, mount_from=source)
    assert read_blob(target.store, destination, wanted, _LIMIT) == content


def empty_blob(target: Target) -> None:
    repository = target.repository("empty")
    wanted, content = blob("empty", 0)
    send(target.store, repository, wanted, content)
    assert target.store.blobs_present(repository, [wanted.digest]) == {wanted.digest}
    assert read_blob(target.store, repository, wanted, _LIMIT) == b""


def more_than_four_gibibytes(target: Target) -> None:
    fake, repository = target.emulator(), target.repository("huge")
    size = (4 << 30) + 7
    digest = Digest.of(b"hollow")
    fake.content.put_blob(repository, HollowBlob(size), digest)
    buffer = bytearray(64)
    reader = target.store.open_blob(repository, Descriptor("", digest, size), (4 << 30) + 2)
    try:
        read = 0
        while True:
            got = reader.readinto(memoryview(buffer)[read:])
            if not got:
                break
            read += got
    finally:
        reader.close()
    assert read == 5


def upload_goes_on_after_a_break(target: Target) -> None:
    fake, repository = target.emulator(), target.repository("resume")
    wanted, content = blob("resumed", 3_000_000)
    fake.inject(Fault(method="PUT", endpoint="upload", reset_request_at=1_500_000))
    assert send(target.store, repository, wanted, content)
    fake.inject(Fault(method="PATCH", endpoint="upload", reset_request_at=1_000_000))
    fake.inject(Fault(method="PATCH", endpoint="upload", status=416, times=1))
    second, other = blob("resumed again", 3_000_000)
    assert send(target.store, repository, second, other)
    fake.faults.clear()
    for each, expected in ((wanted, content), (second, other)):
        assert read_blob(target.store, repository, each, _LIMIT) == expected


def upload_starts_anew_when_it_was_lost(target: Target) -> None:
    fake, repository = target.emulator(), target.repository("lost")
    wanted, content = blob("lost", 1_000_000)
    fake.inject(Fault(endpoint="upload", method="PUT", status=404, code="BLOB_UPLOAD_UNKNOWN"))
    assert send(target.store, repository, wanted, content)
    fake.faults.clear()
    assert read_blob(target.store, repository, wanted, _LIMIT) == content


def tag_push(target: Target) -> None:
    repository = target.repository("tags")
    built = images.multi_arch("tagged", kind=target.kind)
    images.push(built, target.store, repository, "1.0")
    assert target.store.fetch_manifest(repository, "1.0").content == built.content
    assert target.store.find_manifest(repository, "1.0").digest == built.digest
    assert target.store.tags(repository) == ("1.0",)


def digest_push(target: Target) -> None:
    repository = target.repository("digests")
    built = images.image("digest only")
    images.push(built, target.store, repository)
    assert target.store.fetch_manifest(repository, built.digest).content == built.content
    assert target.store.find_manifest(repository, "1.0") is None
    assert not target.store.tags(repository)


def index_before_children(target: Target) -> None:
    repository = target.repository("early")
    built = images.multi_arch("early")
    with pytest.raises(MirrorError):
        target.store.put_manifest(repository, built.manifest(), "1.0")
    assert target.store.find_manifest(repository, "1.0") is None
    if target.fake:
        target.fake.violations.clear()


def index_of_both_kinds(target: Target) -> None:
    repository = target.repository("kinds")
    children = [images.image("a"), images.image("b", kind=target.kind, platform="linux/arm64"), images.multi_arch("nested")]
    built = images.index(children)
    images.push(built, target.store, repository, "both")
    for each in built.everything():
        assert target.store.fetch_manifest(repository, each.digest).content == each.content
    assert target.store.find_manifest(repository, "both").digest == built.digest


def bytes_as_they_were(target: Target) -> None:
    repository = target.repository("bytes")
    for number, built in enumerate(
        (images.image("spaced", indent=3), images.image("untyped", media_type_member=False), images.artifact("unknown types"))
    ):
        images.push(built, target.store, repository, f"v{number}")
        assert target.store.fetch_manifest(repository, f"v{number}").content == built.content


def referrers(target: Target) -> None:
    repository = target.repository("referrers")
    app = images.image("subject")
    found = [images.artifact("sbom", app, "application/spdx+json"), images.artifact("attestation", app, "application/vnd.in-toto+json")]
    images.push(app, target.store, repository, "1.0")
    for each in found:
        images.push(each, target.store, repository)
    for store in (target.store, target.open()):
        assert {each.digest for each in store.referrers(repository, app.digest)} == {each.digest for each in found}
        assert store.referrers(repository, Digest.of(b"nothing")) == ()


def push_again(target: Target) -> None:
    repository = target.repository("again")
    built = images.image("again")
    for _time in range(2):
        images.push(built, target.store, repository, "1.0")
    assert target.store.tags(repository) == ("1.0",)
    assert target.store.fetch_manifest(repository, "1.0").digest == built.digest


def tag_moved_by_others(target: Target) -> None:
    repository = target.repository("moved")
    ours, theirs = images.image("ours"), images.image("theirs")
    images.push(ours, target.store, repository, "1.0")
    images.push(theirs, target.open(), repository, "1.0")
    assert target.store.find_manifest(repository, "1.0").digest == theirs.digest
    images.push(ours, target.store, repository, "1.0")
    assert target.store.fetch_manifest(repository, "1.0").digest == ours.digest


def delete_by_digest(target: Target) -> None:
    repository = target.repository("deleted")
    built = images.image("deleted")
    images.push(built, target.store, repository, "1.0")
    if not target.deletes:
        with pytest.raises(Unsupported, match="does not delete"):
            target.store.delete_manifest(repository, built.digest)
        assert target.store.fetch_manifest(repository, "1.0").digest == built.digest
        return
    target.store.delete_manifest(repository, built.digest)
    assert target.store.find_manifest(repository, built.digest) is None
    assert (target.store.find_manifest(repository, "1.0") is not None) == target.keeps_tags
    if target.keeps_tags:
        target.store.delete_tag(repository, "1.0")
    assert target.store.find_manifest(repository, "1.0") is None
    with pytest.raises(NotFound):
        target.store.delete_manifest(repository, built.digest)


def many_tags(target: Target) -> None:
    repository = target.repository("many")
    built = images.image("many")
    names = tuple(f"v{number:04}" for number in range(130))
    for name in names:
        images.push(built, target.store, repository, name)
    assert tuple(sorted(target.store.tags(repository))) == names


def wrong_bytes(target: Target) -> None:
    repository = target.repository("wrong")
    wanted, content = blob("wrong", 1000)
    with pytest.raises(MirrorError) as caught:
        send(target.store, repository, wanted, content[:-1] + bytes([content[-1] ^ 1]))
    assert isinstance(caught.value, (CorruptContent, MirrorError))
    assert target.store.blobs_present(repository, [wanted.digest]) == set()


CASES: tuple[Callable[[Target], None], ...] = (
    new_and_existing_blob,
    mount_hit,
    mount_miss,
    empty_blob,
    tag_push,
    digest_push,
    index_before_children,
    index_of_both_kinds,
    bytes_as_they_were,
    referrers,
    push_again,
    tag_moved_by_others,
    delete_by_digest,
    many_tags,
    wrong_bytes,
)
# What only an emulator can be made to do.
EMULATED: tuple[Callable[[Target], None], ...] = (
    more_than_four_gibibytes,
    upload_goes_on_after_a_break,
    upload_starts_anew_when_it_was_lost,
)
