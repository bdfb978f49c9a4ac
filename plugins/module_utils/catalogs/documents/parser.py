# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One document to a mapping, within bounds: no alias bomb, no depth that breaks the interpreter.

YAML is read the way the field reads it: dates stay text, and the result is what JSON can say.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import bounds
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import FAULTS, yaml
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.yaml_loader import loader


def parse(content: bytes, subject: str) -> dict[str, Any]:
    """A document of either form; raises InputError."""
    if content.lstrip()[:1] == b"{":
        try:
            return _mapping(json_values.parse(content, limits.CATALOG_DOCUMENT), subject)
        except json_values.TooMuch as error:
            raise InputError(f"a document of the catalog is refused: {error}", subject=subject) from error
        except ValueError as error:
            # A mapping in YAML's flow style begins with a brace as well.
            return _mapping(_parse_yaml(content, subject, error), subject)
    return _mapping(_parse_yaml(content, subject, None), subject)


def line(document: Any) -> bytes:
    """A document as one line of JSON, the form in which parsed ones are kept."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _mapping(document: Any, subject: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InputError(f"a document of the catalog is a {type(document).__name__}, not a mapping", subject=subject)
    return document


def _parse_yaml(content: bytes, subject: str, earlier: ValueError | None) -> Any:
    try:
        bounds.check(content, subject)
        parsed = yaml.load(content, Loader=loader())
        # Aliases become copies and keys become text, as in the JSON that the field makes of it.
        return json_values.parse(json.dumps(parsed, ensure_ascii=False, allow_nan=False), limits.CATALOG_DOCUMENT)
    except RecursionError as error:
        raise bounds.too_deep(subject) from error
    except yaml.YAMLError as error:
        reason = f"{earlier}" if earlier is not None else " ".join(str(error).split())
        raise InputError(f"a document is neither JSON nor YAML: {reason:.300}", subject=subject) from error
    except FAULTS as error:
        raise InputError(f"a document has a value that JSON cannot represent: {str(error):.200}", subject=subject) from error
