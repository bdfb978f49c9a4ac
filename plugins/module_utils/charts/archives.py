# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The chart archives of one run, in a folder of the workspace.

They come from outside: names stay in the folder, what they unpack to is bounded, and no chart takes the place of another
of the same name and version that a different repository offers.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zlib

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.gunzip import Gunzip

# What helm itself takes at most.
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z")
_STEP = 1024 * 1024


class ChartArchives:
    """folder: made when the first one is kept.  Used by one thread."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._taken: dict[str, str] = {}

    def place(self, file: str, subject: str) -> str:
        """The path for an archive's name.  Raises InputError when it is none."""
        if not _SAFE.match(file):
            raise InputError(f"{file!r:.200} cannot be the name of a chart archive", subject=subject)
        return os.path.join(self._folder, file)

    def kept(self, path: str, hexadecimal: str, subject: str) -> bool:
        """Whether the archive with this sha256 is at its place already.  Raises InputError when another one was put there."""
        try:
            if hashlib.sha256(files.read(path)).hexdigest() != hexadecimal:
                return False
        except (FileNotFoundError, StorageError):
            return False
        self._take(path, hexadecimal, subject)
        return True

    def keep(self, path: str, content: bytes, subject: str) -> None:
        """Raises InputError (another one was put there), Unsupported (it unpacks to too much), StorageError."""
        _check_unpacked(content, subject)
        self._take(path, hashlib.sha256(content).hexdigest(), subject)
        files.write(path, content)

    def _take(self, path: str, hexadecimal: str, subject: str) -> None:
        if self._taken.setdefault(path, hexadecimal) != hexadecimal:
            raise InputError(
                f"another chart of this image set is kept as {os.path.basename(path)} and has other content",
                subject=subject,
                advice="Leave one of them out, or mirror it with a workspace of its own.",
            )


def _check_unpacked(content: bytes, subject: str) -> None:
    """What is no gzip stream is left to helm to refuse."""
    unpacked, count = Gunzip(io.BytesIO(content)), 0
    try:
        while True:
            step = len(unpacked.read(_STEP))
            count += step
            if count > limits.CHART_UNPACKED:
                raise Unsupported(f"the chart unpacks to more than {limits.CHART_UNPACKED} bytes", subject=subject)
            if not step:
                return
    except (zlib.error, EOFError):
        return
    except ValueError as error:
        raise Unsupported(f"the chart's archive is refused: {error}", subject=subject) from error
