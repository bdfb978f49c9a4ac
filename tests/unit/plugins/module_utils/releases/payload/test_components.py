# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a release's documents to images and their places (config-and-releases 2.5, 2.6)."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import RELEASE, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import PayloadInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import components
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.release import boot_image_list, image_references

DATA = os.path.join(SHARED_DATA, "releases")
PAYLOAD = parse("quay.io/openshift-release-dev/ocp-release@sha256:" + "a" * 64)
CONTENT = "quay.io/openshift-release-dev/ocp-v4.0-art-dev"


def reference(letter, tag=""):
    return f"{CONTENT}{tag}@sha256:{letter * 64}"


def document(**changes):
    return {**json.loads(image_references("4.13.10", {"cli": reference("c")})), **changes}


def tags(*entries):
    return {"spec": {"tags": list(entries)}}


def test_pl22_the_fields_that_count():
    found = components.parse_references(image_references("4.13.10", {"cli": reference("c"), "etcd": reference("e")}))
    assert found.version == "4.13.10"
    assert [(component.name, str(component.reference)) for component in found.components] == [
        ("cli", reference("c")),
        ("etcd", reference("e")),
    ]


def test_pl22_entries_that_are_no_images_are_skipped():
    entries = [
        {"name": "cli", "from": {"kind": "DockerImage", "name": reference("c")}},
        {"name": "alias", "from": {"kind": "ImageStreamTag", "name": "cli"}},
    ]
    assert [component.name for component in components.parse_references(json.dumps(document(**tags(*entries))).encode()).components] == [
        "cli"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "Image"}, "not a image.openshift.io/v1 ImageStream"),
        ({"apiVersion": "v1"}, "not a image.openshift.io/v1 ImageStream"),
        ({"spec": {}}, "names no images"),
        ({"spec": []}, "names no images"),
        (tags(), "names no images"),
        (tags({"name": "a", "from": {"kind": "ImageStreamTag", "name": "b"}}), "names no images"),
        (tags({"name": "a", "from": {"kind": "DockerImage", "name": f"{CONTENT}:v1"}}), "not by digest alone"),
        (tags({"name": "a", "from": {"kind": "DockerImage", "name": reference("a", ":v1")}}), "not by digest alone"),
        (tags({"name": "a", "from": {"kind": "DockerImage", "name": "UPPER"}}), r"spec.tags\[0\] of image-references \(a\)"),
        (tags({"name": "a", "from": {"kind": "DockerImage"}}), r"spec.tags\[0\]"),
        (tags({"name": "a"}), r"spec.tags\[0\]"),
        (tags({"name": "../a", "from": {"kind": "DockerImage", "name": reference("a")}}), "no usable name"),
        (tags("x"), "no usable name"),
        (tags(*[{"name": "a", "from": {"kind": "DockerImage", "name": reference("a")}}] * 2), "names a more than once"),
    ],
)
def test_pl22_what_is_refused(changes, message):
    with pytest.raises(PayloadInvalid, match=message):
        components.parse_references(json.dumps(document(**changes)).encode(), "here")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100000], ids=["empty", "list", "cut", "binary", "deep"])
def test_pl22_what_is_no_json_object(content):
    with pytest.raises(PayloadInvalid):
        components.parse_references(content)


def test_pl22_tags_are_allowed_for_unpublished_builds():
    entry = {"name": "alpine", "from": {"kind": "DockerImage", "name": "quay.io/oc-mirror/release/test-image:v0.0.1"}}
    found = components.parse_references(json.dumps(document(**tags(entry))).encode(), tags_allowed=True)
    assert str(found.components[0].reference) == "quay.io/oc-mirror/release/test-image:v0.0.1"


@pytest.mark.parametrize(
    ("architecture", "tag"),
    [
        ("amd64", "4.13.10-x86_64"),
        ("arm64", "4.13.10-aarch64"),
        ("ppc64le", "4.13.10-ppc64le"),
        ("s390x", "4.13.10-s390x"),
        ("multi", "4.13.10-multi"),
    ],
)
def test_nm02_architectures_in_tags(architecture, tag):
    assert components.release_tag("4.13.10", architecture) == tag


def test_nm04_a_release_without_version_is_named_by_its_digest():
    assert components.release_tag("", "amd64", "a" * 64) == "a" * 64


def test_nm01_destinations():
    wanted = components.images(
        PAYLOAD, "4.13.10-x86_64", [components.Component("agent-installer-api-server", parse(reference("f")))], chain=("why",)
    )
    assert [(image.type, f"{image.repository}:{image.tags[0]}", str(image.reference), image.why) for image in wanted] == [
        (RELEASE, "openshift/release-images:4.13.10-x86_64", str(PAYLOAD), ("why",)),
        (
            RELEASE_CONTENT,
            "openshift/release:4.13.10-x86_64-agent-installer-api-server",
            reference("f"),
            ("why", "agent-installer-api-server"),
        ),
    ]


