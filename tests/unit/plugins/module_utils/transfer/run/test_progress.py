# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import stat
from types import SimpleNamespace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run import events
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress

ONE, TWO = Digest.of(b"1"), Digest.of(b"2")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_totals_rate_and_current() -> None:
    clock = Clock()
    progress = Progress(clock=clock, total=3)
    progress(events.Phase("copy"))
    progress(events.Started(3, 2, 3000))
    progress.document()
    progress(events.BlobStarted(ONE, "a", 2000))
    progress(events.BlobProgress(ONE, 1000))
    clock.now += 2
    document = progress.document()
    assert document["phase"] == "copy" and document["bytes"] == {"done": 1000, "total": 3000}
    assert document["rate"] == 500 and document["eta"] == 4
    assert document["current"] == [{"digest": ONE, "repository": "a", "size": 2000, "done": 1000}]
    progress(events.BlobProgress(ONE, -400))
    progress(events.BlobProgress(ONE, 1400))
    progress(events.BlobDone(ONE, "a", 2000, events.COPIED))
    progress(events.BlobDone(ONE, "b", 2000, events.MOUNTED))
    progress(events.BlobDone(TWO, "a", 1000, events.PRESENT))
    document = progress.document()
    assert document["bytes"] == {"done": 3000, "total": 3000} and document["blobs"] == {"done": 2, "total": 2}
    assert document["current"] == [] and document["eta"] is None


def test_the_time_that_is_left_counts_requests_and_not_bytes_alone() -> None:
    """Forty seconds of large blobs, then thirty-five of small ones and manifests that have next to no bytes."""
    clock = Clock()
    progress = Progress(clock=clock)
    large, small, images = 20, 600, 100
    progress(events.Started(images, large + small, large * 100_000_000 + small * 2_000))
    for second in range(1, 76):
        clock.now += 1
        if second <= 40:
            progress(events.BlobProgress(ONE, 50_000_000))
            if second % 2 == 0:
                progress(events.BlobDone(Digest.of(b"large %d" % second), "a", 100_000_000, events.COPIED))
        elif second <= 70:
            for number in range(20):
                digest = Digest.of(b"small %d %d" % (second, number))
                progress(events.BlobProgress(digest, 2_000))
                progress(events.BlobDone(digest, "a", 2_000, events.COPIED))
        else:
            for _number in range(20):
                progress(events.ImageDone("o", "r", ONE, events.COPIED))
        told = progress.document()["eta"] or 0
        assert 0.6 * (75 - second) - 2 <= told <= 1.5 * (75 - second) + 2, (second, told)


def test_several_transfers_add_up_and_the_end_is_what_the_run_found() -> None:
    """Two archives of three images each, two of which are in both; the numbers only grow, and never say more than there is."""
    progress = Progress()
    seen = [(0, 0)]
    for archive in (("a", "b", "c"), ("b", "c", "d")):
        progress.expect([SimpleNamespace(image=SimpleNamespace(origin=name), repository="r", digest=ONE) for name in archive])
        progress(events.Started(3, 0, 0))
        for name in archive:
            progress(events.ImageDone(name, "r", ONE, events.COPIED))
            images = progress.document()["images"]
            seen.append((images["done"], images["total"]))
    assert seen == sorted(seen) and all(done <= total for done, total in seen)
    assert progress.document()["images"] == {"done": 4, "total": 4, "failed": 0}
    progress.conclude({"images_total": 4, "images_pending": 1, "images_failed": 1}, False)
    assert progress.document()["images"] == {"done": 3, "total": 4, "failed": 1} and progress.document()["phase"] == "incomplete"


def test_images_and_errors() -> None:
    progress = Progress()
    progress(events.Started(4, 0, 0))
    for outcome in (events.PRESENT, events.COPIED, events.HELD, events.PENDING):
        progress(events.ImageDone("o", "r", ONE, outcome))
    progress(events.ImageFailed(Failure("not_found", "is not there", "quay.io/x:1")))
    progress(events.ImageDone("o", "r", ONE, events.FAILED))
    progress(events.Retried("quay.io", "status 503", 1.0))
    document = progress.document()
    assert document["images"] == {"done": 4, "total": 4, "failed": 1}
    assert document["retries"] == 1 and document["last_error"] == "quay.io: status 503"


def test_file_at_most_once_a_second_private_and_at_the_end(tmp_path: Any) -> None:
    clock, path = Clock(), tmp_path / "status.json"
    progress = Progress(str(path), clock=clock)
    os.umask(os.umask(0))
    progress(events.Phase("survey"))
    assert json.loads(path.read_text())["phase"] == "survey"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    progress(events.Phase("read"))
    assert json.loads(path.read_text())["phase"] == "survey"
    clock.now += 1
    progress(events.Tick())
    assert json.loads(path.read_text())["phase"] == "read"
    progress(events.Finished(True))
    assert json.loads(path.read_text())["phase"] == "complete"
    assert os.listdir(tmp_path) == ["status.json"]


def test_place_that_cannot_be_written_stops_nothing(tmp_path: Any) -> None:
    progress = Progress(str(tmp_path / "missing" / "status.json"))
    progress(events.Finished(False))
    assert progress.document()["phase"] == "incomplete"


def test_planning_is_told_until_the_transfer_begins() -> None:
    progress = Progress()
    progress.planned("catalogs", 1, 3)
    assert progress.document()["planning"] == {"stage": "catalogs", "done": 1, "total": 3} and progress.document()["phase"] == "plan"
    progress(events.Phase("survey"))
    assert progress.document()["planning"] is None
