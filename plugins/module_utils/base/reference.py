# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Image references as values (mirroring 2.1, 2.2; distribution reference grammar)."""

from __future__ import annotations

from dataclasses import dataclass, replace

DOCKER = "docker"
OCI = "oci"


@dataclass(frozen=True)
class Reference:
    """A reference, taken apart.

    transport: `docker` (a registry) or `oci` (a local layout directory).
    domain: host[:port] of the registry; empty for layouts.
    path: repository below the host, or the directory of the layout.
    tag, digest: empty when absent; both may be present (pulled by digest, named by tag).
    """

    transport: str
    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """The full repository name that `stores.upstream` answers to: `host/path`, or `oci://directory`."""
        if self.transport == OCI:
            return f"oci://{self.path}"
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def selector(self) -> str:
        """What to ask the repository for: the digest when there is one, else the tag."""
        return self.digest or self.tag

    def pinned(self, digest: str) -> "Reference":
        """The same reference with this digest; the tag stays."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        """Without transport for registries: `host/path[:tag][@digest]`."""
        text = self.repository
        if self.tag:
            text += f":{self.tag}"
        if self.digest:
            text += f"@{self.digest}"
        return text
