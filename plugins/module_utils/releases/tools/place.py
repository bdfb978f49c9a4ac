# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which component of a release has a program, and where in its image (openshift/oc, `oc adm release extract --tools`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform

INSTALLER, CLIENT = "openshift-install", "oc"
# The component with the program for its own platform, and the one with those for several.
TOOLS = {INSTALLER: ("installer", "installer-artifacts"), CLIENT: ("cli", "cli-artifacts")}
# As folders of those are called.
PLATFORMS = {
    **{f"linux_{architecture}": Platform("linux", architecture) for architecture in ("amd64", "arm64", "ppc64le", "s390x")},
    "mac": Platform("darwin", "amd64"),
    "mac_arm64": Platform("darwin", "arm64"),
    "windows": Platform("windows", "amd64"),
}


@dataclass(frozen=True)
class Place:
    """component: its name in the release.  path: within the image.  platform: of the instance, None for any."""

    component: str
    path: str
    platform: Platform | None = None


def file_name(tool: str, platform: str) -> str:
    return f"{tool}.exe" if platform == "windows" else tool


def places(tool: str, platform: str) -> Iterator[Place]:
    """Where to look, in this order: the image for one platform is the smaller one."""
    own, several = TOOLS[tool]
    wanted = PLATFORMS[platform]
    if wanted.os == "linux":
        yield Place(own, f"usr/bin/{tool}", wanted)
    yield Place(several, f"usr/share/openshift/{platform}/{file_name(tool, platform)}")
