# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSONPath as `imagePaths` uses it: `{.spec.containers[*].image}`.

Dotted names, quoted names in brackets, indexes and `[*]` are read here; whatever goes beyond
(filters, slices, recursive descent) is handed to the library `jsonpath-ng` where it is
installed (mirroring 6, "Image extraction").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Callable, Union

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported

Step = Union[str, int, None]
# A name after a dot, a name in quotes, an index, or the star (as None).
_STEP = re.compile(
    r"""\.?(?P<name>[A-Za-z0-9_\-/]+)|\[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]|\[(?P<index>-?\d+)\]|(?P<star>\[\*\]|\.\*)"""
)

Finder = Callable[[Any], Iterator[Any]]


def compile_path(text: str) -> Finder:
    """A function from a document to the values that the path names, missing keys allowed.

    Raises InputError for what is no path, Unsupported when the path needs a library that is not installed.
    """
    path = text.strip()
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1].strip()
    path = path[1:] if path.startswith("$") else path
    if not path:
        raise InputError(f"{text!r} is not a JSONPath expression", advice="Write it as {.spec.template.spec.containers[*].image}.")
    steps = _steps(path)
    if steps is None:
        return _library(text, path)
    return lambda document: _walk(document, steps)


def _steps(path: str) -> tuple[Step, ...] | None:
    """The steps of a simple path, None for any other."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        if match.group("star"):
            steps.append(None)
        elif match.group("index") is not None:
            steps.append(int(match.group("index")))
        else:
            steps.append(match.group("name") if match.group("name") is not None else match.group("quoted"))
        position = match.end()
    return tuple(steps)


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        members = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
        for member in members:
            yield from _walk(member, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and -len(value) <= step < len(value):
            yield from _walk(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _walk(value[step], rest)


def _library(text: str, path: str) -> Finder:
    try:
        from jsonpath_ng.ext.parser import parse
    except ImportError as error:
        raise Unsupported(
            f"the JSONPath expression {text} needs the Python library jsonpath-ng, which is not installed",
            advice="Install jsonpath-ng on the mirror host, or write the path with names, indexes and [*] only.",
        ) from error
    try:
        expression = parse("$" + path)
    except Exception as error:  # the library's parser raises bare Exception for a syntax error
        raise InputError(f"{text!r} is not a JSONPath expression: {error}") from error
    return lambda document: (match.value for match in expression.find(document))
