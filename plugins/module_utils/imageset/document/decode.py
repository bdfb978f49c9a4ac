# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a tree to values: every key known and given once, every value of the type its key takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document import schema
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.problems import Problem
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.schema import Key
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.tree import Entry, Node

MAX_NUMBER = 2**63 - 1

# What became of keys that are not in a schema.
_REMOVED = {
    Generation.V2: {
        "storageconfig": "v2alpha1 has no storageConfig: the history is kept in the workspace",
        "targetname": "v2alpha1 has no targetName: use targetCatalog",
        "originalref": "v2alpha1 has no originalRef: leave it out",
        "minbundle": "v2alpha1 has no minBundle: use minVersion",
        "bundles": "single bundles cannot be chosen: use minVersion and maxVersion",
        "headsonly": "use full, which means the opposite",
        "startingversion": "use minVersion",
        "ocp": "use platform",
    },
    Generation.V1: {
        "headsonly": "use full, which means the opposite",
        "startingversion": "use minVersion",
        "ocp": "use platform",
        "delete": "only a DeleteImageSetConfiguration of v2alpha1 has it",
    },
}

_EXPECTED = {
    schema.TEXT: "a text",
    schema.FLAG: "true or false",
    schema.NUMBER: "a whole number",
    schema.TEXTS: "a list",
    schema.PLATFORMS: "a list",
    schema.ITEMS: "a list",
    schema.ITEM: "a mapping",
    schema.TREE: "a mapping",
}


class Decoder:
    """Makes values of nodes and notes what is wrong on the way; a wrong value counts as not given, a wrong entry of a list as empty.

    lines: the line of each key and list entry that was seen, by path.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}

    def report(self, rule: str, path: str, message: str, line: int) -> None:
        self.problems.append(Problem(rule, path, message, line))

    def object(self, kind: type, node: Node, path: str, without: tuple[str, ...] = ()) -> Any:
        """A value of a class whose fields name their keys.  without: keys that this place does not have."""
        if not self.is_kind(node, schema.ITEM, path):
            return kind()
        names = schema.names_of(kind, self._generation, without)
        entries = self.entries(node, path, {lower: key.name for lower, (_name, key) in names.items()}, kind)
        values = {}
        for lower, entry in entries.items():
            name, key = names[lower]
            if entry.value.content is not None:
                values[name] = self._value(key, entry.value, _join(path, key.name), schema.default_of(kind, name))
        return kind(**values)

    def entries(self, node: Node, path: str, allowed: Mapping[str, str], kind: Any = None) -> dict[str, Entry]:
        """The known entries of a mapping by lower-case key, each once (E-UNKNOWN, E-DUPKEY, CFG-08)."""
        found: dict[str, Entry] = {}
        for entry in node.entries:
            lower = entry.key.lower()
            if lower in found:
                self._duplicate(found[lower], entry, path, allowed.get(lower, entry.key))
                continue
            found[lower] = entry
            if lower in allowed:
                self.lines[_join(path, allowed[lower])] = entry.line
            else:
                self._unknown(entry, path, allowed, kind)
        return {lower: entry for lower, entry in found.items() if lower in allowed}

    def _duplicate(self, first: Entry, second: Entry, path: str, name: str) -> None:
        spelt = "" if first.key == second.key else f", spelt {first.key} and {second.key}"
        where = f" (lines {first.line} and {second.line})" if second.line else ""
        self.report("E-DUPKEY", _join(path, name), f'the key "{name}" is given twice{where}{spelt}', second.line)

    def _unknown(self, entry: Entry, path: str, allowed: Mapping[str, str], kind: Any) -> None:
        lower = entry.key.lower()
        advice = _REMOVED[self._generation].get(lower, "")
        if not advice and kind is not None and lower in (key.name.lower() for key in schema.keys_of(kind).values() if key.only):
            advice = f"{self._generation.value} does not have it; the other apiVersion does"
        if not advice:
            near = get_close_matches(lower, list(allowed), 1)
            names = ", ".join(allowed[name] for name in sorted(allowed))
            advice = f"do you mean {allowed[near[0]]}?" if near else f"allowed here: {names}" if names else "no key is allowed here"
        self.report("E-UNKNOWN", _join(path, f"{entry.key:.100}"), f'unknown field "{entry.key:.100}"; {advice}', entry.line)

    def _value(self, key: Key, node: Node, path: str, default: Any) -> Any:
        if not self.is_kind(node, key.kind, path):
            return default
        if key.kind == schema.ITEM:
            return self.object(key.of, node, path)
        if key.kind == schema.TREE:
            return node.plain()
        if not node.is_list:
            return node.content
        children = [(f"{path}[{index}]", child) for index, child in enumerate(node.content)]
        self.lines.update((place, child.line) for place, child in children)
        if key.kind == schema.ITEMS:
            return tuple(self.object(key.of, child, place) for place, child in children)
        if key.kind == schema.PLATFORMS:
            return tuple(self._platforms(children))
        return tuple(child.content if self.is_kind(child, schema.TEXT, place) else "" for place, child in children)

    def _platforms(self, children: Iterable[tuple[str, Node]]) -> Iterable[Platform]:
        for path, node in children:
            if not self.is_kind(node, schema.ITEM, path):
                continue
            entries = self.entries(node, path, {"os": "os", "architecture": "architecture"})
            parts = {}
            for name in ("os", "architecture"):
                value = entries[name].value if name in entries else Node(None)
                known = value.content is None or self.is_kind(value, schema.TEXT, _join(path, name))
                parts[name] = value.content.strip() if known and value.content else ""
                if known and not parts[name]:
                    self.report(
                        "E-PLATFORM", path, f"{name} must not be empty; write it as in {{os: linux, architecture: amd64}}", node.line
                    )
            if all(parts.values()):
                yield Platform(parts["os"], parts["architecture"])

    def is_kind(self, node: Node, kind: str, path: str) -> bool:
        """Whether a node has the type that its key takes; notes E-TYPE when not."""
        content = node.content
        if kind in (schema.TEXTS, schema.PLATFORMS, schema.ITEMS):
            fits = node.is_list
        elif kind in (schema.ITEM, schema.TREE):
            fits = node.is_mapping
        elif kind == schema.NUMBER:
            fits = isinstance(content, int) and not isinstance(content, bool) and abs(content) <= MAX_NUMBER
        else:
            fits = isinstance(content, bool if kind == schema.FLAG else str)
        if not fits:
            self.report("E-TYPE", path, f"{_EXPECTED[kind]} is expected, not {_found(node)}{_hint(node, kind, path)}", node.line)
        return fits


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _found(node: Node) -> str:
    if node.is_mapping:
        return "a mapping"
    if node.is_list:
        return "a list"
    if node.content is None:
        return "nothing"
    if isinstance(node.content, bool):
        return f"the truth value {node.written:.100}"
    return f'the text "{node.content:.100}"' if isinstance(node.content, str) else f"the number {node.written:.100}"


def _hint(node: Node, kind: str, path: str) -> str:
    if kind == schema.TEXT and isinstance(node.content, (bool, int, float)):
        return f'; write it in quotes: "{node.written:.100}"'
    if kind == schema.FLAG and isinstance(node.content, str) and node.content.lower() in ("true", "false"):
        return "; write it without quotes"
    if kind == schema.ITEM and isinstance(node.content, str) and path.endswith("]"):
        return f'; write it as "name: {node.content:.100}"' if "latforms" not in path else "; write {os: linux, architecture: amd64}"
    return ""
