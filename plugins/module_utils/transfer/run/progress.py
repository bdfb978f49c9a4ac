# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The progress of a transfer as one small document, and as a file that others watch.

    {"phase": "copy", "images": {"done": 3, "total": 190, "failed": 0}, "blobs": {"done": 7, "total": 578},
     "bytes": {"done": 1048576, "total": 920000000}, "rate": 250000000, "eta": 4, "retries": 0,
     "current": [{"digest": "sha256:...", "repository": "...", "size": 1, "done": 0}], "last_error": "", "updated": 1700000000.0}

While a plan is made there is `"planning": {"stage": "catalogs", "done": 1, "total": 3}` as well, else null.

`images.done` counts every image that came to an end, failed ones included; `bytes.total` is
what may have to be sent at most.  rate: bytes a second, of the last half minute.  eta:
seconds, null while it is not known.  A run may have several transfers, such as one for each
archive that it loads: totals grow by what each of them brings, an image of several counts once.  In the end the numbers of
images are those of the run's result.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import (
    COPIED,
    FAILED,
    PENDING,
    BlobDone,
    BlobProgress,
    BlobStarted,
    Finished,
    ImageDone,
    ImageFailed,
    Phase,
    Planned,
    Retried,
    Started,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.pace import Pace

# Seconds between two states of the file, and over which the rate is taken.
INTERVAL = 1.0
WINDOW = 30.0
# Waiting for an answer is told after so many seconds.
WORTH_TELLING = 10.0
# Blobs that are shown under way, and characters of the last error.
SHOWN = 8
MESSAGE = 500

# Origin, repository at the destination, digest.
_Image = tuple[str, str, Digest]