def test_pl23_one_digest_under_several_names_keeps_every_tag():
    one = parse(reference("f"))
    wanted = components.images(PAYLOAD, "4.13.10-x86_64", [components.Component("a", one), components.Component("b", one)])
    assert [image.tags for image in wanted[1:]] == [("4.13.10-x86_64-a",), ("4.13.10-x86_64-b",)]


def test_pl40_platforms_go_to_every_image_of_the_release():
    platforms = (Platform("linux", "amd64"), Platform("linux", "s390x"))
    wanted = components.images(PAYLOAD, "4.13.10-multi", [components.Component("cli", parse(reference("c")))], platforms)
    assert [image.platforms for image in wanted] == [platforms, platforms]


@pytest.mark.parametrize("tag", ["4.13.10+build-x86_64", "x" * 129, ""])
def test_versions_that_cannot_be_tags(tag):
    with pytest.raises(InputError, match="not a tag"):
        components.images(PAYLOAD, tag, [])


def platforms(*architectures):
    return [Platform("linux", architecture) for architecture in architectures]


@pytest.mark.parametrize(
    ("architectures", "wanted", "names", "warned"),
    [
        ([], [], ["kube-virt-container"], 0),
        (["amd64"], [], ["kube-virt-container"], 0),
        (["s390x"], [], ["kube-virt-container"], 0),
        (["arm64"], [], ["kube-virt-container"], 0),
        (["multi"], [], ["kube-virt-container-x86_64", "kube-virt-container-s390x"], 0),
        (["amd64", "s390x"], [], ["kube-virt-container-x86_64", "kube-virt-container-s390x"], 0),
        ([], platforms("amd64", "s390x"), ["kube-virt-container-x86_64", "kube-virt-container-s390x"], 0),
        ([], platforms("amd64", "arm64", "ppc64le", "s390x"), ["kube-virt-container-x86_64", "kube-virt-container-s390x"], 2),
        ([], platforms("arm64"), ["kube-virt-container-x86_64", "kube-virt-container-s390x"], 1),
        ([], platforms("s390x"), ["kube-virt-container"], 0),
    ],
)
def test_pl31_pl32_kubevirt_names(architectures, wanted, names, warned):
    keys, warnings = components.kubevirt_keys(architectures, wanted)
    listed = boot_image_list({"x86_64": reference("1"), "s390x": reference("2")})
    assert [component.name for component in components.kubevirt_components(listed, keys)] == names
    assert len(warnings) == warned


def test_pl32_keys_without_image_are_skipped():
    found = components.kubevirt_components(boot_image_list({"x86_64": reference("1")}), ("x86_64", "s390x"))
    assert [(component.name, str(component.reference)) for component in found] == [("kube-virt-container-x86_64", reference("1"))]
    assert components.kubevirt_components(boot_image_list({}), ("x86_64",)) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no data.stream"),
        (b"- a", "no data.stream"),
        (b"data: {stream: 7}", "no data.stream"),
        (b"data: {stream: '{'}", "not JSON"),
        (b"data: {stream: '[]'}", "not a JSON object"),
        (b"{", "not YAML"),
        (boot_image_list({"x86_64": f"{CONTENT}:tag"}), "not named by digest"),
        (boot_image_list({"x86_64": "UPPER"}), "KubeVirt container for x86_64"),
    ],
    ids=["empty", "list", "number", "cut JSON", "JSON list", "no YAML", "tag", "no reference"],
)
def test_pl30_boot_image_lists_that_cannot_be_read(content, message):
    with pytest.raises(PayloadInvalid, match=message):
        components.kubevirt_components(content, ("x86_64",))


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data is not here")
def test_the_183_components_of_a_real_release():
    with open(os.path.join(DATA, "ocp-4.12.0-x86_64", "release-manifests", "image-references"), "rb") as file:
        content = file.read()
    found = components.parse_references(content)
    wanted = components.images(PAYLOAD, components.release_tag(found.version, "amd64"), found.components)
    assert found.version == "4.12.0"
    assert len({image.tags for image in wanted}) == len(wanted) == 184
    names = {entry["name"] for entry in json.loads(content)["spec"]["tags"]}
    assert {image.tags[0] for image in wanted[1:]} == {f"4.12.0-x86_64-{name}" for name in names}


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data is not here")
def test_a_real_boot_image_list():
    with open(os.path.join(DATA, "bootimages", "v4.13.9-0000_50_installer_coreos-bootimages.yaml"), "rb") as file:
        found = components.kubevirt_components(file.read(), ("x86_64", "s390x"))
    assert [component.name for component in found] == ["kube-virt-container-x86_64"]
