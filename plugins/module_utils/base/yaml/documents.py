# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""YAML documents as plain values, read by the fast loader where PyYAML has it.

Configurations are read by `imageset.tree`, which knows lines; this is for everything else.  Aliases are
shared, not copied; how much they would be as copies is bounded (`yaml_bounds`), so that whoever walks a tree comes to its end.
"""

from __future__ import annotations

from typing import Any, List, Union

from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import bounds
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import safe_loader, yaml


def load_all(content: Union[str, bytes], subject: str) -> List[Any]:
    """All documents of a stream; raises InputError with the line of the fault."""
    try:
        bounds.check(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content, subject)
        return list(yaml.load_all(content, Loader=safe_loader()))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"this is not YAML: {_first_line(error)}", subject=subject) from error


def load(content: Union[str, bytes], subject: str) -> Any:
    """The only document of a stream, None for an empty one."""
    documents = load_all(content, subject)
    if len(documents) > 1:
        raise InputError("this has more than one YAML document", subject=subject)
    return documents[0] if documents else None


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
