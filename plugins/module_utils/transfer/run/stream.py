# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One blob's bytes from a source to a destination, hashed once on their way."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, CorruptContent, MirrorError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter, Store, WriteInterrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.reading_hash import ReadingHash

# A write that breaks more often than this without one further byte accepted is given up, however patient its writer is.
MAX_RESUMES = 50


class ReadFailed(Exception):
    """The source is to blame for `error`: another source may do better."""

    def __init__(self, error: MirrorError) -> None:
        super().__init__(str(error))
        self.error = error


class Stream:
    """Moves one blob.

    Every byte that is sent is hashed, unless the writer hashes, and the last ones are sent only when the digest is right: a
    destination that compares nothing must not come to hold wrong bytes.  What has to be sent again after a broken write is
    taken from the buffer, or read again from the source.
    """

    def __init__(
        self, source: Store, repository: str, blob: Descriptor, buffer: memoryview, stop: Any, accepted: Callable[[int], None]
    ) -> None:
        self._source = source
        self._repository = repository
        self._blob = blob
        self._buffer = buffer
        self._stop = stop
        self._accepted = accepted
        self._hash: ReadingHash | None = ReadingHash(blob.digest.hasher())
        self._sent = 0
        self._furthest = 0
        self._resumes = 0
        # The part of the blob that lies in the buffer.
        self._start = 0
        self._filled = 0

    def pour(self, writer: BlobWriter) -> None:
        """All bytes, then commit.  The writer is aborted when it cannot be finished.

        Raises ReadFailed (NotFound, CorruptContent, ... of the source), Cancelled, and what the writer raises.
        """
        finished = False
        if writer.hashes:
            self._hash = None
        try:
            self._pour(writer)
            finished = True
        finally:
            if not finished:
                writer.abort()

    def _pour(self, writer: BlobWriter) -> None:
        reader: BlobReader | None = None
        try:
            while True:
                try:
                    if self._sent < self._blob.size:
                        reader = reader or self._open(self._sent)
                        self._feed(reader, writer)
                    self._check()
                    self._commit(writer)
                    return
                except WriteInterrupted as interruption:
                    if not self._recover(writer, interruption) and reader is not None:
                        reader.close()
                        reader = None
        finally:
            if reader is not None:
                reader.close()

    def _commit(self, writer: BlobWriter) -> None:
        try:
            writer.commit()
        except CorruptContent as error:
            if writer.hashes:
                # It took what it was given: the source gave something else than its manifest promises.
                raise ReadFailed(error) from error
            raise

    def _open(self, offset: int) -> BlobReader:
        if self._hash is not None:
            offset = self._hash.rewind(offset)
        self._start, self._filled = offset, 0
        try:
            return self._source.open_blob(self._repository, self._blob, offset)
        except MirrorError as error:
            raise ReadFailed(error) from error

    def _feed(self, reader: BlobReader, writer: BlobWriter) -> None:
        """Sends from the current position to the end; the last bytes only after the digest was found right."""
        size = self._blob.size
        if self._sent < self._start + self._filled:
            self._send(writer)
        while self._start + self._filled < size:
            if self._stop.is_set():
                raise Cancelled("the run was stopped", subject=self._blob.digest)
            self._fill(reader)
            self._send(writer)

    def _fill(self, reader: BlobReader) -> None:
        start = self._start + self._filled
        count = self._read(reader, self._buffer)
        if count == 0:
            raise ReadFailed(self._corrupt(f"the source ended after {start} of {self._blob.size} bytes"))
        end = start + count
        if end > self._blob.size:
            raise ReadFailed(self._corrupt(f"the source sends more than the {self._blob.size} bytes of the blob"))
        if self._hash is not None and not self._hash.update(start, self._buffer[:count]):
            raise ReadFailed(self._corrupt("the source sent other bytes than when it was read before"))
        self._start, self._filled = start, count
        if end == self._blob.size:
            self._check()

    def _check(self) -> None:
        if self._hash is not None and self._hash.digest != self._blob.digest.hex:
            found = f"{self._blob.digest.algorithm}:{self._hash.digest}"
            raise ReadFailed(self._corrupt(f"the source sent content of digest {found} where {self._blob.digest} was expected"))

    def _corrupt(self, message: str) -> CorruptContent:
        return CorruptContent(message, subject=f"{self._repository}@{self._blob.digest}")

    def _read(self, reader: BlobReader, buffer: memoryview) -> int:
        try:
            return reader.readinto(buffer)
        except MirrorError as error:
            raise ReadFailed(error) from error

    def _send(self, writer: BlobWriter) -> None:
        end = self._start + self._filled
        if end <= self._sent:
            return
        chunk = self._buffer[self._sent - self._start : self._filled]
        writer.write(chunk)
        self._sent = end
        self._accepted(len(chunk))

    def _recover(self, writer: BlobWriter, interruption: WriteInterrupted) -> bool:
        """Asks where to go on; says whether the reader and the buffer still serve."""
        before = self._sent
        self._resumes = self._resumes + 1 if self._sent <= self._furthest else 1
        self._furthest = max(self._furthest, self._sent)
        if self._resumes > MAX_RESUMES:
            raise self._lost(f"the destination broke the upload {self._resumes} times at byte {self._sent}") from interruption
        self._sent = writer.resume()
        if not 0 <= self._sent <= self._start + self._filled:
            raise self._lost(f"the destination asks to resume at byte {self._sent}, which was never sent") from interruption
        self._accepted(self._sent - before)
        return self._start <= self._sent

    def _lost(self, message: str) -> Unreachable:
        return Unreachable(message, subject=self._blob.digest, attempts=self._resumes)
