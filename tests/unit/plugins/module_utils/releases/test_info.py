# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a channel has, and whether a cluster gets where it wants (config-and-releases 2.10; user-needs B09)."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import networkx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import release_info as release_adapter
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.releases import info, reachability
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import NoVersionsFound, VersionNotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.release_info import ReleaseRequest, look_at_releases
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.modules import release_info
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release import build
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer

V = Version.parse
VERSIONS = ["4.14.1", "4.14.2", "4.14.3", "4.14.4", "4.14.5"]
CONTENT = answer(VERSIONS, [[0, 1], [1, 2], [0, 3], [3, 2]], [("4.14.3", "4.14.5", "Boom")], channels="stable-4.14,fast-4.14")
GRAPH = graphs.parse(CONTENT)


def held(*versions):
    return frozenset(V(version) for version in versions)


def test_reach_prefers_what_is_held():
    found = reachability.reach(GRAPH, V("4.14.1"), V("4.14.3"), held("4.14.2", "4.14.3"))
    assert found.reachable and [str(release.version) for release in found.path] == ["4.14.1", "4.14.2", "4.14.3"]


def test_reach_names_what_is_missing():
    found = reachability.reach(GRAPH, V("4.14.1"), V("4.14.3"), held("4.14.3"))
    assert not found.reachable
    assert [str(version) for version in found.missing] == ["4.14.4"]
    assert "this is missing: 4.14.4" in found.message


def test_the_version_that_runs_need_not_be_held():
    assert reachability.reach(GRAPH, V("4.14.2"), V("4.14.3"), held("4.14.3")).reachable
    assert reachability.reach(GRAPH, V("4.14.2"), V("4.14.2"), held()).reachable


def test_reach_over_conditional_updates_only_when_asked():
    assert "A path exists when conditional updates count" in reachability.reach(GRAPH, V("4.14.1"), V("4.14.5"), held()).message
    assert reachability.reach(GRAPH, V("4.14.3"), V("4.14.5"), held("4.14.5"), conditional=True).reachable


def test_versions_that_are_not_there():
    with pytest.raises(VersionNotFound):
        reachability.reach(GRAPH, V("4.14.9"), V("4.14.3"), held())


def test_what_plans_and_mirrors_hold():
    entries = [
        {"version": "4.14.1", "architecture": "amd64"},
        {"version": "4.14.2", "architecture": "multi"},
        {"version": "f" * 64, "architecture": "amd64"},
    ]
    assert reachability.held_by_plan(entries, "amd64") == held("4.14.1")
    tags = ["4.14.1-x86_64", "4.14.2-multi", "latest", "4.14.3-aarch64", "sha256-aa.sig"]
    assert reachability.held_by_tags(tags, "amd64") == held("4.14.1")
    assert reachability.held_by_tags(tags, "arm64") == held("4.14.3")
    assert reachability.held_by_tags(tags, "multi") == held("4.14.2")


@st.composite
def questions(draw):
    count = draw(st.integers(2, 12))
    numbers = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(numbers, numbers), max_size=35)), draw(st.sets(numbers)), draw(numbers), draw(numbers)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(questions())
def test_b09_against_brute_force(drawn):
    count, edges, mirrored, start, end = drawn
    versions = [f"4.{number}.0" for number in range(count)]
    graph = graphs.parse(answer(versions, edges))
    found = reachability.reach(graph, V(versions[start]), V(versions[end]), held(*(versions[number] for number in mirrored)))
    other = networkx.DiGraph(edges)
    other.add_nodes_from(range(count))
    enough = other.subgraph(mirrored | {start})
    assert found.reachable == (end in enough and networkx.has_path(enough, start, end))
    if not networkx.has_path(other, start, end):
        assert found.path == () and found.message
        return
    weight = {(source, target): 0 if target in mirrored else 1 for source, target in other.edges}
    networkx.set_edge_attributes(other, weight, "lacks")
    assert len(found.missing) == networkx.shortest_path_length(other, start, end, weight="lacks")
    places = [graph.places[release.version] for release in found.path]
    assert (places[0], places[-1]) == (start, end) and all(other.has_edge(*pair) for pair in zip(places, places[1:]))


