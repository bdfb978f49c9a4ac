# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The files of an archive set while it is written: reserved places, filled in any order.

Volumes carry `.part` behind their name until everything is there, so that an unfinished set can never be taken for a
finished one.  An interrupted write is resumed, in place, when all volumes are there with the frame of this very set
(`frame`); which blobs are whole is told by their digests, and by nothing that somebody wrote down.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    CorruptContent,
    Locked,
    MirrorError,
    StorageError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.claim import Claim
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.frame import Frame
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import Places, Segment, arrange, volume_name
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import identify

PART = ".part"
_CHUNK = 1024 * 1024


def begun(folder: str, sequence: int) -> Contents | None:
    """What a set of this sequence that lies there, finished or not, was to hold; None when there is none that can be read."""
    first = os.path.join(folder, volume_name(sequence, 0))
    for path in (first + PART, first):
        if os.path.isfile(path):
            try:
                return identify(path).contents
            except MirrorError:
                continue
    return None


class UnfinishedSet:
    """Volumes on disk, addressed by segment.  Used from many threads."""

    def __init__(self, folder: str, contents: Contents) -> None:
        self.folder = folder
        self.contents = contents
        self.places: Places = arrange(contents)
        self.archive_id = Digest.of(contents.encoded())
        self.names = [volume_name(contents.sequence, number) for number in range(len(self.places.sizes))]
        self.done: set[Digest] = set()
        self.claim = Claim(folder, contents.sequence)
        self._frame = Frame(contents, self.places)
        self._files: list[int] = []
        self._mutex = threading.Lock()

    def path(self, volume: int) -> str:
        """Of a volume, counted from 0, as long as the set is unfinished."""
        return os.path.join(self.folder, self.names[volume] + PART)

    def is_finished(self) -> bool:
        """Whether this very set lies there whole.  Raises StorageError when another set has its name."""
        first = self._finished(0)
        if not os.path.lexists(first):
            return False
        if self._lie_there(self._finished, Frame(self.contents, self.places)):
            return True
        raise self._taken(first)

    def open(self, documents: Mapping[str, bytes], signature: bytes = b"", ended: Callable[[], bool] = lambda: False) -> None:
        """Reserves all places and writes the documents; goes on with an interrupted write of the same set.

        documents: content of every member that is not a blob, by name.  Raises Locked, StorageError, Cancelled.
        signature: detached, of `manifest.json`; needed when the contents say that there is one.
        ended: whether to stop looking at what was written before.
        """
        try:
            files.make_folder(self.folder)
            self.claim.take()
            if self.is_finished():
                raise Locked("another run has just written this archive", subject=self.folder, advice="Run again.")
            self._frame = Frame(self.contents, self.places, documents, signature)
            resumed = self._resume()
            self._check_room()
            self._files = [self._open_volume(number, resumed) for number in range(len(self.names))]
            self._write_frame()
            if resumed:
                self._find_whole(ended)
        except OSError as error:
            self.close()
            raise self._error(error, self.folder) from error
        except BaseException:
            self.close()
            raise

    def write(self, segments: Sequence[Segment], position: int, chunk: memoryview) -> None:
        """Bytes of a blob from `position` on, wherever they lie."""
        end = position + len(chunk)
        for segment in segments:
            start, stop = max(position, segment.start), min(end, segment.start + segment.size)
            if start < stop:
                self._pwrite(segment.volume, chunk[start - position : stop - position], segment.offset + start - segment.start)

    def record(self, digest: Digest) -> None:
        """A blob is whole."""
        with self._mutex:
            self.done.add(digest)

    def finish(self) -> None:
        """Gives the volumes their names, the first one last: without it no reader accepts a set.

        Only a whole set gets there: every blob was hashed on its way, and nobody took or changed the files meanwhile.
        Raises CorruptContent, StorageError.
        """
        try:
            for file in self._files:
                os.fsync(file)
            self._prove()
            self._close_files()
            for number in reversed(range(len(self.names))):
                os.rename(self.path(number), self._finished(number))
            _sync_folder(self.folder)
        except OSError as error:
            raise self._error(error, self.folder) from error
        finally:
            self.close()

    def close(self) -> None:
        """Keeps what is there for the next run."""
        self._close_files()
        self.claim.give_back()

    def _close_files(self) -> None:
        for file in self._files:
            os.close(file)
        self._files = []

    def _finished(self, volume: int) -> str:
        return os.path.join(self.folder, self.names[volume])

    def _resume(self) -> bool:
        """Whether an interrupted write of this very set is there; one of another set goes."""
        if self._lie_there(self._written, self._frame):
            for number in range(len(self.names)):
                if not os.path.lexists(self.path(number)):
                    os.rename(self._finished(number), self.path(number))
            return True
        for number in range(len(self.names)):
            if os.path.lexists(self._finished(number)):
                raise self._taken(self._finished(number))
        self._forget()
        return False

    def _written(self, volume: int) -> str:
        """After an interruption in `finish` some volumes have their names already."""
        return self.path(volume) if os.path.lexists(self.path(volume)) else self._finished(volume)

    def _lie_there(self, place: Callable[[int], str], frame: Frame) -> bool:
        """Whether all volumes are files of their size, with the bytes that are known beforehand."""
        try:
            return all(self._lies_there(place(number), number, frame) for number in range(len(self.names)))
        except OSError:
            return False

    def _lies_there(self, path: str, number: int, frame: Frame) -> bool:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_size != self.places.sizes[number]:
                return False
            parts = frame.volume(number)
            return all(part.signed or os.pread(file, len(part.content), part.offset) == part.content for part in parts)
        finally:
            os.close(file)

    def _open_volume(self, number: int, resumed: bool) -> int:
        file = files.extend(self.path(number)) if resumed else files.create(self.path(number))
        os.ftruncate(file, self.places.sizes[number])
        return file

    def _write_frame(self) -> None:
        for number in range(len(self.names)):
            for part in self._frame.volume(number):
                self._pwrite(number, memoryview(part.content), part.offset)

    def _find_whole(self, ended: Callable[[], bool]) -> None:
        """Finds the blobs that an earlier run wrote, by their digests."""
        blobs = self.places.by_digest()
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
            whole = pool.map(lambda digest: self._is_whole(digest, blobs[digest], ended), blobs)
            self.done = {digest for digest, found in zip(blobs, whole) if found}

    def _is_whole(self, digest: Digest, segments: Sequence[Segment], ended: Callable[[], bool]) -> bool:
        hasher = digest.hasher()
        for chunk in self._chunks(segments):
            if ended():
                raise Cancelled("the run was stopped", subject=self.folder)
            hasher.update(chunk)
        return bool(hasher.hexdigest() == digest.hex)

    def _chunks(self, segments: Sequence[Segment]) -> Iterator[bytes]:
        for segment in segments:
            file = self._files[segment.volume]
            if segment.size and _is_hole(file, segment.offset, segment.size):
                return
            for start in range(0, segment.size, _CHUNK):
                yield os.pread(file, min(_CHUNK, segment.size - start), segment.offset + start)

    def _prove(self) -> None:
        """That all is there, in the files that were written and that still have their names."""
        missing = set(self.places.by_digest()) - self.done
        if missing:
            what = f"{counted(len(missing), 'blob')} of the archive did not arrive, such as {sorted(missing)[0]}"
            raise CorruptContent(what, subject=self.folder)
        same = all(_is_at(file, self.path(number)) for number, file in enumerate(self._files))
        if not same or not self._lie_there(self.path, self._frame):
            raise StorageError(
                "the archive was removed or changed while it was written",
                subject=self.folder,
                advice="Make sure that nothing else writes to the directory, and run again: unusable files are rewritten.",
            )

    def _pwrite(self, volume: int, chunk: memoryview, offset: int) -> None:
        try:
            while chunk:
                written = os.pwrite(self._files[volume], chunk, offset)
                chunk, offset = chunk[written:], offset + written
        except OSError as error:
            raise self._error(error, self.path(volume)) from error

    def _forget(self) -> None:
        """Removes an unfinished set of this sequence that had other contents."""
        prefix = f"mirror_seq{self.contents.sequence}_"
        for name in os.listdir(self.folder):
            if name.startswith(prefix) and name.endswith(".tar" + PART):
                os.unlink(os.path.join(self.folder, name))

    def _taken(self, path: str) -> StorageError:
        return StorageError(
            f"another archive with sequence {self.contents.sequence} exists already, or a damaged one",
            subject=path,
            advice="Archives are never overwritten: move it away, or choose another folder.",
        )

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
                advice="The unfinished archive is kept: free space and run again to resume.",
            )
        return StorageError(f"cannot write the archive: {error.strerror}", subject=path)


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_hole(file: int, offset: int, size: int) -> bool:
    """Whether nothing was ever written there, where the file system can tell."""
    try:
        return os.lseek(file, offset, os.SEEK_DATA) >= offset + size
    except OSError as error:
        # There is no data behind that offset at all; or it cannot be told.
        return error.errno == errno.ENXIO


def _is_at(file: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.lstat(path))
    except FileNotFoundError:
        return False
