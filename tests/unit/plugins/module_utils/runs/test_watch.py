# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.watch import TOLD, Watched, look, read, write
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.images import image, put
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer

CHANNEL = ("amd64", "stable-4.18")


@pytest.fixture
def service():
    with ReleaseServer({CHANNEL: answer(["4.18.1", "4.18.2"], [[0, 1]])}) as server:
        yield server


@pytest.fixture
def registry():
    with FakeRegistry() as server:
        put(image("catalog"), server.content, "redhat/index", "v4.18")
        yield server


def watched(service=None, registry=None, **more):
    settings = {
        "hosts": {server.host: {"plain_http": True} for server in (service, registry) if server},
        "retries": {"times": 0, "delay": 0.01},
    }
    parts = {"channels": ("stable-4.18",), "update_url": service.url()} if service else {}
    parts.update(
        {"images": (f"{registry.host}/redhat/index:v4.18",), "repositories": (f"{registry.host}/redhat/index",)} if registry else {}
    )
    return Watched(**{**parts, **more}, connections=Connections(settings=settings))


def looked(what, memory):
    network = what.connections.open({}, lambda host, reason, delay: None)
    try:
        return look(what, memory, network)
    finally:
        network.close()


def test_the_first_look_only_remembers(service, registry):
    found = looked(watched(service, registry), {})
    assert (found.changes, found.failed, len(found.memory)) == ((), 0, 3)
    assert looked(watched(service, registry), found.memory).changes == ()


def test_each_change_is_told_once_with_what_is_new(service, registry):
    what = watched(service, registry)
    memory = looked(what, {}).memory
    before = registry.content.find("redhat/index").tags["v4.18"]
    service.graphs[CHANNEL] = answer(["4.18.2", "4.18.3"], [[0, 1]])
    after = str(put(image("newer catalog"), registry.content, "redhat/index", "v4.18"))
    put(image("other"), registry.content, "redhat/index", "v4.19")
    found = looked(what, memory)
    told = {change.kind: change.details for change in found.changes}
    assert set(told) == {"graph", "image", "tags"} and len(found.changes) == 3
    assert (told["graph"]["added"], told["graph"]["removed"]) == (["4.18.3"], ["4.18.1"])
    assert told["image"] == {"image": what.images[0], "before": before, "digest": after}
    assert (told["tags"]["added"], told["tags"]["added_total"]) == (["v4.19"], 1)
    assert looked(what, found.memory).changes == ()


def test_an_edge_alone_is_a_change(service):
    what = watched(service)
    memory = looked(what, {}).memory
    service.graphs[CHANNEL] = answer(["4.18.1", "4.18.2"], [])
    (change,) = looked(what, memory).changes
    assert (change.details["updates_before"], change.details["updates"], change.details["added"]) == (1, 0, [])


def test_a_graph_that_is_known_is_not_sent_again(service):
    service.entity_tags = True
    what = watched(service)
    memory = looked(what, {}).memory
    again = looked(what, memory)
    assert (again.changes, again.failed, again.memory) == ((), 0, memory)
    assert service.sent == [200, 304]
    service.graphs[CHANNEL] = answer(["4.18.1"])
    assert [change.kind for change in looked(what, memory).changes] == ["graph"]


def test_an_image_costs_a_head_request(registry):
    what = watched(registry=registry, repositories=())
    memory = looked(what, {}).memory
    registry.ledger.clear()
    looked(what, memory)
    assert registry.ledger.count("HEAD", "manifest") == 1
    assert registry.ledger.count("GET", "manifest") == 0


def test_a_failure_is_told_once_and_so_is_its_end(service, registry):
    what = watched(service, registry, repositories=())
    memory = looked(what, {}).memory
    registry.inject(Fault(endpoint="manifest", status=403, times=0))
    first = looked(what, memory)
    assert [(change.kind, change.details["code"]) for change in first.changes] == [("failure", "access_denied")]
    second = looked(what, first.memory)
    assert (second.changes, second.failed) == ((), 1)
    registry.faults.clear()
    put(image("newer catalog"), registry.content, "redhat/index", "v4.18")
    assert [change.kind for change in looked(what, second.memory).changes] == ["recovered", "image"]


def test_what_servers_say_is_no_template_for_those_who_get_it(service, registry):
    """Taking away TAG or _plain hands `{{ ... }}` on to playbooks."""
    what = watched(service, registry)
    memory = looked(what, {}).memory
    evil = "{{ lookup('pipe', 'id') }}"
    registry.content.find("redhat/index").tags[evil] = registry.content.find("redhat/index").tags["v4.18"]
    service.graphs[CHANNEL] = json.dumps({"nodes": [{"version": evil, "payload": evil}], "edges": []}).encode()
    found = looked(what, memory)
    assert "failure" in {change.kind for change in found.changes}
    text = json.dumps([change.document() for change in found.changes])
    assert "{{" not in text and "{%" not in text


def test_a_change_names_the_last_of_many(service):
    what = watched(service)
    memory = looked(what, {}).memory
    service.graphs[CHANNEL] = answer([f"4.18.{number}" for number in range(1, 200)])
    (change,) = looked(what, memory).changes
    assert (change.details["added_total"], len(change.details["added"]), change.details["added"][-1]) == (197, TOLD, "4.18.199")


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({}, "nothing to watch"),
        ({"channels": ("Stable",)}, "invalid channel"),
        ({"channels": ("stable-4.18",), "architectures": ("vax",)}, "not an architecture"),
        ({"images": ("quay.io/a/b@sha256:" + "0" * 64,)}, "needs a tag"),
        ({"images": ("oci:///srv/layout:latest",)}, "needs a tag"),
        ({"repositories": ("quay.io/a/b:1",)}, "tag|invalid|reference"),
        ({"channels": ("stable-4.18",), "update_url": "file:///etc/passwd"}, "update service"),
    ],
)
def test_what_cannot_be_watched_is_refused(wrong, words):
    with pytest.raises(InputError, match=words):
        Watched(**wrong).check()


def test_memory_survives_and_is_checked(tmp_path):
    path = str(tmp_path / "state" / "upstream.json")
    assert read(path) == ({}, 0.0)
    memory = {"image a": {"digest": "sha256:1"}, "tags b": {"tags": ["1"], "failing": True}}
    write(path, memory, 12.5)
    assert read(path) == (memory, 12.5)
    for wrong in ([], {}, {"form": 1, "looked": 1.0, "seen": {"x": {"tags": [1]}}}, {"form": 1, "looked": 1.0, "seen": []}):
        (tmp_path / "state" / "upstream.json").write_text(json.dumps(wrong))
        with pytest.raises(InputError, match="no state of a watch"):
            read(path)