def test_an_answer_without_a_way():
    found = info.answer(info.Question("stable-4.14", "amd64"), GRAPH)
    assert found == {"channels": ["fast-4.14", "stable-4.14"], "versions": VERSIONS, "path": [], "steps": [], "explanation": ""}


def test_an_answer_with_a_way_and_its_reasons():
    found = info.answer(info.Question("stable-4.14", "amd64", "4.14.2", "4.14.5", conditional=True), GRAPH)
    assert found["path"] == ["4.14.2", "4.14.3", "4.14.5"]
    assert found["steps"] == [
        {"from": "4.14.2", "to": "4.14.3", "conditional": False, "risks": [], "reason": "recommended update"},
        {"from": "4.14.3", "to": "4.14.5", "conditional": True, "risks": ["Boom"], "reason": "conditional update, declared risks: Boom"},
    ]


def test_no_way_is_an_empty_list_with_an_explanation():
    found = info.answer(info.Question("stable-4.14", "amd64", "4.14.1", "4.14.5"), GRAPH)
    assert found["path"] == [] and "The missing step is 4.14.4 to 4.14.5" in found["explanation"]


def test_without_an_end_the_way_leads_to_the_newest_version():
    assert info.answer(info.Question("stable-4.14", "amd64", "4.14.3", conditional=True), GRAPH)["path"] == ["4.14.3", "4.14.5"]


def test_with_what_is_held():
    question = info.Question("stable-4.14", "amd64", "4.14.1", "4.14.3", held=held("4.14.3"))
    found = info.answer(question, GRAPH)
    assert (found["reachable"], found["missing"], found["path"]) == (False, ["4.14.4"], ["4.14.1", "4.14.4", "4.14.3"])


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (info.Question("stable-4.14", "amd64", to_version="4.14.2"), InputError),
        (info.Question("stable-4.14", "amd64", "4.14"), InputError),
        (info.Question("stable-4.14", "amd64", "4.14.7"), VersionNotFound),
    ],
)
def test_questions_that_cannot_be_answered(question, error):
    with pytest.raises(error):
        info.answer(question, GRAPH)


def test_an_empty_channel():
    with pytest.raises(NoVersionsFound, match="no versions found for amd64 in the stable-9.9 channel"):
        info.answer(info.Question("stable-9.9", "amd64"), graphs.Graph())


def plain(*hosts):
    return Connections(settings={"hosts": {host: {"plain_http": True} for host in hosts}, "retries": {"times": 0, "delay": 0.1}})


MIRROR = "ocp/openshift/release-images"
COMPONENTS = "ocp/openshift/release"


def mirrored(registry, version, architecture="amd64", places=(MIRROR, COMPONENTS)):
    """A whole release at the mirror."""
    release = build(version, architecture, names=("cli", "etcd"))
    images.put(release.payload, registry.content, places[0], release.tag)
    for name, built in release.components.items():
        images.put(built, registry.content, places[1], f"{release.tag}-{name}")
    return release


def looked(registry, releases, level="manifests", architecture="amd64", nested=0):
    """From 4.14.1 to 4.14.3 by a graph that names these payloads."""
    payloads = {release.version: release.reference for release in releases}
    content = answer(VERSIONS, [[0, 1], [1, 2], [0, 3], [3, 2]], channels="stable-4.14", payloads=payloads)
    with ReleaseServer({(architecture, "stable-4.14"): content}) as server:
        request = ReleaseRequest(
            info.Question("stable-4.14", architecture, "4.14.1", "4.14.3"),
            destination=f"docker://{registry.host}/ocp",
            nested=nested,
            level=level,
            connections=plain(server.host, registry.host),
            options={"update_url": server.url()},
        )
        return look_at_releases(request, {})


def test_a_look_over_the_network_at_a_service_and_a_mirror():
    with FakeRegistry() as registry:
        last = mirrored(registry, "4.14.3")
        found = looked(registry, [last])
        assert (found["reachable"], found["missing"], found["incomplete"]) == (False, ["4.14.4"], [])
        found = looked(registry, [last, mirrored(registry, "4.14.2")])
        assert (found["reachable"], found["missing"], found["incomplete"]) == (True, [], [])


