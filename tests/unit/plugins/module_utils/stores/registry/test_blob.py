# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading blobs: broken streams go on where they ended, lies are told (user-needs G04, G06, G12)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, NotFound, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

QUICK = {"plain_http": True, "retries": {"times": 3, "delay": 0.001, "max_delay": 0.002}}
CONTENT = random.Random(1).randbytes(600_000)
BLOB = Descriptor("application/octet-stream", Digest.of(CONTENT), len(CONTENT))


def store_of(registry: FakeRegistry, **options: Any) -> RegistryStore:
    return RegistryStore(registry.host, Http(Settings.of(QUICK, {})), **options)


def read(store: RegistryStore, offset: int = 0, blob: Descriptor = BLOB, size: int = 65536) -> bytes:
    reader = store.open_blob("team/app", blob, offset)
    buffer, found = memoryview(bytearray(size)), b""
    while True:
        filled = reader.readinto(buffer)
        if not filled:
            reader.close()
            reader.close()
            return found
        found += buffer[:filled]


@pytest.fixture
def registry():
    with FakeRegistry() as fake:
        fake.content.put_blob("team/app", CONTENT)
        yield fake


@pytest.mark.parametrize("size", [1000, 65536, 1 << 20])
@pytest.mark.parametrize("offset", [0, 1, 599_999])
def test_reads_from_an_offset(registry, offset, size):
    if size == 1000 and not offset:
        size = 50_000
    assert read(store_of(registry), offset, size=size) == CONTENT[offset:]
    assert registry.ledger.count(endpoint="blob") == 1


def test_a_reader_that_is_given_up_early_does_no_harm(registry):
    store = store_of(registry)
    reader = store.open_blob("team/app", BLOB)
    reader.readinto(memoryview(bytearray(10)))
    reader.close()
    assert reader.readinto(memoryview(bytearray(10))) == 0
    assert read(store) == CONTENT


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("seed", range(8))
def test_a_cut_stream_goes_on_from_its_last_byte(registry, framing, seed):
    cut = random.Random(seed).randrange(len(CONTENT))
    registry.inject(Fault(endpoint="blob", truncate_at=cut, framing=framing))
    assert read(store_of(registry)) == CONTENT
    assert sum(entry.sent for entry in registry.ledger.entries(endpoint="blob")) == len(CONTENT)


def test_a_reset_stream_goes_on_and_sends_little_again(registry):
    registry.inject(Fault(endpoint="blob", reset_at=300_000), Fault(endpoint="blob", reset_at=100_000))
    assert read(store_of(registry)) == CONTENT
    assert [entry.headers.get("range") is None for entry in registry.ledger.entries(endpoint="blob")] == [True, False, False]


def test_many_breaks_are_survived_as_long_as_there_is_progress():
    content = random.Random(2).randbytes(8_000_000)
    blob = Descriptor("x", Digest.of(content), len(content))
    with FakeRegistry() as registry:
        registry.content.put_blob("team/app", content)
        registry.inject(Fault(endpoint="blob", truncate_at=1_500_000, times=6))
        assert read(store_of(registry), blob=blob, size=1 << 20) == content


def test_breaks_without_progress_end(registry):
    registry.inject(Fault(endpoint="blob", truncate_at=10, times=0))
    with pytest.raises(Unreachable, match="broke off"):
        read(store_of(registry))
    assert registry.ledger.count(endpoint="blob") <= 6


def test_a_registry_that_ignores_ranges_still_gives_the_right_bytes(registry):
    registry.inject(Fault(endpoint="blob", truncate_at=200_000), Fault(endpoint="blob", ignore_range=True))
    assert read(store_of(registry)) == CONTENT
    assert read(store_of(registry), 100) == CONTENT[100:]


def test_a_break_while_known_bytes_are_skipped_is_mended(registry):
    registry.inject(Fault(endpoint="blob", ignore_range=True, truncate_at=50_000), Fault(endpoint="blob", ignore_range=True))
    assert read(store_of(registry), 100_000) == CONTENT[100_000:]


def test_failures_between_breaks_are_retried(registry):
    registry.inject(Fault(endpoint="blob", truncate_at=200_000), Fault(endpoint="blob", status=503, times=2))
    assert read(store_of(registry)) == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
@pytest.mark.parametrize("offset", [0, 5])
def test_a_blob_of_another_size_is_refused_before_it_is_read(registry, size, offset):
    with pytest.raises(CorruptContent, match="600000|range"):
        read(store_of(registry), offset, Descriptor("x", BLOB.digest, size))
    assert registry.ledger.count(endpoint="blob") <= 1


def test_a_blob_that_never_ends_is_cut_off(scripted_registry):
    store = scripted_registry(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 70_000)
    with pytest.raises(CorruptContent, match="more than"):
        read(store, blob=Descriptor("x", BLOB.digest, 65_000))


@pytest.mark.parametrize("told", ["", "bytes 0-99/600000", "bytes 5-99/700000", "bytes */600000", "bytes five"])
def test_a_range_that_was_not_asked_for_is_refused(scripted_registry, told):
    store = scripted_registry(f"HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\nContent-Range: {told}\r\n\r\n".encode())
    with pytest.raises(CorruptContent, match="range"):
        read(store, 5)


def test_an_absent_blob(registry):
    with pytest.raises(NotFound, match="BLOB_UNKNOWN"):
        read(store_of(registry), blob=Descriptor("x", Digest.of(b"absent"), 6))


def test_digests_that_are_none_ask_for_nothing(registry):
    for digest in ("sha256:../../x", "sha256:" + "A" * 64, "md5:" + "a" * 32, "sha256:" + "a" * 63, "", "\0"):
        with pytest.raises(InputError):
            store_of(registry).open_blob("team/app", Descriptor("x", digest, 1))
    for repository in ("../x", "a//b", "/a", "a/", "a b", "a?b", "a#b", "a%2fb", "", ".."):
        with pytest.raises(InputError):
            store_of(registry).open_blob(repository, BLOB)
    assert registry.ledger.count() == 0


def test_blobs_are_fetched_from_elsewhere_without_credentials():
    guard = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry() as network, FakeRegistry(auth=guard, content=network.content, blob_redirect=network.url) as registry:
        network.content.put_blob("team/app", CONTENT)
        network.inject(Fault(endpoint="cdn", truncate_at=1000))
        known = Credentials.of(entries={registry.host: {"username": "me", "password": "secret"}}, environ={"HOME": "/nonexistent"})
        store = RegistryStore(registry.host, Http(Settings.of(QUICK, {}), known))
        assert read(store) == CONTENT
        assert read(store, 77) == CONTENT[77:]
        assert all("authorization" not in entry.headers and "cookie" not in entry.headers for entry in network.ledger.entries())
        assert network.ledger.count(endpoint="cdn") == 3


def test_a_token_that_dies_between_two_reads_is_renewed():
    guard = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry(auth=guard) as registry:
        registry.content.put_blob("team/app", CONTENT)
        registry.inject(Fault(endpoint="blob", truncate_at=300_000))
        known = Credentials.of(entries={registry.host: {"username": "me", "password": "secret"}}, environ={"HOME": "/nonexistent"})
        store = RegistryStore(registry.host, Http(Settings.of(QUICK, {}), known))
        reader = store.open_blob("team/app", BLOB)
        buffer = memoryview(bytearray(100_000))
        found = b""
        while len(found) < len(CONTENT):
            found += buffer[: reader.readinto(buffer)]
            guard.revoke()
        assert found == CONTENT
