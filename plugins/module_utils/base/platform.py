# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Platforms of image instances, `os/architecture[/variant]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError


@dataclass(frozen=True, order=True)
class Platform:
    """The `platform` of an index entry (OCI image-index.md)."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """From `os/architecture[/variant]`, blanks around it dropped; raises InputError otherwise (1.3.6)."""
        parts = text.strip().split("/")
        if len(parts) not in (2, 3):
            raise InputError(f"{text!r} is not a platform", advice="Write os/architecture, such as linux/amd64.")
        if not parts[0]:
            raise InputError(f"the OS of platform {text!r} is empty", advice="Write os/architecture, such as linux/amd64.")
        if not parts[1]:
            raise InputError(f"the architecture of platform {text!r} is empty", advice="Write os/architecture, such as linux/amd64.")
        return cls(*parts)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Platform:
        """From the JSON object of an index entry; absent members are empty."""
        return cls(str(document.get("os") or ""), str(document.get("architecture") or ""), str(document.get("variant") or ""))

    def serves(self, wanted: Platform) -> bool:
        """Whether this instance is meant by a wanted platform; a wanted platform without variant means every variant."""
        return (self.os, self.architecture) == (wanted.os, wanted.architecture) and wanted.variant in ("", self.variant)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)
