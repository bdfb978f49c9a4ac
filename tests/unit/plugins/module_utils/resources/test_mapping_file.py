# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import GENERIC
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mapping_file import lines, text

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


def test_the_namespace_and_the_limit_are_applied():
    destination = Destination.parse("docker://m.io/n", 2)
    assert lines([image("a.io/b/c:1", "b/c", ("1",))], destination, V1)[0].destination == "m.io/n/b-c:1"


def test_an_image_without_a_possible_place_has_no_line():
    assert lines([image("a.io/b:1", "x" * 250)], MIRROR, V2) == []


def test_instances_of_an_index_have_lines_of_their_own_when_asked_for():
    """As the reference writes them with --dry-run-manifest-lists."""
    child = "sha256:" + "c1" * 32
    index = replace(image("some-registry.com/namespace/image:latest"), instances=((child, "linux/arm64"),))
    assert [str(line) for line in lines([index], MIRROR, V1, instances=True)] == [
        f"some-registry.com/namespace/image@{FC}=disconn-registry.com/namespace/image:latest",
        f"some-registry.com/namespace/image@{child}=disconn-registry.com/namespace/image@{child}",
    ]
    assert len(lines([index], MIRROR, V2, instances=True)) == 2 and len(lines([index], MIRROR, V1)) == 1