class Progress:
    """A listener that keeps totals; with a path, it also keeps a file of them.

    total: images that the plan has, known before the first event.
    """

    def __init__(self, path: str = "", total: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._phase = ""
        self._planning: dict[str, Any] | None = None
        self._images = {"done": 0, "total": total, "failed": 0}
        self._blobs = {"done": 0, "total": 0}
        self._bytes = {"done": 0, "total": 0}
        self._retries = 0
        self._last_error = ""
        self._waiting: Callable[[], tuple[str, float]] = lambda: ("", 0.0)
        self._seen: set[str] = set()
        self._current: dict[str, dict[str, Any]] = {}
        self._samples: deque[tuple[float, int]] = deque()
        self._pace = Pace()
        self._sent = 0
        # Images of all transfers, where they were told, and those that came to an end.
        self._expected: set[_Image] = set()
        self._ended: set[_Image] = set()
        self._written = 0.0
        # Retries are told by clients, past the transfer that has its events in order.
        self._lock = threading.Lock()

    def __call__(self, event: object) -> None:
        handler = self._HANDLERS.get(type(event))
        with self._lock:
            if handler is not None:
                handler(self, event)
            now = self._clock()
            # A stage of planning may take long before anything else happens.
            begins = isinstance(event, Finished) or (isinstance(event, Planned) and not event.done)
            if self._path and (now - self._written >= INTERVAL or begins):
                self.write(now)

    def planned(self, stage: str, done: int, total: int) -> None:
        """How far planning is (`imageset.wanted.Context.tell`)."""
        self(Planned(stage, done, total))

    def expect(self, images: Iterable[PlacedImage]) -> None:
        """Which images the next transfer has, once that is known.  One that an earlier one has, too, counts once."""
        self._expected |= {(placed.image.origin, placed.repository, placed.digest) for placed in images}
        self._images["total"] = len(self._expected)

    def conclude(self, counts: Mapping[str, int], complete: bool) -> None:
        """The numbers of the run's result (`TransferResult.counts`), which has each image once."""
        with self._lock:
            total = counts["images_total"]
            self._images = {"done": total - counts["images_pending"], "total": total, "failed": counts["images_failed"]}
            self._phase = "complete" if complete else "incomplete"
            if self._path:
                self.write(self._clock())

    def watch(self, waiting: Callable[[], tuple[str, float]]) -> None:
        """waiting: tells which host lets us wait, and for how many seconds it has done so."""
        self._waiting = waiting

    def document(self) -> dict[str, Any]:
        now = self._clock()
        rate = self._rate(now)
        host, waited = self._waiting()
        return {
            "phase": self._phase,
            "planning": self._planning,
            "images": dict(self._images),
            "blobs": dict(self._blobs),
            "bytes": dict(self._bytes),
            "rate": int(rate),
            "eta": self._eta(now),
            "retries": self._retries,
            "current": sorted(self._current.values(), key=lambda entry: -entry["size"])[:SHOWN],
            "last_error": self._last_error,
            "waiting": {"host": host, "seconds": int(waited)} if waited >= WORTH_TELLING else None,
            "updated": round(now, 3),
        }

    def write(self, now: float) -> None:
        """Replaces the file; a file that cannot be written must not stop a transfer."""
        self._written = now
        try:
            files.put(self._path, json.dumps(self.document()).encode("utf-8", "backslashreplace"), 0o600, sync=False)
        except OSError as error:
            self._last_error = f"cannot write {self._path}: {error.strerror}"

    def _rate(self, now: float) -> float:
        self._samples.append((now, self._bytes["done"]))
        while len(self._samples) > 2 and self._samples[0][0] < now - WINDOW:
            self._samples.popleft()
        (then, before), (_now, done) = self._samples[0], self._samples[-1]
        return max(0.0, (done - before) / (now - then)) if now > then else 0.0

    def _eta(self, now: float) -> int | None:
        self._pace.saw(now, self._sent, self._items("done"))
        left = self._pace.time_for(self._bytes["total"] - self._bytes["done"], self._items("total") - self._items("done"))
        return None if left is None else int(left) or None

    def _items(self, which: str) -> int:
        return self._blobs[which] + self._images[which]

    def _on_phase(self, event: Phase) -> None:
        self._phase = event.name
        self._planning = None

    def _on_planned(self, event: Planned) -> None:
        self._phase = "plan"
        self._planning = {"stage": event.stage, "done": event.done, "total": event.total}

    def _on_started(self, event: Started) -> None:
        if not self._expected:
            self._images["total"] = event.images
        self._blobs["total"] = self._blobs["done"] + event.blobs
        self._bytes["total"] = self._bytes["done"] + event.size
        self._seen.clear()
        self._pace = Pace()
        self._pace.saw(self._clock(), self._sent, self._items("done"))

    def _on_blob_started(self, event: BlobStarted) -> None:
        self._current[event.digest] = {"digest": event.digest, "repository": event.repository, "size": event.size, "done": 0}

    def _on_blob_progress(self, event: BlobProgress) -> None:
        self._bytes["done"] += event.size
        self._sent += event.size
        if event.digest in self._current:
            self._current[event.digest]["done"] += event.size

    def _on_blob_done(self, event: BlobDone) -> None:
        self._current.pop(event.digest, None)
        if event.digest in self._seen:
            return
        self._seen.add(event.digest)
        self._blobs["done"] += 1
        if event.outcome not in (COPIED, FAILED):
            # It is there without being sent.
            self._bytes["done"] += event.size

    def _on_image_done(self, event: ImageDone) -> None:
        image = (event.origin, event.repository, event.digest)
        if event.outcome != PENDING and not (image in self._expected and image in self._ended):
            self._ended.add(image)
            self._images["done"] += 1
            self._images["failed"] += event.outcome == FAILED

    def _on_image_failed(self, event: ImageFailed) -> None:
        self._last_error = _sentence(event.failure)

    def _on_retried(self, event: Retried) -> None:
        self._retries += 1
        self._last_error = f"{event.host}: {event.reason}"[:MESSAGE]

    def _on_finished(self, event: Finished) -> None:
        self._phase = "complete" if event.complete else "incomplete"
        self._current.clear()

    _HANDLERS: dict[type, Callable[[Progress, Any], None]] = {
        Phase: _on_phase,
        Planned: _on_planned,
        Started: _on_started,
        BlobStarted: _on_blob_started,
        BlobProgress: _on_blob_progress,
        BlobDone: _on_blob_done,
        ImageDone: _on_image_done,
        ImageFailed: _on_image_failed,
        Retried: _on_retried,
        Finished: _on_finished,
    }


def _sentence(failure: Failure | None) -> str:
    return f"{failure.subject}: {failure.message}"[:MESSAGE] if failure else ""
