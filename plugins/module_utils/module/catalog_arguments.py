# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Arguments about operator catalogs; `plugins/doc_fragments/catalogs.py` documents them."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.draft import Options

# For every module that filters.
FILTERS: Dict[str, Any] = {
    "catalog_dependencies": {"type": "str", "choices": ["include", "warn", "ignore"]},
    "catalog_repair": {"type": "bool", "default": False},
    "catalog_strict": {"type": "bool"},
    "catalog_prereleases": {"type": "bool", "default": False},
}

# For every module that plans.
CATALOGS: Dict[str, Any] = {**FILTERS, "catalog_missing_images": {"type": "str", "choices": ["report", "exclude"], "default": "report"}}

_VERSIONS: Dict[str, Any] = {"min_version": {"type": "str"}, "max_version": {"type": "str"}, "min_bundle": {"type": "str"}}

PACKAGES: Dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "default_channel": {"type": "str"},
        **_VERSIONS,
        "channels": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"name": {"type": "str", "required": True}, **_VERSIONS},
        },
    },
}

_KEYS = {"default_channel": "defaultChannel", "min_version": "minVersion", "max_version": "maxVersion", "min_bundle": "minBundle"}


def catalog_options(params: Mapping[str, Any]) -> Dict[str, Any]:
    """Those that were given, as `catalogs.collect` takes them."""
    return {
        name: params[name]
        for name in CATALOGS
        if params.get(name) not in (None, "", False) or name == "catalog_strict" and params.get(name) is False
    }


def filter_options(params: Mapping[str, Any]) -> Options:
    return Options(
        dependencies=params["catalog_dependencies"] or "",
        repair=params["catalog_repair"],
        strict=params["catalog_strict"],
        prereleases=params["catalog_prereleases"],
    )


def package_entry(params: Mapping[str, Any]) -> Dict[str, Any]:
    """An element of `packages` or `channels` with the keys of a configuration."""
    entry = {_KEYS.get(name, name): value for name, value in params.items() if value not in (None, "", [])}
    if "channels" in entry:
        entry["channels"] = [package_entry(channel) for channel in entry["channels"]]
    return entry
