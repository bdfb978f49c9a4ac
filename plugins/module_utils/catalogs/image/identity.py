# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The identity of a filtered catalog (operator-catalogs 5, "Filter identity").

Two entries that select the same from the same catalog have the same identity, wherever the result goes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import split
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog, Package


def identity(wanted: Catalog, digest: str) -> str:
    """32 hexadecimal digits: MD5 of the entry as JSON, its catalog pinned to `digest`, where it goes left out.

    MD5 is what the reference implementation names filtered catalogs by; nothing here trusts it.
    """
    name = split(wanted.catalog)[0]
    text = json.dumps(_entry(wanted, f"{name}@{digest}"), separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return hashlib.new("md5", text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _entry(wanted: Catalog, catalog: str) -> dict[str, Any]:
    entry = {
        "packages": [_package(package) for package in wanted.packages] or None,
        "catalog": catalog,
        "full": wanted.full,
        "skipDependencies": wanted.skip_dependencies,
        "platforms": [{"os": platform.os, "architecture": platform.architecture} for platform in wanted.platforms],
    }
    return {key: value for key, value in entry.items() if value or key == "packages"}


def _package(package: Package) -> dict[str, Any]:
    entry = {
        "name": package.name,
        "channels": [
            _filled(
                {
                    "name": channel.name,
                    "minVersion": channel.min_version,
                    "maxVersion": channel.max_version,
                    "minBundle": channel.min_bundle,
                }
            )
            for channel in package.channels
        ],
        "defaultChannel": package.default_channel,
        "minVersion": package.min_version,
        "maxVersion": package.max_version,
        "minBundle": package.min_bundle,
    }
    return _filled(entry)


def _filled(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value}
