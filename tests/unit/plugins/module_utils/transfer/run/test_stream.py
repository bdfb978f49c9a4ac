# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One blob through writes that break: equal bytes at the end, hashed as they were sent, the count of accepted bytes right."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, CorruptContent
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stream import ReadFailed, Stream
from ansible_collections.disconnected.mirror.tests.fakes.faulty import FaultyStore


def pour(content: bytes, breaks: list[int], rewind: int, buffer: int, stop: Any = None, served: Any = None) -> Any:
    source, destination = FaultyStore("source"), FaultyStore("destination")
    blob = source.add_blob("from", content)
    if served is not None:
        source.served[("from", blob.digest)] = served
    destination.breaks[blob.digest] = list(breaks)
    destination.rewind = rewind
    accepted: list[int] = []
    stream = Stream(source, "from", blob, memoryview(bytearray(buffer)), stop or threading.Event(), accepted.append)
    writer = destination.start_blob("to", Descriptor("", blob.digest, blob.size))
    stream.pour(writer)
    return destination.blobs["to"][blob.digest], sum(accepted), source.reads


@given(
    size=st.integers(0, 3000),
    buffer=st.integers(1, 700),
    rewind=st.sampled_from([0, 1, 50, 10000]),
    seed=st.integers(0, 1000),
    count=st.integers(0, 4),
)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_any_breaks_end_in_the_same_bytes(size: int, buffer: int, rewind: int, seed: int, count: int) -> None:
    chance = random.Random(seed)
    content = chance.randbytes(size)
    breaks = sorted(chance.randrange(size) for _number in range(count)) if size else []
    arrived, accepted, _reads = pour(content, breaks, rewind, buffer)
    assert arrived == content and accepted == size


def test_what_the_buffer_holds_is_not_read_again() -> None:
    _arrived, _accepted, reads = pour(bytes(1000), [150, 450, 999], 20, 256)
    assert [offset for _digest, offset in reads] == [0]


def test_what_is_gone_from_the_buffer_is_read_from_the_last_place_whose_hash_is_known() -> None:
    _arrived, _accepted, reads = pour(bytes(3000), [1750], 600, 100)
    assert [offset for _digest, offset in reads] == [0, 800]


@given(position=st.integers(0, 2999), at=st.integers(900, 2999), rewind=st.integers(0, 900), again=st.booleans())
@settings(derandomize=True, max_examples=300, deadline=None)
def test_a_second_reading_with_other_bytes_is_never_completed(position: int, at: int, rewind: int, again: bool) -> None:
    """Whichever of two readings is bent, and wherever: a destination that compares nothing holds the right bytes or none."""
    content = bytes(range(250)) * 12
    bent = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
    source, destination = FaultyStore("source"), FaultyStore("destination")
    blob = source.add_blob("from", content)
    destination.breaks[blob.digest], destination.rewind = [at], rewind
    readings = [content, bent] if again else [bent, content]

    def read(method: str, repository: str, _what: str) -> None:
        if method == "open_blob":
            source.served[("from", blob.digest)] = readings.pop(0) if len(readings) > 1 else readings[0]

    source.on_call = read
    stream = Stream(source, "from", blob, memoryview(bytearray(100)), threading.Event(), lambda size: None)
    writer = destination.start_blob("to", Descriptor("", blob.digest, blob.size))
    # Takes anything.
    writer._writer.commit = lambda: destination.add_blob("to", bytes(writer._writer._content))
    try:
        stream.pour(writer)
    except ReadFailed as failed:
        assert isinstance(failed.error, CorruptContent) and len(writer._writer._content) < blob.size
    assert set(destination.blobs.get("to", {})) <= {blob.digest}


@pytest.mark.parametrize("served", [b"x" * 999, b"x" * 1001, b"y" + b"x" * 999, b"", b"x" * 999 + b"y"])
def test_wrong_bytes_are_never_committed(served: bytes) -> None:
    with pytest.raises(ReadFailed) as failed:
        pour(b"x" * 1000, [], 0, 256, served=served)
    assert isinstance(failed.value.error, CorruptContent)


def test_empty_blob_is_not_read_at_all() -> None:
    arrived, accepted, reads = pour(b"", [], 0, 256)
    assert arrived == b"" and accepted == 0 and reads == []


def test_wrong_digest_of_an_empty_blob() -> None:
    source, destination = FaultyStore(), FaultyStore()
    blob = Descriptor("", Digest.of(b"not empty"), 0)
    writer = destination.start_blob("to", blob)
    with pytest.raises(ReadFailed):
        Stream(source, "from", blob, memoryview(bytearray(8)), threading.Event(), lambda size: None).pour(writer)


def test_stop_ends_it_between_two_chunks() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        pour(bytes(1000), [], 0, 100, stop=stop)


@pytest.mark.parametrize("served", [b"y" + b"x" * 999, b"x" * 999 + b"y"])
def test_a_writer_that_hashes_spares_it_and_the_source_is_still_blamed(served: bytes, tmp_path: Any) -> None:
    source, layout = FaultyStore("source"), LayoutStore(str(tmp_path))
    blob = source.add_blob("from", b"x" * 1000)
    good = Stream(source, "from", blob, memoryview(bytearray(256)), threading.Event(), lambda size: None)
    source.served[("from", blob.digest)] = served
    with pytest.raises(ReadFailed) as failed:
        good.pour(layout.start_blob("", blob))
    assert isinstance(failed.value.error, CorruptContent) and layout.blobs_present("", [blob.digest]) == set()
    source.served.clear()
    stream = Stream(source, "from", blob, memoryview(bytearray(256)), threading.Event(), lambda size: None)
    stream.pour(layout.start_blob("", blob))
    assert read_blob(layout, "", blob, 1000) == b"x" * 1000 and stream._hash is None
