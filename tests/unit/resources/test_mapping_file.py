# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import GENERIC
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mapping_file import Line, lines, read, text, write

V1, V2 = Generation.V1, Generation.V2
FC = "sha256:fc07c1e2a5f0" + "0" * 52
MIRROR = Destination.parse("docker://disconn-registry.com")


def image(origin, destination="namespace/image", tags=("latest",)):
    return PlanImage(GENERIC, origin, "", Digest(FC), OCI_INDEX, 1, destination, tags)


@pytest.mark.parametrize(
    "origin, tags, first, second",
    [
        (
            "some-registry.com/namespace/image:latest",
            ("latest",),
            f"some-registry.com/namespace/image@{FC}=disconn-registry.com/namespace/image:latest",
            "docker://some-registry.com/namespace/image:latest=docker://disconn-registry.com/namespace/image:latest",
        ),
        (
            f"some-registry.com/namespace/image:v1@{FC}",
            ("v1",),
            f"some-registry.com/namespace/image@{FC}=disconn-registry.com/namespace/image:v1",
            f"docker://some-registry.com/namespace/image@{FC}=docker://disconn-registry.com/namespace/image:v1",
        ),
        (
            f"some-registry.com/namespace/image@{FC}",
            (),
            f"some-registry.com/namespace/image@{FC}=disconn-registry.com/namespace/image@{FC}",
            f"docker://some-registry.com/namespace/image@{FC}=docker://disconn-registry.com/namespace/image@{FC}",
        ),
        (
            "docker.io/nginx:1",
            ("1",),
            f"docker.io/library/nginx@{FC}=disconn-registry.com/namespace/image:1",
            "docker://docker.io/library/nginx:1=docker://disconn-registry.com/namespace/image:1",
        ),
        (
            "oci:///srv/image",
            ("1",),
            "oci:///srv/image=disconn-registry.com/namespace/image:1",
            "oci:///srv/image=docker://disconn-registry.com/namespace/image:1",
        ),
    ],
)
def test_lines_of_both_generations(origin, tags, first, second):
    assert text(lines([image(origin, tags=tags)], MIRROR, V1)) == first + "\n"
    assert text(lines([image(origin, tags=tags)], MIRROR, V2)) == second + "\n"


def test_order_is_stable_and_lines_are_unique():
    images = [image("a.io/b:1", "z", ("2", "1")), image("a.io/c:1", "a"), image("a.io/b:1", "z", ("1",))]
    found = lines(images, MIRROR, V2)
    assert [line.destination.rsplit("/", 1)[1] for line in found] == ["a:latest", "z:1", "z:2"]
    assert lines(images[::-1], MIRROR, V2) == found


def test_instances_of_an_index_follow():
    child = "sha256:" + "1" * 64
    found = lines([image("a.io/b:1", "b", ("1",))], MIRROR, V2, {FC: (child,)})
    assert [str(line) for line in found] == [
        "docker://a.io/b:1=docker://disconn-registry.com/b:1",
        f"docker://a.io/b@{child}=docker://disconn-registry.com/b@{child}",
    ]


def test_the_namespace_and_the_limit_are_applied():
    destination = Destination.parse("docker://m.io/n", 2)
    assert lines([image("a.io/b/c:1", "b/c", ("1",))], destination, V1)[0].destination == "m.io/n/b-c:1"


def test_an_image_without_a_possible_place_has_no_line():
    assert lines([image("a.io/b:1", "x" * 250)], MIRROR, V2) == []


def test_what_is_written_is_read(tmp_path):
    path = os.path.join(str(tmp_path), "results", "mapping.txt")
    for generation in Generation:
        found = lines([image("a.io/b:1"), image(f"docker.io/nginx@{FC}", "nginx", ()), image("oci:///srv/x:1", "x")], MIRROR, generation)
        assert write(path, found) and not write(path, found)
        with open(path, encoding="utf-8") as file:
            assert read(file.read()) == found


@pytest.mark.parametrize(
    "line, expected",
    [
        (f"a.io/b@{FC}=m.io/b", Line(f"a.io/b@{FC}", "m.io/b:fc07c1")),
        ("a.io/b=m.io/b", Line("a.io/b:latest", "m.io/b:latest")),
        (f"a.io/b@{FC}=file://b", Line(f"a.io/b@{FC}", "file://b:fc07c1")),
        ("a.io/b:1=file://b:1", Line("a.io/b:1", "file://b:1")),
        ("docker://a.io/b:1=docker://m.io:5000/b", Line("docker://a.io/b:1", "docker://m.io:5000/b:latest")),
        ("nginx=m.io/nginx:1", Line("docker.io/library/nginx:latest", "m.io/nginx:1")),
    ],
)
def test_reading_fills_in_tags(line, expected):
    assert read(f"{line}\n\n") == [expected]


@pytest.mark.parametrize("line", ["a.io/b:1", "a=b=c", "=m.io/b", "a.io/b=", "a.io/b:1=m.io/B:1", "http://x=m.io/b:1"])
def test_lines_that_are_none(line):
    with pytest.raises(InputError, match="line 2"):
        read(f"a.io/b:1=m.io/b:1\n{line}\n")
