# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One document to a mapping, within bounds: no alias bomb, no depth that breaks the interpreter.

YAML is read the way the field reads it: dates stay text, and the result is what JSON can say.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml_library import yaml
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.yaml_loader import loader

MAX_DEPTH = 200
MAX_NODES = 2_000_000

_BRACKETS = b"[]{}"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_ANCHOR = re.compile(rb"(?:^|[\s\[{,:-])&[^\s,\[\]{}]")
_ALIAS = re.compile(rb"(?:^|[\s\[{,:-])\*[^\s,\[\]{}*]")
_DEEP_LINE = re.compile(rb"^[ ?:-]{150,}", re.M)


def parse(content: bytes, subject: str) -> Dict[str, Any]:
    """A document of either form; raises InputError."""
    if content.lstrip()[:1] == b"{":
        try:
            return _mapping(json.loads(content), subject)
        except RecursionError as error:
            raise _too_deep(subject) from error
        except ValueError as error:
            # A mapping in YAML's flow style begins with a brace as well.
            return _mapping(_parse_yaml(content, subject, error), subject)
    return _mapping(_parse_yaml(content, subject, None), subject)


def line(document: Any) -> bytes:
    """A document as one line of JSON, the form in which parsed ones are kept."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _mapping(document: Any, subject: str) -> Dict[str, Any]:
    if not isinstance(document, dict):
        raise InputError(f"a document of the catalog is a {type(document).__name__}, not a mapping", subject=subject)
    return document


def _too_deep(subject: str) -> InputError:
    return InputError(f"a document is nested deeper than {MAX_DEPTH} levels", subject=subject)


def _parse_yaml(content: bytes, subject: str, earlier: Optional[ValueError]) -> Any:
    try:
        if _suspicious(content):
            _check_bounds(yaml.parse(content, Loader=loader()), subject)
        parsed = yaml.load(content, Loader=loader())
        # Aliases become copies and keys become text, as in the JSON that the field makes of it.
        return json.loads(json.dumps(parsed, ensure_ascii=False, allow_nan=False))
    except RecursionError as error:
        raise _too_deep(subject) from error
    except yaml.YAMLError as error:
        reason = f"{earlier}" if earlier is not None else " ".join(str(error).split())
        raise InputError(f"a document is neither JSON nor YAML: {reason:.300}", subject=subject) from error
    except (TypeError, ValueError) as error:
        raise InputError(f"a document holds what JSON cannot say: {str(error):.200}", subject=subject) from error


def _suspicious(content: bytes) -> bool:
    """Whether a document may be deep or have aliases; says yes too often rather than too rarely."""
    steps = map(_STEP.__getitem__, content.translate(None, _OTHERS))
    if max(itertools.accumulate(steps), default=0) >= MAX_DEPTH or _DEEP_LINE.search(content):
        return True
    return bool(_ANCHOR.search(content) and _ALIAS.search(content))


def _check_bounds(events: Iterator[Any], subject: str) -> None:
    """Walks a document's events; raises InputError when it is too deep, or too large once aliases are copied."""
    sizes: Dict[str, int] = {}
    open_nodes: List[Tuple[str, int]] = []
    total = 0
    for event in events:
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            open_nodes.append((event.anchor or "", total))
            if len(open_nodes) > MAX_DEPTH:
                raise _too_deep(subject)
            total += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            anchor, before = open_nodes.pop()
            sizes[anchor] = total - before
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise InputError("an alias of a document refers to itself or to nothing", subject=subject)
            total += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1 + len(event.value) // 64
        if total > MAX_NODES:
            raise InputError(f"a document has more than {MAX_NODES} values once its aliases are copied", subject=subject)
