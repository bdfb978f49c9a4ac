# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing blobs: requests spent, dialects found out, broken uploads that go on (user-needs P10, P17, G06)."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    CorruptContent,
    MirrorError,
    NotFound,
    RegistryError,
    Unreachable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry import upload
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.request_limits import RequestLimits
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import WriteInterrupted
from ansible_collections.disconnected.mirror.tests.fakes import dialects
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

QUICK = {"plain_http": True, "retries": {"times": 3, "delay": 0.001, "max_delay": 0.002}}
MIB = 1024 * 1024


def store_of(registry: FakeRegistry, known: Any = None) -> RegistryStore:
    return RegistryStore(registry.host, Http(Settings.of(QUICK, {}), known), writing=True)


def blob(seed: int, size: int) -> tuple[Descriptor, bytes]:
    content = random.Random(seed).randbytes(size)
    return Descriptor("application/octet-stream", Digest.of(content), size), content


def send(
    store: RegistryStore, wanted: Descriptor, content: bytes, repository: str = "team/app", source: str = "", piece: int = 65536
) -> int:
    """As the engine does; the number of bytes that were given to the writer."""
    writer = store.start_blob(repository, wanted, source)
    if writer is None:
        return 0
    position = given = 0
    while True:
        try:
            while position < len(content):
                part = memoryview(content)[position : position + piece]
                position += len(part)
                given += len(part)
                writer.write(part)
            writer.commit()
            return given
        except WriteInterrupted:
            position = writer.resume()


def methods(registry: FakeRegistry) -> list[str]:
    return [entry.method for entry in registry.ledger.entries() if entry.endpoint != "token"]


@pytest.fixture
def registry():
    with FakeRegistry() as fake:
        yield fake


def test_a_new_blob_costs_two_requests_and_a_known_one_costs_one(registry):
    store = store_of(registry)
    send(store, *blob(0, 10))
    registry.ledger.clear()
    wanted, content = blob(1, 200_000)
    assert send(store, wanted, content) == 200_000
    assert methods(registry) == ["POST", "PUT"]
    assert send(store, wanted, content) == 0
    assert methods(registry) == ["POST", "PUT", "POST"]
    assert registry.content.blobs[wanted.digest] == content


def test_learning_whether_a_registry_tells_what_it_has_leaves_nothing_behind():
    for dialect, told in ((dialects.DISTRIBUTION, True), (dialects.NEXUS, False)):
        with FakeRegistry(dialect) as registry:
            store = store_of(registry)
            wanted, content = blob(1, 100)
            send(store, wanted, content)
            assert registry.content.uploads == {}
            registry.ledger.clear()
            assert send(store, wanted, content) == 0
            assert methods(registry) == (["POST"] if told else ["HEAD"])
            send(store, *blob(2, 100))
            assert methods(registry)[1:] == (["POST", "PUT"] if told else ["HEAD", "POST", "PUT"])


@pytest.mark.parametrize("size,asked", [(100, []), (300_000, ["HEAD"])])
def test_a_small_blob_is_not_asked_for_where_there_is_no_repository(size, asked):
    """By registries that do not tell with the POST what they have."""
    with FakeRegistry(dialects.NEXUS) as registry:
        store = store_of(registry)
        send(store, *blob(0, 10))
        assert store.tags("team/new") is None and store.tags("team/app") is not None
        registry.ledger.clear()
        send(store, *blob(1, size), "team/new")
        assert methods(registry) == [*asked, "POST", "PUT"]
        registry.ledger.clear()
        send(store, *blob(2, 100))
        assert methods(registry) == ["HEAD", "POST", "PUT"]


def test_a_blob_of_another_repository_is_mounted(registry):
    store = store_of(registry)
    wanted, content = blob(1, 100)
    send(store, wanted, content, "team/base")
    registry.ledger.clear()
    assert send(store, wanted, content, "team/app", "team/base") == 0
    assert send(store, wanted, content, "team/other", "team/none") == 100
    assert methods(registry) == ["POST", "POST", "PUT"]


def test_a_registry_that_refuses_mounts_is_not_asked_for_ever(registry):
    registry.inject(Fault(method="POST", path_part="mount=", status=400, times=0))
    store = store_of(registry)
    for seed in range(5):
        send(store, *blob(seed, 100))
    refused = registry.ledger.count("POST", status=400)
    assert refused == 3 and not store.capabilities.mount
    assert send(store, *blob(0, 100)) == 0


def test_one_refused_mount_does_not_end_mounting(registry):
    store = store_of(registry)
    send(store, *blob(0, 100), "team/base")
    registry.inject(Fault(method="POST", path_part="mount=", status=404, times=1))
    assert send(store, *blob(0, 100), "team/app", "team/base") == 100
    assert send(store, *blob(0, 100), "team/third", "team/base") == 0


