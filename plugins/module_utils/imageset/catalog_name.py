# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Unique names of catalogs: two entries with the same name cannot be told apart at the destination (config-and-releases 1.5)."""

from __future__ import annotations

import re

from ansible_collections.disconnected.mirror.plugins.module_utils.base import reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog

_TRANSPORT = re.compile(r"(?:oci:|file:|docker:)?(?://)?")


def unique_name(catalog: Catalog, generation: Generation) -> str:
    """The name that must differ between catalogs.  V2 raises InputError for what is not a reference or not a path."""
    if generation is Generation.V1:
        return _v1(catalog)
    return v2_name(catalog.catalog, catalog.target_catalog, catalog.target_tag)


def v2_name(text: str, target_path: str, target_tag: str) -> str:
    """Also for additional images with targetRepo.  Raises InputError."""
    if target_path:
        check_target(target_path)
    name, tag, digest, transport = reference.split(text)
    if transport != reference.OCI and not tag and not digest:
        raise InputError(f'"{text}" has neither a tag nor a digest', subject=text, advice="Add the intended tag or digest.")
    if target_tag:
        tag, digest = target_tag, ""
    if target_path:
        name = f"{_domain(name)}{target_path}" if transport != reference.OCI else target_path
    return _with_selector(name, tag, digest)


def check_target(path: str) -> None:
    """Raises InputError unless `path` is a targetCatalog or targetRepo (CFG-33)."""
    if not reference.is_path(path):
        fault = "it should not contain a tag or digest; " if ":" in path or "@" in path else ""
        raise InputError(
            f'invalid target path "{path}": {fault}it is components joined by "/", each of lower-case letters and digits '
            "joined by a dot, one or two underscores, or dashes",
            subject=path,
        )


def v1_parts(text: str) -> tuple[str, str, str, str, str]:
    """Registry, namespace, name, tag and digest of a v1 catalog text: the first component is the registry when there are several (6.1)."""
    name = _TRANSPORT.sub("", text, count=1)
    name, _at, digest = name.partition("@")
    start = name.rfind("/") + 1
    colon = name.rfind(":")
    tag = ""
    if colon >= start:
        name, tag = name[:colon], name[colon + 1 :]
    parts = name.split("/")
    registry = parts.pop(0) if len(parts) > 1 else ""
    return registry, "/".join(parts[:-1]), parts[-1], tag, digest


def is_oci(text: str) -> bool:
    return text.startswith("oci:")


def _v1(catalog: Catalog) -> str:
    if not (catalog.target_catalog or catalog.target_name or catalog.target_tag):
        return _TRANSPORT.sub("", catalog.catalog, count=1)
    registry, namespace, name, tag, digest = v1_parts(catalog.catalog)
    if catalog.target_tag:
        tag, digest = catalog.target_tag, ""
    if catalog.target_catalog:
        registry = "" if is_oci(catalog.catalog) else registry
        namespace, name = "", catalog.target_catalog
    elif catalog.target_name:
        name = catalog.target_name
    path = "/".join(part for part in (registry, namespace, name) if part)
    return f"{path}:{tag}" if tag else _with_selector(path, "", digest)


def _domain(name: str) -> str:
    """The part that a target path leaves alone: everything before the first slash, even without a dot (2.2)."""
    first, slash, _rest = name.partition("/")
    return f"{first}/" if slash else ""


def _with_selector(name: str, tag: str, digest: str) -> str:
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
