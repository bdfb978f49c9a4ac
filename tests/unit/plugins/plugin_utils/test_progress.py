# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of progress: what they say, and how often."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import BlobDone, Phase, Started
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress
from ansible_collections.disconnected.mirror.plugins.plugin_utils import interruption as interruptions
from ansible_collections.disconnected.mirror.plugins.plugin_utils import job as jobs
from ansible_collections.disconnected.mirror.plugins.plugin_utils import lines as shown_lines
from ansible_collections.disconnected.mirror.plugins.plugin_utils.lines import Lines, amount, duration, line


def status(**more):
    document = {
        "phase": "copy",
        "images": {"done": 412, "total": 1534, "failed": 0},
        "blobs": {"done": 0, "total": 0},
        "bytes": {"done": 81 * 1024**3, "total": 204 * 1024**3},
        "rate": 45 * 1024**2,
        "eta": 2799,
        "retries": 0,
    }
    return {**document, **more}


def test_a_line_says_what_matters():
    assert line(status(), 1900) == "copy: 412/1534 images, 81.0 GiB of 204.0 GiB, 45.0 MiB/s, about 46 min 39 s left"
    troubled = status(retries=3, images={"done": 5, "total": 6, "failed": 1}, rate=0, eta=None)
    assert line(troubled, 1) == "copy: 5/6 images, 81.0 GiB of 204.0 GiB, 3 retried, 1 failed"


def test_a_line_says_who_lets_us_wait():
    waiting = status(waiting={"host": "quay.io", "seconds": 75})
    assert line(waiting, 1900).endswith("45.0 MiB/s, waiting for quay.io for 1 min 15 s, about 46 min 39 s left")


def test_a_line_says_how_far_planning_is():
    def planning(stage, done, total):
        return status(phase="plan", planning={"stage": stage, "done": done, "total": total}, images={"done": 0, "total": 0, "failed": 0})

    assert line(planning("releases", 0, 0), 3) == "plan: reading releases, 3 s so far"
    assert line(planning("catalogs", 1, 3), 62) == "plan: 1 of 3 catalogs read, 1 min 2 s so far"
    waiting = {**planning("images", 412, 1530), "waiting": {"host": "quay.io", "seconds": 12}}
    assert line(waiting, 3) == "plan: 412 of 1530 images resolved, waiting for quay.io for 12 s, 3 s so far"


def test_a_line_moves_while_no_image_is_whole():
    early = status(images={"done": 0, "total": 190, "failed": 0}, blobs={"done": 77, "total": 578}, rate=0, eta=None)
    assert line(early, 60) == "copy: 0/190 images, 77/578 layers, 81.0 GiB of 204.0 GiB"


def test_the_last_line_is_not_said_twice(clock):
    lines = Lines("host", 10)
    clock.now += 60
    lines.show(status(phase="complete"))
    lines.show(status(phase="complete"), last=True)
    assert len(clock.shown) == 1


def test_a_line_needs_no_numbers():
    assert line(None, 7) == "starting, 7 s so far"
    assert line(status(phase="plan", images={"done": 0, "total": 0, "failed": 0}), 61) == "plan, 1 min 1 s so far"


def test_a_line_reads_what_the_module_writes():
    progress = Progress(total=3, clock=lambda: 1.0)
    for event in (Phase("copy"), Started(3, 2, 2048), BlobDone("sha256:" + "0" * 64, "a/b", 1024, "present")):
        progress(event)
    assert line(progress.document(), 5) == "copy: 0/3 images, 1/2 layers, 1.0 KiB of 2.0 KiB"


@pytest.mark.parametrize(
    "size, text", [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**3, "5.0 GiB"), (3 * 1024**4, "3.0 TiB")]
)
def test_amounts(size, text):
    assert amount(size) == text


