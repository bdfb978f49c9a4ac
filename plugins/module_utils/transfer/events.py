# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a transfer tells while it works: one stream, read by progress, journal and result.

Every event is a frozen value; a listener is any callable that takes one.  Listeners are
called from worker threads, one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure

# What became of a blob or an image.
COPIED = "copied"
MOUNTED = "mounted"
PRESENT = "present"
FAILED = "failed"


@dataclass(frozen=True)
class Started:
    """The work is known: how many images, how many unique blobs and bytes at most."""

    images: int
    blobs: int
    size: int


@dataclass(frozen=True)
class BlobProgress:
    """`size` further bytes of a blob were accepted by the destination (negative when they must be sent again)."""

    digest: Digest
    size: int


@dataclass(frozen=True)
class BlobDone:
    """outcome: copied, mounted, present or failed.  repository: at the destination."""

    digest: Digest
    repository: str
    size: int
    outcome: str


@dataclass(frozen=True)
class ImageDone:
    """outcome: copied (something was written), present (nothing was) or failed."""

    origin: str
    repository: str
    digest: Digest
    outcome: str


@dataclass(frozen=True)
class Retried:
    """A request is made again: where, why, after how many seconds."""

    host: str
    reason: str
    delay: float


@dataclass(frozen=True)
class ImageFailed:
    """One image's failure; the others go on."""

    failure: Failure


@dataclass(frozen=True)
class Finished:
    complete: bool


Listener = Callable[[object], None]
