# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The files of an archive set while it is written: reserved places, filled in any order.

Volumes carry `.part` behind their name until everything is there, so that an unfinished
set can never be taken for a finished one.  A journal beside them says which blobs are
whole and on disk; an interrupted write goes on from there, in place.
"""

from __future__ import annotations

import errno
import os
import threading
from typing import Dict, List, Mapping, Sequence, Set

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Locked, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.claim import Claim
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import (
    MANIFEST,
    SIGNATURE,
    VOLUME,
    Places,
    Segment,
    arrange,
    signature_content,
    volume_document,
    volume_name,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import header, header_size

PART = ".part"
# Bytes written between two entries of the journal: what an interruption costs at most.
_BATCH = 64 * 1024 * 1024


class UnfinishedSet:
    """Volumes on disk, addressed by segment.  Used from many threads."""

    def __init__(self, folder: str, contents: Contents) -> None:
        self.folder = folder
        self.contents = contents
        self.places: Places = arrange(contents)
        self.archive_id = Digest.of(contents.encoded())
        self.names = [volume_name(contents.sequence, number) for number in range(len(self.places.sizes))]
        self.done: Set[Digest] = set()
        self._files: List[int] = []
        self._pending: List[Digest] = []
        self._pending_size = 0
        self._flushing = False
        self._mutex = threading.Lock()
        self.claim = Claim(folder, contents.sequence)

    @property
    def journal(self) -> str:
        return os.path.join(self.folder, f".mirror_seq{self.contents.sequence}.journal")

    def path(self, volume: int) -> str:
        return os.path.join(self.folder, self.names[volume] + PART)

    def is_finished(self) -> bool:
        """Whether this very set lies there whole.  Raises StorageError when another set has its name."""
        first = os.path.join(self.folder, self.names[0])
        if not os.path.exists(first):
            return False
        encoded = self.contents.encoded()
        try:
            with open(first, "rb") as file:
                file.seek(header_size(MANIFEST))
                same = file.read(len(encoded)) == encoded
        except OSError as error:
            raise StorageError(f"cannot read the archive that lies there: {error.strerror}", subject=first) from error
        whole = all(
            os.path.isfile(path) and os.path.getsize(path) == size
            for path, size in zip((os.path.join(self.folder, name) for name in self.names), self.places.sizes)
        )
        if not (same and whole):
            raise StorageError(
                f"another archive with sequence {self.contents.sequence} lies there",
                subject=first,
                advice="Archives are never overwritten: move it away, or choose another folder.",
            )
        return True

    def open(self, documents: Mapping[str, bytes], signature: bytes = b"") -> None:
        """Reserves all places and writes the documents; goes on with an interrupted write of the same set.

        documents: content of every member that is not a blob, by name.  Raises Locked, StorageError.
        signature: detached, of `manifest.json`; needed when the contents say that there is one.
        """
        try:
            os.makedirs(self.folder, exist_ok=True)
            self.claim.take()
            if not os.path.exists(self.journal) and self.is_finished():
                raise Locked("another run has just written this archive", subject=self.folder, advice="Run again.")
            resumed = self._read_journal()
            if not resumed:
                self._forget()
            self._check_room()
            self._files = [self._open_volume(number) for number in range(len(self.names))]
            if not resumed:
                self._write_frame(documents, signature)
                self._start_journal()
        except OSError as error:
            self.claim.give_back()
            raise self._error(error, self.folder) from error
        except BaseException:
            self.claim.give_back()
            raise

    def write(self, segments: Sequence[Segment], position: int, chunk: memoryview) -> None:
        """Bytes of a blob from `position` on, wherever they lie."""
        end = position + len(chunk)
        for segment in segments:
            start, stop = max(position, segment.start), min(end, segment.start + segment.size)
            if start < stop:
                self._pwrite(segment.volume, chunk[start - position : stop - position], segment.offset + start - segment.start)

    def record(self, digest: Digest, size: int) -> None:
        """A blob is whole; it counts after the next entry of the journal.

        One thread at a time waits for the disk, while the others go on.
        """
        with self._mutex:
            self.done.add(digest)
            self._pending.append(digest)
            self._pending_size += size
            due = self._pending_size >= _BATCH and not self._flushing
            self._flushing = self._flushing or due
        if due:
            try:
                self._flush()
            finally:
                self._flushing = False

    def finish(self) -> None:
        """Gives the volumes their names, the first one last: without it no reader accepts a set."""
        try:
            self._flush()
            self._close_files()
            for name in reversed(self.names):
                path = os.path.join(self.folder, name)
                if os.path.exists(path + PART):
                    os.rename(path + PART, path)
            _sync_folder(self.folder)
            os.unlink(self.journal)
        except OSError as error:
            raise self._error(error, self.folder) from error
        finally:
            self.claim.give_back()

    def close(self) -> None:
        """Keeps what is there for the next run."""
        try:
            if self._files:
                self._flush()
        finally:
            self._close_files()
            self.claim.give_back()

    def _close_files(self) -> None:
        for file in self._files:
            os.close(file)
        self._files = []

    def _open_volume(self, number: int) -> int:
        # After an interruption in `finish` some volumes have their names already.
        path = self.path(number)
        finished = path[: -len(PART)]
        if os.path.exists(finished) and not os.path.exists(path):
            os.rename(finished, path)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.ftruncate(file, self.places.sizes[number])
        return file

    def _write_frame(self, documents: Mapping[str, bytes], signature: bytes) -> None:
        """Everything whose bytes are known now: headers, manifest, signature, volume documents, documents."""
        known: Dict[str, bytes] = {MANIFEST: self.contents.encoded(), SIGNATURE: signature_content(signature), **documents}
        signed = Digest.of(known[SIGNATURE])
        for number, volume in enumerate(self.places.segments):
            known[VOLUME] = volume_document(self.archive_id, number, len(self.names), signed)
            for segment in volume:
                self._pwrite(number, memoryview(header(segment.name, segment.size)), segment.offset - header_size(segment.name))
                if not segment.content.is_blob:
                    content = known[segment.content.name]
                    if len(content) != segment.size:
                        raise InputError(
                            f"{segment.name} has {len(content)} bytes where {segment.size} were announced", subject=self.folder
                        )
                    self._pwrite(number, memoryview(content), segment.offset)

    def _pwrite(self, volume: int, chunk: memoryview, offset: int) -> None:
        try:
            while chunk:
                written = os.pwrite(self._files[volume], chunk, offset)
                chunk, offset = chunk[written:], offset + written
        except OSError as error:
            raise self._error(error, self.path(volume)) from error

    def _read_journal(self) -> bool:
        """Whether an interrupted write of this very set is there; fills `done`."""
        try:
            with open(self.journal, encoding="ascii", errors="replace") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return False
        if lines[0] != self.archive_id:
            return False
        # The last entry may be torn; what does not parse was not whole.
        for line in lines[1:]:
            try:
                self.done.add(Digest.parse(line))
            except InputError:
                continue
        return True

    def _start_journal(self) -> None:
        for file in self._files:
            os.fsync(file)
        with open(self.journal, "w", encoding="ascii") as journal:
            journal.write(f"{self.archive_id}\n")
            journal.flush()
            os.fsync(journal.fileno())
        _sync_folder(self.folder)

    def _flush(self) -> None:
        """Writes the journal's entries of blobs that are on the disk then; what is recorded meanwhile waits for the next time."""
        with self._mutex:
            batch, self._pending, self._pending_size = self._pending, [], 0
        if not batch:
            return
        try:
            for file in self._files:
                os.fdatasync(file)
            with open(self.journal, "a", encoding="ascii") as journal:
                journal.write("".join(f"{digest}\n" for digest in batch))
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise self._error(error, self.journal) from error

    def _forget(self) -> None:
        """Removes an unfinished set of this sequence that had other contents."""
        prefix = f"mirror_seq{self.contents.sequence}_"
        for name in os.listdir(self.folder):
            if name.startswith(prefix) and name.endswith(".tar" + PART):
                os.unlink(os.path.join(self.folder, name))
        if os.path.exists(self.journal):
            os.unlink(self.journal)

    def _check_room(self) -> None:
        """Before the first byte: does it all fit?"""
        taken = 0
        for number in range(len(self.names)):
            if os.path.exists(self.path(number)):
                taken += os.stat(self.path(number)).st_blocks * 512
        need = sum(self.places.sizes) - taken
        status = os.statvfs(self.folder)
        free = status.f_bavail * status.f_frsize
        if need > free:
            raise StorageError(
                f"the archive needs {need} more bytes and the file system has {free} free",
                subject=self.folder,
                advice="Free space or choose another folder, and run again: what is there is kept.",
            )

    def _error(self, error: OSError, path: str) -> StorageError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StorageError(
                f"no space is left for the archive of {sum(self.places.sizes)} bytes",
                subject=path,
                advice="The unfinished archive is kept: free space and run again to go on.",
            )
        return StorageError(f"cannot write the archive: {error.strerror}", subject=path)


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