@pytest.mark.parametrize("seconds, text", [(0, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (7265, "2 h 1 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0
        shown = []

        def display(self, text, stderr=False):
            assert stderr, "the output belongs to the callback"
            self.shown.append((self.now - 1000.0, text))

    clock = Clock()
    clock.shown = []
    monkeypatch.setattr(jobs.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(shown_lines, "Display", lambda: clock)
    return clock


def test_a_short_run_shows_nothing(clock):
    lines = Lines("registry-a", 10)
    clock.now += 1
    lines.show(status())
    lines.show(status(), last=True)
    assert not clock.shown


def test_a_long_run_is_never_silent_for_half_a_minute_and_never_chatty(clock):
    lines = Lines("registry-a", 10)
    for _second in range(2 * 3600):
        clock.now += 1
        lines.show(status())
    moments = [moment for moment, _text in clock.shown]
    assert moments[0] <= 2 and moments[1] >= 11
    assert max(later - earlier for earlier, later in zip(moments, moments[1:])) <= 31
    assert len(moments) < 300
    lines.show(status(phase="complete"), last=True)
    assert clock.shown[-1][1].startswith("  registry-a: complete: ")


class Target:
    """Stands for the action on a target whose files are a mapping."""

    def __init__(self, files):
        self.files = files
        self.commands = []

    def _remote_expand_user(self, path):
        return path

    def _low_level_execute_command(self, command):
        self.commands.append(command)
        if command.startswith("find "):
            return {"stdout": self.files.get(command.split()[1], "")}
        if command.startswith("grep "):
            return {"stdout": ""}
        parts = re.findall(r"head -c \d+ (\S+) .*?; echo (\w+)", command)
        return {"stdout": "".join(f"{self.files.get(path, '')}\n{mark}\n" for path, mark in parts)}


def kills(found):
    return [command for command in found._action.commands if "kill " in command]


RUNNING = ""


def job(files):
    found = jobs.Job(Target(files), "/ws/status.json", {})
    found._results = "/jobs/j1.1"
    return found


def test_a_job_shows_what_is_new_and_ends_with_its_result(clock):
    files = {"/ws/status.json": '{"phase": "complete"}', "/jobs/j1.1": RUNNING}
    found = job(files)
    assert not found.look() and found.status is None
    files["/ws/status.json"] = '{"phase": "copy"}'
    assert not found.look() and found.status == {"phase": "copy"}
    files["/jobs/j1.1"] = '{"changed": true}'
    assert found.look()


def test_a_job_that_was_killed_is_not_waited_for_forever(clock):
    files = {"/jobs/j1.1": RUNNING, "/ws/lock": '{"pid": 77}'}
    found = job(files)
    for _minute in range(30):
        clock.now += 60
        assert not found.look()
    del files["/ws/lock"]
    with pytest.raises(jobs.AnsibleActionFail, match="Run the task again"):
        for _minute in range(10):
            clock.now += 60
            found.look()


def test_only_a_job_that_holds_the_lock_is_stopped():
    files = {"/jobs/j1.1": RUNNING}
    found = job(files)
    found.stop()
    assert not kills(found)
    files["/ws/lock"] = '{"pid": 77}'
    found.stop()
    assert kills(found) == [found._action.commands[-1]] and kills(found)[0].endswith(" /proc/77/environ 2>/dev/null && kill -TERM 77")


@pytest.mark.parametrize("pid", [-1, 0, 1, True, "77", 7.5, None, [77]])
def test_a_lock_that_names_no_process_of_a_job_stops_nothing(pid):
    found = job({"/jobs/j1.1": RUNNING, "/ws/lock": json.dumps({"pid": pid})})
    found.stop()
    assert not kills(found)


def test_only_a_process_that_this_job_started_is_told_to_end():
    """The command that tells it, in a real shell: against a process of the job, and one that the lock names and is none."""
    ours = subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], jobs.VARIABLE: "0" * 32})
    theirs = subprocess.Popen(["sleep", "60"], env={"PATH": os.environ["PATH"], jobs.VARIABLE: "1" * 32})
    try:
        for process in (theirs, ours):
            found = job({"/jobs/j1.1": RUNNING, "/ws/lock": json.dumps({"pid": process.pid})})
            found._token = "0" * 32
            found.stop()
            subprocess.run(["/bin/sh", "-c", kills(found)[0]], check=False)
        assert ours.wait(10) == -signal.SIGTERM
        assert theirs.poll() is None
    finally:
        for process in (theirs, ours):
            process.kill()
            process.wait()


def test_what_a_registry_said_does_not_end_a_result():
    text = json.dumps({"failed": True, "msg": "---8<---"})
    found = job({"/jobs/j1.1": text})
    assert found.look() and found.result()["msg"] == "---8<---"


def test_a_status_of_somebody_else_is_no_fault(clock):
    for odd in ({"phase": 1}, {"images": 3}, status(rate="x"), status(images={"total": 1})):
        assert line(odd, 3) == "running, 3 s so far"
    lines = Lines("host", 10)
    clock.now += 60
    lines.show(status(phase="\x1b]0;x\x07copy\u202e"))
    assert clock.shown[0][1].startswith("  host: \\x1b]0;x\\x07copy\\u202e: ")


def test_a_job_that_was_just_started_is_waited_for_to_be_stopped(monkeypatch):
    files = {"/jobs/j1.1": RUNNING}
    found = job(files)
    monkeypatch.setattr(jobs.time, "sleep", lambda seconds: files.update({"/ws/lock": '{"pid": 77}'}))
    found.stop(60)
    assert len(kills(found)) == 1


def test_a_job_that_has_ended_is_not_stopped_whoever_holds_the_lock():
    found = job({"/jobs/j1.1": '{"changed": false}', "/ws/lock": '{"pid": 77}'})
    found.stop(60)
    assert not kills(found)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_held_back_and_given_on_in_the_end(number):
    heard = []
    before = signal.signal(number, lambda sent, _frame: heard.append(sent))
    try:
        with interruptions.Interruption() as interruption:
            os.kill(os.getpid(), number)
            interruption.sleep(60)
            assert interruption.came == number and heard == []
        assert heard == [number]
    finally:
        signal.signal(number, before)
