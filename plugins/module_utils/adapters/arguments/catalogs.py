# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Arguments about operator catalogs; `plugins/doc_fragments/catalogs.py` documents them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options

# What a generation does by habit.
AUTO = "auto"
_STRICT = {AUTO: None, "fail": True, "warn": False}

# For every module that filters.
FILTERS: dict[str, Any] = {
    "catalog_dependencies": {"type": "str", "choices": [AUTO, "include", "warn", "ignore"], "default": AUTO},
    "catalog_repair": {"type": "bool", "default": False},
    "catalog_missing_packages": {"type": "str", "choices": list(_STRICT), "default": AUTO},
    "catalog_prereleases": {"type": "bool", "default": False},
}

# For every module that plans.
CATALOGS: dict[str, Any] = {
    **FILTERS,
    "catalog_missing_images": {"type": "str", "choices": ["report", "exclude", "keep"], "default": "report"},
    "catalog_exceptions": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "image": {"type": "str"},
            "bundle": {"type": "str"},
            "until": {"type": "str", "required": True},
            "reason": {"type": "str"},
        },
        "required_one_of": [("image", "bundle")],
    },
    "catalog_signatures": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "catalog": {"type": "str", "required": True},
            "policy": {"type": "str", "choices": ["require", "warn", "off"], "default": "require"},
            "scope": {"type": "str", "choices": ["catalog", "all"], "default": "catalog"},
            "keys": {"type": "list", "elements": "path", "default": [], "no_log": False},
            "urls": {"type": "list", "elements": "str", "default": []},
            "names": {"type": "list", "elements": "str", "default": []},
        },
    },
}

_VERSIONS: dict[str, Any] = {"min_version": {"type": "str"}, "max_version": {"type": "str"}, "min_bundle": {"type": "str"}}

PACKAGES: dict[str, Any] = {
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


def catalog_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """As `catalogs.collect` takes them."""
    filters = filter_options(params)
    return {
        "catalog_dependencies": filters.dependencies,
        "catalog_repair": filters.repair,
        "catalog_strict": filters.strict,
        "catalog_prereleases": filters.prereleases,
        "catalog_missing_images": params["catalog_missing_images"],
        "catalog_exceptions": params["catalog_exceptions"],
        "catalog_signatures": params["catalog_signatures"],
    }


def filter_options(params: Mapping[str, Any]) -> Options:
    dependencies = params["catalog_dependencies"]
    return Options(
        dependencies="" if dependencies == AUTO else dependencies,
        repair=params["catalog_repair"],
        strict=_STRICT[params["catalog_missing_packages"]],
        prereleases=params["catalog_prereleases"],
    )


def package_entry(params: Mapping[str, Any]) -> dict[str, Any]:
    """An element of `packages` or `channels` with the keys of a configuration."""
    entry = {_KEYS.get(name, name): value for name, value in params.items() if value not in (None, "", [])}
    if "channels" in entry:
        entry["channels"] = [package_entry(channel) for channel in entry["channels"]]
    return entry