@pytest.mark.parametrize("size", [0, 1, 2, 65536, 65537, 300_000])
@pytest.mark.parametrize("patch", [False, True])
def test_sizes(registry, size, patch):
    store = store_of(registry)
    store._uploads._dialect.patch = patch
    wanted, content = blob(1, size)
    send(store, wanted, content, piece=50_000)
    assert registry.content.blobs[wanted.digest] == content


@pytest.mark.parametrize("status", [400, 404, 405, 411, 415, 501])
def test_a_registry_that_takes_bodies_by_patch_only(registry, status):
    registry.inject(Fault(method="PUT", endpoint="upload", status=status, times=1))
    store = store_of(registry)
    wanted, content = blob(1, 100_000)
    assert send(store, wanted, content) == 200_000
    assert registry.content.blobs[wanted.digest] == content
    registry.ledger.clear()
    assert send(store, *blob(2, 100_000)) == 100_000
    assert methods(registry) == ["POST", "PATCH", "PUT"]


def test_a_registry_that_takes_blobs_in_no_way(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", status=400, times=0), Fault(method="PATCH", status=405, times=0))
    with pytest.raises(MirrorError, match="refused to accept the blob: 40"):
        send(store_of(registry), *blob(1, 100_000))


@pytest.mark.parametrize("limit", [64 * MIB, 3 * MIB, 1_000_000, 524_288, 65_536])
def test_a_registry_that_limits_requests_gets_chunks(limit):
    with FakeRegistry(replace(dialects.DISTRIBUTION, body_limit=limit)) as registry:
        store = store_of(registry)
        for seed in range(2):
            wanted, content = blob(seed, 5 * MIB)
            send(store, wanted, content, piece=MIB)
            assert registry.content.blobs[wanted.digest] == content
        assert registry.ledger.count(status=413) <= 10
        registry.ledger.clear()
        send(store, *blob(3, 5 * MIB), piece=MIB)
        assert registry.ledger.count(status=413) == 0


def test_the_size_that_worked_is_remembered_for_the_host_and_looked_for_again_after_a_week(tmp_path, monkeypatch):
    with FakeRegistry(replace(dialects.DISTRIBUTION, body_limit=200_000)) as registry:
        counts = []
        for day in (0, 1, 9):
            began = time.time()
            monkeypatch.setattr(time, "time", lambda began=began, day=day: began + day * 86400)
            limits = RequestLimits(str(tmp_path / "limits.json"))
            store = RegistryStore(registry.host, Http(Settings.of(QUICK, {})), writing=True, limits=limits)
            registry.ledger.clear()
            send(store, *blob(day, 3 * MIB))
            counts.append(registry.ledger.count(status=413))
            monkeypatch.undo()
        assert counts[0] > 0 and counts[1] == 0 and counts[2] == counts[0]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": {"bytes": "x", "found": 1}}'])
def test_a_damaged_memory_of_sizes_fails_nothing(tmp_path, content):
    (tmp_path / "limits.json").write_text(content)
    limits = RequestLimits(str(tmp_path / "limits.json"))
    assert limits.of("a") == 0
    limits.put("a", 65536)
    assert limits.of("a") == 65536


@pytest.mark.parametrize("seed", range(100))
def test_a_registry_that_takes_bodies_by_patch_only_is_found_out_by_all_at_once(seed):
    """What one upload has proven says nothing of the other way in which another one was begun."""
    with FakeRegistry(replace(dialects.DISTRIBUTION, put_body=False)) as registry:
        store = store_of(registry)
        wanted = [blob(100 * seed + number, 3000) for number in range(3)]
        writers = [store.start_blob("team/app", descriptor) for descriptor, _content in wanted]
        order = list(range(3)) * 2
        random.Random(seed).shuffle(order)
        # All begin before the first of them is through.
        for number in order[:3]:
            _advance(writers[number], wanted[number][1], begin=True)
        for number in range(3):
            _advance(writers[number], wanted[number][1])
        for descriptor, content in wanted:
            assert registry.content.blobs[descriptor.digest] == content


def _advance(writer: Any, content: bytes, begin: bool = False) -> None:
    """The first bytes, or all that are left, with as many attempts as it takes."""
    if begin:
        if not writer._written:
            writer.write(memoryview(content)[:1000])
        return
    while True:
        try:
            writer.write(memoryview(content)[writer._written :])
            writer.commit()
            return
        except WriteInterrupted:
            writer.resume()


def test_a_limit_below_reason_is_told():
    with FakeRegistry(replace(dialects.DISTRIBUTION, body_limit=1000)) as registry:
        with pytest.raises(RegistryError, match="413.*raise its limit"):
            send(store_of(registry), *blob(1, 2 * MIB))


@pytest.mark.parametrize("seed", range(6))
def test_a_reset_upload_goes_on_where_the_registry_says(registry, monkeypatch, seed):
    monkeypatch.setattr(upload, "RESUME_CHUNK", 200_000)
    chance = random.Random(seed)
    store = store_of(registry)
    store._uploads._dialect.patch = True
    registry.inject(*(Fault(method="PATCH", reset_request_at=chance.randrange(1, 200_000), skip=number) for number in range(3)))
    wanted, content = blob(seed, 900_000)
    given = send(store, wanted, content, piece=50_000)
    assert registry.content.blobs[wanted.digest] == content
    received = sum(entry.received for entry in registry.ledger.entries("PATCH"))
    assert received == 900_000
    assert given >= 900_000


def test_a_registry_that_does_not_tell_how_far_it_came_gets_it_again(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", reset_request_at=100_000, times=2))
    wanted, content = blob(1, 300_000)
    send(store_of(registry), wanted, content)
    assert registry.content.blobs[wanted.digest] == content


def test_an_upload_that_the_registry_forgot_is_begun_again(registry):
    store = store_of(registry)
    registry.inject(Fault(method="PUT", endpoint="upload", status=404, code="BLOB_UPLOAD_UNKNOWN"))
    wanted, content = blob(1, 100_000)
    assert send(store, wanted, content) == 200_000
    assert methods(registry)[:3] == ["POST", "PUT", "POST"]


def test_an_upload_whose_answer_was_lost_is_not_sent_again(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", status=502))
    store = store_of(registry)
    wanted, content = blob(1, 100_000)
    writer = store.start_blob("team/app", wanted)
    with pytest.raises(WriteInterrupted):
        writer.write(memoryview(content))
        writer.commit()
    registry.content.uploads.clear()
    registry.content.put_blob("team/app", content)
    assert writer.resume() == len(content)
    writer.commit()
    writer.abort()
    assert registry.ledger.count("PUT") == 1 and registry.ledger.count("DELETE") == 0


def test_a_registry_that_takes_neither_large_requests_nor_chunks():
    with FakeRegistry(replace(dialects.DISTRIBUTION, body_limit=MIB, patch=False)) as registry:
        store = store_of(registry)
        send(store, *blob(1, 1000))
        with pytest.raises(MirrorError, match="refused to accept the blob: 405"):
            send(store, *blob(2, 2 * MIB))
    with FakeRegistry(replace(dialects.DISTRIBUTION, body_limit=MIB, patch=False)) as registry:
        with pytest.raises(MirrorError, match="refused to accept the blob: 405"):
            send(store_of(registry), *blob(2, 2 * MIB))


def test_failures_of_uploads_are_bounded(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", status=503, times=0))
    with pytest.raises(Unreachable, match="refused to accept the blob: 503"):
        send(store_of(registry), *blob(1, 1000))
    assert registry.ledger.count("PUT") + registry.ledger.count("PATCH") <= 6


def test_failures_are_bounded_where_each_attempt_begins_anew():
    with FakeRegistry(replace(dialects.DISTRIBUTION, upload_status=False)) as registry:
        registry.inject(Fault(method="PUT", endpoint="upload", status=503, times=0))
        with pytest.raises(Unreachable):
            send(store_of(registry), *blob(1, 100_000))
        assert registry.ledger.count("PATCH") <= 4


def test_passing_failures_of_each_step_are_survived(registry):
    for method in ("POST", "PUT", "PATCH", "GET"):
        registry.inject(Fault(method=method, endpoint="upload", status=502, times=2))
    wanted, content = blob(1, 100_000)
    send(store_of(registry), wanted, content)
    assert registry.content.blobs[wanted.digest] == content


def test_bytes_that_are_not_the_blob_are_not_taken(registry):
    wanted, content = blob(1, 1000)
    with pytest.raises(CorruptContent, match="DIGEST_INVALID"):
        send(store_of(registry), wanted, b"x" + content[1:])
    assert wanted.digest not in registry.content.blobs


def test_corrupt_bytes_are_sent_once_where_the_way_is_known(registry):
    store = store_of(registry)
    send(store, *blob(0, 1000))
    registry.ledger.clear()
    wanted, content = blob(1, 1000)
    with pytest.raises(CorruptContent, match="DIGEST_INVALID"):
        send(store, wanted, b"x" + content[1:])
    assert methods(registry) == ["POST", "PUT"]


@pytest.mark.parametrize("content", [b"x" * 999, b"x" * 1001])
def test_too_few_and_too_many_bytes_are_not_sent_off(registry, content):
    with pytest.raises(CorruptContent, match="1000"):
        send(store_of(registry), Descriptor("x", Digest.of(b"x" * 1000), 1000), content)
    assert registry.content.blobs == {}


def test_a_registry_that_says_it_took_something_else(registry):
    registry.inject(Fault(method="PUT", endpoint="upload", digest_header="sha256:" + "0" * 64))
    with pytest.raises(CorruptContent, match="took the blob as"):
        send(store_of(registry), *blob(1, 1000))


def test_aborting_gives_the_upload_back(registry):
    store = store_of(registry)
    writer = store.start_blob("team/app", blob(1, 1000)[0])
    writer.write(memoryview(b"x" * 10))
    writer.abort()
    writer.abort()
    assert registry.content.uploads == {}
    assert registry.ledger.count("DELETE") == 1


@pytest.mark.parametrize("dialect", [dialects.DISTRIBUTION, dialects.NEXUS, dialects.ACR], ids=lambda dialect: dialect.name)
def test_locations_of_all_kinds(dialect):
    with FakeRegistry(dialect) as registry:
        wanted, content = blob(1, 1000)
        send(store_of(registry), wanted, content)
        assert registry.content.blobs[wanted.digest] == content


def test_an_answer_without_location_is_told(registry):
    registry.inject(Fault(method="POST", location="none"))
    with pytest.raises(RegistryError, match="did not say where"):
        send(store_of(registry), *blob(1, 1000))


def test_a_location_elsewhere_gets_no_credentials():
    guard = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry() as elsewhere, FakeRegistry(auth=guard) as registry:
        identity = elsewhere.content.start_upload("team/app")
        there = f"{elsewhere.url}/v2/team/app/blobs/uploads/{identity}?_state=state-of-{identity}"
        registry.inject(Fault(method="POST", endpoint="upload", location=there))
        known = Credentials.of(entries={registry.host: {"username": "me", "password": "secret"}}, environ={"HOME": "/nonexistent"})
        wanted, content = blob(1, 1000)
        send(store_of(registry, known), wanted, content)
        assert elsewhere.content.blobs[wanted.digest] == content
        assert all("authorization" not in entry.headers for entry in elsewhere.ledger.entries())


@pytest.mark.parametrize("location", ["ftp://example.com/upload", "http://[::1", "http://me:secret@example.com/upload"])
def test_a_location_that_leads_nowhere_good(registry, location):
    registry.inject(Fault(method="POST", location=location))
    with pytest.raises(MirrorError):
        send(store_of(registry), *blob(1, 1000))


@pytest.fixture
def guarded():
    with FakeRegistry(auth=Guard(mode="bearer", users={"me": "secret"})) as fake:
        yield fake, Credentials.of(entries={fake.host: {"username": "me", "password": "secret"}}, environ={"HOME": "/nonexistent"})


def test_a_token_that_dies_in_an_upload_is_renewed(guarded):
    registry, known = guarded
    store = store_of(registry, known)
    wanted, content = blob(1, 100_000)
    writer = store.start_blob("team/app", wanted)
    registry.auth.revoke()
    with pytest.raises(WriteInterrupted):
        writer.write(memoryview(content))
        writer.commit()
    offset = writer.resume()
    writer.write(memoryview(content)[offset:])
    writer.commit()
    assert registry.content.blobs[wanted.digest] == content
    assert registry.ledger.count(endpoint="token") == 2


def test_a_right_that_is_lost_in_an_upload_ends_it(guarded):
    rights: dict[str, bool] = {"push": True}
    registry, known = guarded
    registry.auth.allowed = lambda user, repository, action: rights.get(action, True)
    store = store_of(registry, known)
    wanted, content = blob(1, 100_000)
    writer = store.start_blob("team/app", wanted)
    rights["push"] = False
    registry.auth.revoke()
    with pytest.raises(AccessDenied):
        for _each in range(5):
            try:
                writer.write(memoryview(content))
                writer.commit()
            except WriteInterrupted:
                writer.resume()


def test_a_source_that_may_not_be_read_is_uploaded_instead(guarded):
    registry, known = guarded
    registry.auth.allowed = lambda user, repository, action: repository != "team/secret"
    registry.content.put_blob("team/secret", blob(1, 1000)[1])
    assert send(store_of(registry, known), *blob(1, 1000), "team/app", "team/secret") == 1000


@pytest.mark.parametrize(
    "status, code, error, words",
    [
        (403, "DENIED", AccessDenied, "DENIED.*credentials allow"),
        (404, "NAME_UNKNOWN", NotFound, "created first"),
        (400, "NAME_INVALID", RegistryError, "max_nested_paths"),
        (507, "", RegistryError, "quota"),
    ],
)
def test_refusals_say_what_to_do(registry, status, code, error, words):
    registry.inject(Fault(method="POST", status=status, code=code, times=0))
    with pytest.raises(error, match=words) as caught:
        send(store_of(registry), *blob(1, 1000))
    assert registry.host in str(caught.value) and "team/app" in str(caught.value)
