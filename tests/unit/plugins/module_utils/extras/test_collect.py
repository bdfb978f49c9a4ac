# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.extras.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

HEX = "44d7" + "0" * 60
OTHER = "f306" + "0" * 60
UBI = "registry.redhat.io/ubi8/ubi"


def collected(*entries, api="v2alpha1"):
    mirror = {"additionalImages": [entry if isinstance(entry, dict) else {"name": entry} for entry in entries]}
    imageset = parse({"apiVersion": f"mirror.openshift.io/{api}", "kind": "ImageSetConfiguration", "mirror": mirror})
    store = MemoryStore()
    found = collect(imageset, Context(store, Workspace("/nowhere")))
    assert store.calls == []
    return found


# mirroring 2.4
V2 = [
    ({"name": f"{UBI}:latest"}, "ubi8/ubi", "latest", UBI, "latest"),
    ({"name": f"{UBI}:latest@sha256:{HEX}"}, "ubi8/ubi", "latest", UBI, f"sha256:{HEX}"),
    ({"name": f"docker://{UBI}:latest"}, "ubi8/ubi", "latest", UBI, "latest"),
    (
        {"name": f"sometest.registry.com/testns/test@sha256:{OTHER}"},
        "testns/test",
        f"sha256-{OTHER}",
        "sometest.registry.com/testns/test",
        f"sha256:{OTHER}",
    ),
    (
        {"name": "oci:///folder-a/folder-b/testns/test"},
        "folder-a/folder-b/testns/test",
        "latest",
        "oci:///folder-a/folder-b/testns/test",
        "",
    ),
    ({"name": f"{UBI}:latest", "targetRepo": "custom-namespace/custom-image"}, "custom-namespace/custom-image", "latest", UBI, "latest"),
    ({"name": f"{UBI}:latest", "targetTag": "v1.0"}, "ubi8/ubi", "v1.0", UBI, "latest"),
    (
        {"name": f"sometest.registry.com/testns/test@sha256:{OTHER}", "targetTag": "v1.0"},
        "testns/test",
        "v1.0",
        "sometest.registry.com/testns/test",
        f"sha256:{OTHER}",
    ),
    (
        {"name": "oci:///folder/image", "targetRepo": "custom/oci-image", "targetTag": "v2.0"},
        "custom/oci-image",
        "v2.0",
        "oci:///folder/image",
        "",
    ),
]


@pytest.mark.parametrize("entry, repository, tag, source, selector", V2)
def test_destinations_of_the_second_generation(entry, repository, tag, source, selector):
    (image,) = collected(entry).images
    assert (image.repository, image.tags) == (repository, (tag,))
    assert (image.reference.repository, image.reference.selector) == (source, selector)


# mirroring 2.3
V1 = [
    (f"{UBI}:8.9", "ubi8/ubi", "8.9"),
    (UBI, "ubi8/ubi", "latest"),
    (f"{UBI}@sha256:{HEX}", "ubi8/ubi", "latest"),
    ("nginx:1", "library/nginx", "1"),
]


@pytest.mark.parametrize("name, repository, tag", V1)
def test_destinations_of_the_first_generation(name, repository, tag):
    (image,) = collected(name, api="v1alpha2").images
    assert (image.repository, image.tags) == (repository, (tag,))


@pytest.mark.parametrize(
    "entry, part",
    [
        ({"name": UBI}, "tag and digest are empty"),
        ({"name": f"{UBI}:1", "targetRepo": "invalid:tag"}, "target path"),
        ({"name": f"{UBI}:1", "targetTag": "-x"}, "targetTag"),
        ({"name": f"{UBI}@sha256:short"}, "digest"),
        ({"name": "oci:///"}, "additionalImages[1]"),
    ],
)
def test_a_bad_entry_fails_alone(entry, part):
    found = collected(f"{UBI}:1", entry, f"{UBI}:2")
    assert [image.tags for image in found.images] == [("1",), ("2",)]
    (failure,) = found.failures
    assert part in failure.message and "additionalImages[1]" in failure.message
    assert (failure.code, failure.category, failure.subject) == ("invalid_input", "additional", entry["name"])


def test_platforms_and_the_reason_come_along():
    (image,) = collected({"name": f"{UBI}:1", "platforms": [{"os": "linux", "architecture": "arm64"}]}).images
    assert image.platforms == (Platform("linux", "arm64"),)
    assert image.why == ("additionalImages[0]",)
