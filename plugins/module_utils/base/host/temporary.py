# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A directory for what is needed only for a moment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Only this user can read it, and it is gone afterwards.  Raises StorageError where there is no room for it, or in it."""
    folder = ""
    try:
        folder = tempfile.mkdtemp(prefix="disconnected-mirror-")
        yield folder
    except OSError as error:
        # Of a full disk without the name of a file; what is wrong with files elsewhere passes.
        if folder and error.filename is not None and not str(error.filename).startswith(folder):
            raise
        raise StorageError(
            f"cannot use a temporary directory: {error.strerror}",
            subject=folder or "TMPDIR",
            advice="Free space there, or set TMPDIR to a directory that can be written to.",
        ) from error
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
