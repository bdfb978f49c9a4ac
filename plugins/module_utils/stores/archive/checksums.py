# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A file that `sha256sum -c` reads, beside the volumes of an archive, for those who carry them.

Blobs arrive in any order, so that a volume can be hashed only once it is whole.  Loading does not need these checksums: the
archive's own manifest proves every byte.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.blob import open_file

_CHUNK = 1024 * 1024


def checksums_name(sequence: int) -> str:
    return f"mirror_seq{sequence}.sha256"


def write_checksums(folder: str, sequence: int, names: Sequence[str], ended: Callable[[], bool] = lambda: False) -> tuple[str, ...]:
    """The SHA-256 of each volume, as hexadecimal digits, which the file then has as well.

    ended: whether to stop reading.  Raises Cancelled, StorageError.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        sums = tuple(pool.map(lambda name: _checksum(os.path.join(folder, name), ended), names))
    lines = "".join(f"{found}  {name}\n" for found, name in zip(sums, names))
    files.write(os.path.join(folder, checksums_name(sequence)), lines.encode("ascii"))
    return sums


def _checksum(path: str, ended: Callable[[], bool]) -> str:
    found, buffer = hashlib.sha256(), memoryview(bytearray(_CHUNK))
    try:
        with open(open_file(path, -1, path), "rb", buffering=0) as file:
            while size := file.readinto(buffer):
                if ended():
                    raise Cancelled("the run was stopped", subject=path)
                found.update(buffer[:size])
    except OSError as error:
        raise StorageError(f"cannot read the volume: {error.strerror}", subject=path) from error
    return found.hexdigest()
