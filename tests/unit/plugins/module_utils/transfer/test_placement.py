# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images


def image(path, content, tag="1"):
    return PlanImage("generic", f"registry.test/{path}:{tag}", f"registry.test/{path}", Digest.of(content), OCI_MANIFEST, 1, path, (tag,))


def placed(images, destination, nested=0):
    entries, failures = place_images(Plan(images=tuple(images)), Destination.parse(destination, nested))
    return [(entry.repository, entry.tags) for entry in entries], failures


def test_the_namespace_comes_first():
    assert placed([image("a/b", b"1")], "docker://mirror.test:5000/ocp") == ([("ocp/a/b", ("1",))], ())
    assert placed([image("a/b", b"1")], "docker://mirror.test:5000") == ([("a/b", ("1",))], ())


def test_nested_paths_are_shortened():
    assert placed([image("a/b/c", b"1")], "docker://mirror.test:5000/ocp", 2) == ([("ocp/a-b-c", ("1",))], ())


def test_images_that_shortened_paths_bring_together_have_no_place():
    images = [image("a/b-c", b"1"), image("a-b/c", b"2"), image("a/other", b"3")]
    entries, failures = placed(images, "docker://mirror.test:5000/ocp", 2)
    assert entries == [("ocp/a-other", ("1",))]
    (failure,) = failures
    assert "registry.test/a/b-c:1" in failure.message and "registry.test/a-b/c:1" in failure.message
    assert (failure.code, failure.category) == ("invalid_input", "additional")


def test_the_same_content_under_one_tag_is_no_collision():
    entries, failures = placed([image("a/b-c", b"1"), image("a-b/c", b"1")], "docker://mirror.test:5000/ocp", 2)
    assert len(entries) == 2 and failures == ()


def test_a_name_that_registries_cannot_have_fails_alone():
    entries, failures = placed([image("a/" + "b" * 250, b"1"), image("a/c", b"2")], "docker://mirror.test:5000/ocp")
    assert [repository for repository, _tags in entries] == ["ocp/a/c"]
    assert failures[0].subject.startswith("registry.test/a/bbb")
