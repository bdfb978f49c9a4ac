# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a transfer tells while it works: one stream, read by progress, journal and result.

Every event is a frozen value (tuples, for they are many and made quickly); a listener is
any callable that takes one.  Listeners are called from worker threads, one at a time.
"""

from __future__ import annotations

import threading
from typing import Callable, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure

# What became of a blob or an image.
COPIED = "copied"
MOUNTED = "mounted"
PRESENT = "present"
FAILED = "failed"
# Not published because of what it depends on: a catalog whose images failed, an attachment of a failed image.
HELD = "held"
# Not come to: the run was stopped, or it only moved the blobs of one shard.
PENDING = "pending"


class Phase(NamedTuple):
    """A part of the run begins: survey, read, copy or catalogs."""

    name: str


class Planned(NamedTuple):
    """How far the plan is.  stage: releases, catalogs, charts or images.  total: 0 while it is not known."""

    stage: str
    done: int
    total: int


class Started(NamedTuple):
    """The work is known: how many images, how many unique blobs and bytes at most."""

    images: int
    blobs: int
    size: int


class BlobStarted(NamedTuple):
    """Bytes of a blob begin to flow to a repository of the destination."""

    digest: Digest
    repository: str
    size: int


class BlobProgress(NamedTuple):
    """`size` further bytes of a blob were accepted by the destination (negative when they must be sent again)."""

    digest: Digest
    size: int


class BlobDone(NamedTuple):
    """outcome: copied, mounted, present or failed.  repository: at the destination."""

    digest: Digest
    repository: str
    size: int
    outcome: str


class ImageDone(NamedTuple):
    """outcome: copied (something was written), present (nothing was), failed, held or pending."""

    origin: str
    repository: str
    digest: Digest
    outcome: str
    tags: tuple[str, ...] = ()


class Retried(NamedTuple):
    """A request is made again: where, why, after how many seconds."""

    host: str
    reason: str
    delay: float


class ImageFailed(NamedTuple):
    """One image's failure; the others go on."""

    failure: Failure


class Tick(NamedTuple):
    """Nothing happened for a moment; the run is alive."""


class Finished(NamedTuple):
    complete: bool


Listener = Callable[[object], None]


def ignore(_event: object) -> None:
    """A listener for those who want none."""


class Broadcast:
    """One listener made of several: passes each event on, one at a time."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners
        self._lock = threading.Lock()

    def __call__(self, event: object) -> None:
        with self._lock:
            for listener in self._listeners:
                listener(event)
