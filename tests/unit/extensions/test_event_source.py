# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source, loaded by its path as ansible-rulebook does it."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.images import image, put
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

PATH = "ansible_collections/disconnected/mirror/extensions/eda/plugins/event_source/upstream.py"
SECRET = "watcher-password-41aa"
CHANNEL = ("amd64", "stable-4.18")


@pytest.fixture
def source():
    folder = next(path for path in sys.path if os.path.exists(os.path.join(path, PATH)))
    return runpy.run_path(os.path.join(folder, PATH))


@pytest.fixture
def place():
    guard = Guard(mode="basic", users={"watcher": SECRET})
    with ReleaseServer({CHANNEL: answer(["4.18.1"])}) as service, FakeRegistry(auth=guard) as registry:
        put(image("catalog"), registry.content, "redhat/index", "v4.18")
        yield service, registry


def arguments(place, state, **more):
    service, registry = place
    return {
        "channels": ["stable-4.18"],
        "update_url": service.url(),
        "images": [f"{registry.host}/redhat/index:v4.18"],
        "credentials": [{"registry": registry.host, "username": "watcher", "password": SECRET}],
        "tls": [{"host": registry.host, "plain_http": True}, {"host": service.host, "plain_http": True}],
        "retry_times": 0,
        "state": str(state),
        **more,
    }


def run(source, args, until, monkeypatch):
    """Lets the source run until `until` says so after a look, with no pauses between looks."""
    queue: asyncio.Queue = asyncio.Queue()
    sleep, slept = asyncio.sleep, []

    async def quick(seconds):
        slept.append(seconds)
        await sleep(0)

    async def whole():
        task = asyncio.ensure_future(source["main"](queue, args))
        while not task.done() and not until(queue, slept):
            await sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            raise task.exception()

    monkeypatch.setattr(asyncio, "sleep", quick)
    asyncio.run(asyncio.wait_for(whole(), 30))
    return [queue.get_nowait() for _each in range(queue.qsize())], slept


def test_changes_while_it_was_stopped_are_told(source, place, tmp_path, monkeypatch):
    service, registry = place
    state = tmp_path / "upstream.json"
    events, slept = run(source, arguments(place, state), lambda queue, slept: len(slept) > 1, monkeypatch)
    assert events == [] and slept[0] == 0
    service.graphs[CHANNEL] = answer(["4.18.1", "4.18.2"])
    put(image("newer"), registry.content, "redhat/index", "v4.18")
    events, slept = run(source, arguments(place, state), lambda queue, slept: queue.qsize() > 1, monkeypatch)
    assert [(event["source"], event["kind"]) for event in events] == [("disconnected.mirror.upstream", kind) for kind in ("graph", "image")]
    assert slept[0] > 3500
    assert oct(state.stat().st_mode & 0o777) == "0o600"
    assert SECRET not in state.read_text() + json.dumps(events)


def test_looks_become_rarer_while_nothing_answers_and_never_too_frequent(source):
    pause = source["pause"]
    assert [pause(3600, 0.0, failures, 0.5) for failures in (0, 1, 2, 9)] == [3600, 7200, 14400, 86400]
    assert pause(60, 1.0, 0, 0.0) == 60
    assert pause(3600, 0.1, 0, 0.0), pause(3600, 0.1, 0, 1.0) == (3240, 3960)
    assert pause(7 * 86400, 0.0, 3, 0.5) == 7 * 86400


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"interval": 5}, "at least 60"),
        ({"jitter": 2}, "jitter"),
        ({"channel": ["stable-4.18"]}, "no argument channel$"),
        ({"channels": [], "images": []}, "nothing to watch"),
        ({"images": ["nothing"]}, "nothing"),
    ],
)
def test_wrong_arguments_end_it_with_a_sentence(wrong, words, source, place, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=words) as raised:
        run(source, arguments(place, tmp_path / "state", **wrong), lambda queue, slept: False, monkeypatch)
    assert SECRET not in str(raised.value)


def test_a_state_of_something_else_is_not_overwritten(source, place, tmp_path, monkeypatch):
    state = tmp_path / "state"
    state.write_text('{"some": "thing"}')
    with pytest.raises(ValueError, match="no state of a watch"):
        run(source, arguments(place, state), lambda queue, slept: False, monkeypatch)
    assert state.read_text() == '{"some": "thing"}'