def test_a_look_at_a_mirror_whose_names_have_two_parts():
    with FakeRegistry() as registry:
        places = ("ocp/openshift-release-images", "ocp/openshift-release")
        releases = [mirrored(registry, version, places=places) for version in ("4.14.2", "4.14.3")]
        assert looked(registry, releases, nested=2)["reachable"]
        assert not looked(registry, releases)["reachable"]


def lose_component(content, release):
    content.delete_manifest(COMPONENTS, release.components["etcd"].digest)


def lose_payload(content, release):
    content.find(MIRROR).tags[release.tag] = str(images.put(images.image("another"), content, MIRROR))


def move_payload(content, release):
    images.put(build(release.version, names=("cli",)).payload, content, MIRROR, release.tag)


def lose_layer(content, release):
    content.find(COMPONENTS).blobs.discard(str(release.components["etcd"].manifest().blobs[-1].digest))


@pytest.mark.parametrize(
    ("harm", "level", "sentence"),
    [
        (lose_component, "manifests", "lacks the manifest"),
        (lose_payload, "manifests", "it is not a release image"),
        (move_payload, "manifests", "by the tag 4.14.3-x86_64, where the plan has"),
        (lose_layer, "blobs", "lacks the blob"),
    ],
)
def test_a_release_that_lacks_something_does_not_count_as_held(harm, level, sentence):
    with FakeRegistry() as registry:
        releases = [mirrored(registry, version) for version in ("4.14.2", "4.14.3")]
        assert looked(registry, releases, level)["reachable"]
        harm(registry.content, releases[1])
        found = looked(registry, releases, level)
        assert (found["reachable"], found["missing"]) == (False, ["4.14.3"])
        assert [one["version"] for one in found["incomplete"]] == ["4.14.3"] and sentence in found["incomplete"][0]["first"]
        assert sentence in found["explanation"]


def test_a_way_around_a_release_that_is_held_in_part():
    with FakeRegistry() as registry:
        releases = [mirrored(registry, version) for version in ("4.14.2", "4.14.3", "4.14.4")]
        straight = looked(registry, releases)["path"]
        lose_component(registry.content, next(release for release in releases if release.version == straight[1]))
        found = looked(registry, releases)
        assert found["reachable"] and found["path"] != straight and found["explanation"] == ""
        assert [one["version"] for one in found["incomplete"]] == [straight[1]]


def test_layers_are_looked_at_only_when_that_is_asked():
    with FakeRegistry() as registry:
        releases = [mirrored(registry, version) for version in ("4.14.2", "4.14.3")]
        lose_layer(registry.content, releases[1])
        assert looked(registry, releases)["reachable"]
        with pytest.raises(InputError, match="level"):
            looked(registry, releases, "closely")


def test_a_release_for_all_architectures_is_looked_at_as_far_as_its_payload_is_mirrored():
    with FakeRegistry() as registry:
        releases = [mirrored(registry, version, "multi") for version in ("4.14.2", "4.14.3")]
        assert looked(registry, releases, architecture="multi")["reachable"]
        amd64, arm64 = releases[1].components["etcd"].children
        registry.content.delete_manifest(COMPONENTS, arm64.digest)
        assert "linux/arm64" in looked(registry, releases, architecture="multi")["incomplete"][0]["first"]
        registry.content.delete_manifest(MIRROR, releases[1].payload.children[1].digest)
        assert looked(registry, releases, architecture="multi")["reachable"]
        registry.content.delete_manifest(COMPONENTS, amd64.digest)
        assert "linux/amd64" in looked(registry, releases, architecture="multi")["incomplete"][0]["first"]


def test_a_plan_that_lacks_a_component_does_not_count_its_release(tmp_path):
    (tmp_path / "graph.json").write_bytes(CONTENT)
    releases = tuple({"version": version, "architecture": "amd64", "tag": f"{version}-x86_64"} for version in ("4.14.2", "4.14.3"))
    chain = ("platform.channels[0]", "stable-4.14", "4.14.3", "4.14.3-x86_64", "etcd")
    failure = Failure("not_found", "there is no such image", "quay.io/etcd", wanted_by=Failure.chains([chain]))
    Plan(releases=releases, failures=(failure,)).write(str(tmp_path / "plan.json"))
    question = info.Question("stable-4.14", "amd64", "4.14.1", "4.14.3")
    found = look_at_releases(
        ReleaseRequest(question, plan=str(tmp_path / "plan.json"), options={"graph_file": str(tmp_path / "graph.json")}), {}
    )
    assert (found["reachable"], found["missing"]) == (False, ["4.14.3"])
    assert found["incomplete"] == [{"version": "4.14.3", "problems": 1, "first": "quay.io/etcd: there is no such image"}]


