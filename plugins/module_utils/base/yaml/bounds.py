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
from collections.abc import Iterator
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import safe_loader, yaml

_BRACKETS = b"[]{}"
_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
# The last bytes of the line ends that YAML knows beside those of ASCII come before an anchor, too.
_ANCHOR = re.compile(rb"(?:^|[\s\[{,:\x85\xa8\xa9-])&[^\s,\[\]{}]")
_ALIAS = re.compile(rb"(?:^|[\s\[{,:\x85\xa8\xa9-])\*[^\s,\[\]{}*]")
_DEEP_LINE = re.compile(rb"[ \t?:-]{150}")
# Every value but the first has one of these before it.
_BETWEEN_VALUES = (b"\n", b"\r", b",", b"[", b"{", b": ", b":\t", b"- ", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def check(content: bytes, subject: str) -> None:
    """Raises InputError when a stream is too large, too deep, or too large once its aliases are copied; yaml.YAMLError when it is none."""
    if len(content) > limits.DOCUMENT.size:
        raise InputError(f"a document has more than the {limits.DOCUMENT.size} bytes that are accepted", subject=subject)
    if _suspicious(content):
        _check_events(yaml.parse(content, Loader=safe_loader()), subject)


def values_at_most(content: bytes) -> int:
    """How many values a stream has at most, without its aliases copied; two or three times as many as there are."""
    return 1 + sum(map(content.count, _BETWEEN_VALUES))


def too_deep(subject: str) -> InputError:
    return InputError(f"a document is nested deeper than {limits.DEPTH} levels", subject=subject)


def _suspicious(content: bytes) -> bool:
    """Whether a stream may be deep or have aliases; says yes too often rather than too rarely."""
    steps = map(_STEP.__getitem__, content.translate(None, _OTHERS))
    if (
        content[:2] in _UTF_16
        or values_at_most(content) > limits.YAML_VALUES
        or max(itertools.accumulate(steps), default=0) >= limits.DEPTH
        or _DEEP_LINE.search(content)
    ):
        return True
    return bool(_ANCHOR.search(content) and _ALIAS.search(content))


def _check_events(events: Iterator[Any], subject: str) -> None:
    """Walks a stream's events; raises InputError when it is too deep, or too large once aliases are copied."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str, int]] = []
    total = 0
    for event in events:
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            open_nodes.append((event.anchor or "", total))
            if len(open_nodes) > limits.DEPTH:
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
        if total > limits.YAML_VALUES:
            raise InputError(f"a document has more than {limits.YAML_VALUES} values once its aliases are copied", subject=subject)
