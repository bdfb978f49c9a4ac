# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Arguments about releases, for every module that plans; `plugins/doc_fragments/releases.py` documents them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POLICY: dict[str, Any] = {"type": "str", "choices": ["require", "warn", "off"]}
PATHS: dict[str, Any] = {"type": "list", "elements": "path", "default": [], "no_log": False}
TEXTS: dict[str, Any] = {"type": "list", "elements": "str", "default": []}

RELEASES: dict[str, Any] = {
    "update_url": {"type": "str"},
    "okd_update_url": {"type": "str"},
    "graph_file": {"type": "path"},
    "conditional_updates": {"type": "bool", "default": False},
    "strict_update_paths": {"type": "bool", "default": False},
    "version_filter": {"type": "str"},
    "release_signatures": POLICY,
    "release_signature_urls": TEXTS,
    "release_signature_keys": PATHS,
    "release_signature_names": TEXTS,
    "okd_release_signatures": POLICY,
    "okd_release_signature_urls": TEXTS,
    "okd_release_signature_keys": PATHS,
    "release_tags_allowed": {"type": "bool", "default": False},
    "graph_data": {"type": "str"},
    "graph_base": {"type": "str"},
    "graph_image": {"type": "str"},
    "boot_images": TEXTS,
    "boot_image_architectures": {"type": "list", "elements": "str", "choices": ["amd64", "arm64", "ppc64le", "s390x"], "default": []},
    "boot_image_url": {"type": "str"},
}


def release_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given, as `releases.settings` takes them."""
    return {name: params[name] for name in RELEASES if params.get(name) not in (None, "", [], False)}