def test_a_look_at_a_file_and_a_plan(tmp_path):
    (tmp_path / "graph.json").write_bytes(CONTENT)
    Plan(releases=({"version": "4.14.2", "architecture": "amd64"}, {"version": "4.14.3", "architecture": "amd64"})).write(
        str(tmp_path / "plan.json")
    )
    request = ReleaseRequest(
        info.Question("stable-4.14", "amd64", "4.14.1", "4.14.3"),
        plan=str(tmp_path / "plan.json"),
        options={"graph_file": str(tmp_path / "graph.json")},
    )
    assert look_at_releases(request, {})["reachable"] is True
    with pytest.raises(InputError, match="there is no plan"):
        look_at_releases(ReleaseRequest(request.question, plan="/nowhere/plan.json", options=request.options), {})
    with pytest.raises(InputError, match="not an architecture of releases"):
        look_at_releases(ReleaseRequest(info.Question("stable-4.14", "x86_64"), options=request.options), {})


def test_without_a_channel_all_versions_with_releases_are_listed(tmp_path):
    tags = ["4.9.1-x86_64", "4.18.0-rc.1-x86_64", "4.10.3-aarch64", "4.10.12-multi", "4.2.0-s390x", "sha256-ab.sig", "latest", "4.17.0"]
    with FakeRegistry() as registry:
        for tag in tags:
            images.put(images.image("release"), registry.content, "openshift-release-dev/ocp-release", tag)
        conf = tmp_path / "registries.conf"
        conf.write_text(f'[[registry]]\nprefix = "quay.io"\nlocation = "{registry.host}"\n')
        connections = replace(plain(registry.host), registries_conf=str(conf))
        assert look_at_releases(ReleaseRequest(info.Question(""), connections=connections), {}) == {
            "openshift_versions": ["4.2", "4.9", "4.10"]
        }
    with pytest.raises(InputError, match="listed by channel"):
        look_at_releases(ReleaseRequest(info.Question(""), okd=True), {})


def test_the_module_documents_what_it_takes_and_returns():
    documented = yaml.safe_load(release_info.DOCUMENTATION)["options"]
    arguments = {name: argument for name, argument in release_adapter.ARGUMENTS.items() if name not in REGISTRY}
    assert set(documented) == set(arguments)
    for name, argument in arguments.items():
        assert documented[name]["type"] == argument["type"] and documented[name].get("default") == argument.get("default")
    returned = info.answer(info.Question("stable-4.14", "amd64", "4.14.1", "4.14.3", held=held()), GRAPH)
    assert {*returned, "openshift_versions"} == set(yaml.safe_load(release_info.RETURN))
    assert set(returned["steps"][0]) == set(yaml.safe_load(release_info.RETURN)["steps"]["contains"])
    assert re.search(r"release_info:\n    channel: eus-4.14", release_info.EXAMPLES)


DATA = os.path.join(SHARED_DATA, "cincinnati", "reconstructed")


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data is not here")
@pytest.mark.parametrize(
    ("file", "end", "conditional", "path"),
    [
        ("amd64-eus-4.14.json", "4.14.16", False, []),
        ("amd64-eus-4.14.json", "4.14.16", True, ["4.12.28", "4.13.37", "4.14.16"]),
        ("amd64-eus-4.14-conditional-as-edges.json", "4.14.16", False, ["4.12.28", "4.13.37", "4.14.16"]),
        ("amd64-eus-4.14-head.json", "4.14.71", False, ["4.12.28", "4.13.69", "4.14.71"]),
        ("amd64-eus-4.14-head.json", "4.14.16", False, []),
    ],
)
def test_recorded_graphs(file, end, conditional, path):
    request = ReleaseRequest(
        info.Question("eus-4.14", "amd64", "4.12.28", end, conditional), options={"graph_file": os.path.join(DATA, file)}
    )
    found = look_at_releases(request, {})
    assert found["path"] == path and bool(found["explanation"]) == (not path)
