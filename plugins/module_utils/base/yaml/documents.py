# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""YAML documents as plain values, read by the fast loader where PyYAML has it.

Configurations are read by `imageset.tree`, which knows lines; this is for everything else.  Aliases are
shared, not copied; how much they would be as copies is bounded (`yaml_bounds`), so that whoever walks a tree comes to its end.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import Limit
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import bounds, selection
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import FAULTS, safe_loader, yaml


def load_all(content: str | bytes, subject: str) -> list[Any]:
    """All documents of a stream; raises InputError with the line of the fault."""
    encoded = content.encode("utf-8", "replace") if isinstance(content, str) else content
    try:
        bounds.check(encoded, subject)
        return list(yaml.load_all(encoded, Loader=safe_loader()))
    except (yaml.YAMLError, *FAULTS) as error:
        raise InputError(f"this is not YAML: {_first_line(error)}", subject=subject) from error


def load(content: str | bytes, subject: str) -> Any:
    """The only document of a stream, None for an empty one.  Raises InputError."""
    documents = load_all(content, subject)
    if len(documents) > 1:
        raise InputError("this has more than one YAML document", subject=subject)
    return documents[0] if documents else None


def members(content: bytes, subject: str, limit: Limit, key: str, wanted: Collection[str]) -> dict[str, Any] | None:
    """The mapping under a key of a large document: its members are lists of mappings, of which only the `wanted` keys are kept.

    It is read as it streams by, its scalars as texts, so that the rest takes no memory.  None where there is no such mapping.
    Raises InputError.
    """
    if len(content) > limit.size:
        raise InputError(f"it has {len(content)} bytes, more than the {limit.size} that are accepted", subject=subject)
    try:
        return selection.Selection(content, limit.values, wanted).members(key)
    except selection.NotPlain:
        document = load(content, subject)
        found = document.get(key) if isinstance(document, dict) else None
        return found if isinstance(found, dict) else None
    except (yaml.YAMLError, *FAULTS) as error:
        raise InputError(f"this is not YAML: {_first_line(error)}", subject=subject) from error


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
