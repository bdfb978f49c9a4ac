# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Bounds of YAML from outside: no alias bomb, no depth that breaks the interpreter (user-needs G16).

PyYAML itself has none: nested brackets end the process when libyaml composes them, and lists of merged mappings
double with each level.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, Dict, Iterator, List, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import safe_loader, yaml

MAX_DEPTH = 200
MAX_NODES = 2_000_000

_BRACKETS = b"[]{}"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
# The last bytes of the line ends that YAML knows beside those of ASCII come before an anchor, too.
_ANCHOR = re.compile(rb"(?:^|[\s\[{,:\x85\xa8\xa9-])&[^\s,\[\]{}]")
_ALIAS = re.compile(rb"(?:^|[\s\[{,:\x85\xa8\xa9-])\*[^\s,\[\]{}*]")
_DEEP_LINE = re.compile(rb"[ \t?:-]{150}")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def check(content: bytes, subject: str) -> None:
    """Raises InputError when a stream is too deep, or too large once its aliases are copied; yaml.YAMLError when it is none."""
    if _suspicious(content):
        _check_events(yaml.parse(content, Loader=safe_loader()), subject)


def too_deep(subject: str) -> InputError:
    return InputError(f"a document is nested deeper than {MAX_DEPTH} levels", subject=subject)


def _suspicious(content: bytes) -> bool:
    """Whether a stream may be deep or have aliases; says yes too often rather than too rarely."""
    steps = map(_STEP.__getitem__, content.translate(None, _OTHERS))
    if content[:2] in _UTF_16 or max(itertools.accumulate(steps), default=0) >= MAX_DEPTH or _DEEP_LINE.search(content):
        return True
    return bool(_ANCHOR.search(content) and _ALIAS.search(content))


def _check_events(events: Iterator[Any], subject: str) -> None:
    """Walks a stream's events; raises InputError when it is too deep, or too large once aliases are copied."""
    sizes: Dict[str, int] = {}
    open_nodes: List[Tuple[str, int]] = []
    total = 0
    for event in events:
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            open_nodes.append((event.anchor or "", total))
            if len(open_nodes) > MAX_DEPTH:
                raise too_deep(subject)
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
