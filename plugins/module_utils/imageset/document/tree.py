# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A document as a tree that knows its lines, before anything is made of it.

YAML is read as events, not constructed: duplicate keys, both spellings of a key and the written form of
a scalar are still there, and so are line numbers (config-and-releases 1.1, G29).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import is_fast, safe_loader, yaml

# Bounds of what is read: bytes of a file, nodes after aliases are expanded, depth.

SLOW_LOADER = (
    "PyYAML was built without libyaml, so that large YAML documents are read about ten times slower; "
    "install PyYAML as your distribution packages it."
)

_PREFIX = "tag:yaml.org,2002:"
_TRUE, _FALSE = ("yes", "true", "on"), ("no", "false", "off")


@dataclass(frozen=True)
class Entry:
    """A key of a mapping, with its line and value; line 0 where there is no file."""

    key: str
    line: int
    value: Node


@dataclass(frozen=True)
class Node:
    """A value: a mapping's entries, a list's nodes, or a scalar (None, bool, int, float, str).

    written: a scalar as the file spells it.
    """

    content: Any
    line: int = 0
    written: str = ""
    is_mapping: bool = False

    @property
    def is_list(self) -> bool:
        return isinstance(self.content, tuple) and not self.is_mapping

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.content if self.is_mapping else ()

    def plain(self) -> Any:
        """As dictionaries, lists and scalars; of a key that is given twice the last value."""
        if self.is_mapping:
            return {entry.key: entry.value.plain() for entry in self.content}
        return [node.plain() for node in self.content] if self.is_list else self.content


def slow_loader_warning() -> tuple[str, ...]:
    """What to tell the user about the YAML library of this host; empty when it is the fast one."""
    return () if is_fast() else (SLOW_LOADER,)


def from_bytes(content: bytes, subject: str = "") -> Node:
    """The first document of a YAML stream; raises InputError (not YAML, empty, too large, aliases that explode)."""
    if len(content) > limits.CONFIGURATION.size:
        raise InputError(f"the document has more than {limits.CONFIGURATION.size} bytes", subject=subject, advice="Split it.")
    loader = None
    try:
        loader = safe_loader()(content)
        return _Events(loader, subject).document()
    except yaml.YAMLError as error:
        raise _not_yaml(error, subject) from error
    except UnicodeError as error:
        raise InputError("the document is not text in UTF-8 or UTF-16", subject=subject) from error
    finally:
        if loader is not None:
            loader.dispose()


def from_value(document: Any, subject: str = "") -> Node:
    """The tree of a document that is there as dictionaries, lists and scalars; it has no lines."""
    return _Plain(subject).build(document, 0)


class _Budget:
    """Counts nodes, so that neither aliases nor depth can take more than a document may."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self.spent = 0

    def spend(self, depth: int, nodes: int = 1) -> None:
        self.spent += nodes
        if self.spent > limits.CONFIGURATION.values:
            raise InputError(
                f"the document has more than {limits.CONFIGURATION.values} values once its aliases are expanded", subject=self._subject
            )
        if depth > limits.CONFIGURATION_DEPTH:
            raise InputError(f"the document is nested deeper than {limits.CONFIGURATION_DEPTH} levels", subject=self._subject)


class _Plain(_Budget):
    def build(self, value: Any, depth: int) -> Node:
        self.spend(depth)
        if isinstance(value, dict):
            entries = tuple(Entry(str(key), 0, self.build(content, depth + 1)) for key, content in value.items())
            return Node(entries, is_mapping=True)
        if isinstance(value, (list, tuple)):
            return Node(tuple(self.build(content, depth + 1) for content in value))
        if value is None or isinstance(value, (bool, int, float, str)):
            return Node(value, written=str(value))
        raise InputError(f"a value of type {type(value).__name__} is not allowed in a configuration", subject=self._subject)


class _Events(_Budget):
    """Builds the tree from parser events: libyaml's own composer has no bound on depth."""

    def __init__(self, loader: Any, subject: str) -> None:
        super().__init__(subject)
        self._loader = loader
        self._anchors: dict[str, tuple[Node, int]] = {}

    def document(self) -> Node:
        self._loader.get_event()
        if self._loader.check_event(yaml.StreamEndEvent):
            return Node(None, 1)
        self._loader.get_event()
        return self._build(self._loader.get_event(), 0)

    def _build(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        before = self.spent
        self.spend(depth)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(tuple(self._build(child, depth + 1) for child in self._children(yaml.SequenceEndEvent)), _line(event))
        else:
            node = Node(self._entries(depth), _line(event), is_mapping=True)
        if event.anchor:
            self._anchors[event.anchor] = (node, self.spent - before)
        return node

    def _alias(self, event: Any, depth: int) -> Node:
        if event.anchor not in self._anchors:
            raise _fault(f"the alias {event.anchor!r:.100} has no anchor before it", event)
        node, size = self._anchors[event.anchor]
        self.spend(depth, size)
        return node

    def _children(self, end: type) -> Iterator[Any]:
        while True:
            event = self._loader.get_event()
            if isinstance(event, end):
                return
            yield event

    def _scalar(self, event: Any) -> Node:
        tag = _PREFIX + "str" if event.tag == "!" else event.tag
        if tag is None:
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        return Node(_value(tag, event), _line(event), event.value)

    def _entries(self, depth: int) -> tuple[Entry, ...]:
        merged: list[Entry] = []
        own: list[Entry] = []
        for event in self._children(yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _fault("a key must be a plain text", event)
            value = self._build(self._loader.get_event(), depth + 1)
            if event.value == "<<" and event.implicit[0]:
                merged += _merged(value, event)
            else:
                own.append(Entry(event.value, _line(event), value))
        taken = {entry.key.lower() for entry in own}
        for entry in merged:
            if entry.key.lower() not in taken:
                taken.add(entry.key.lower())
                own.append(entry)
        return tuple(own)


def _merged(value: Node, event: Any) -> tuple[Entry, ...]:
    """Entries of `<<`: the first mapping that has a key gives it."""
    mappings = value.content if value.is_list else (value,)
    if not all(mapping.is_mapping for mapping in mappings):
        raise _fault("<< takes a mapping or a list of mappings", event)
    return tuple(entry for mapping in mappings for entry in mapping.entries)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _fault(problem: str, event: Any) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _value(tag: str, event: Any) -> None | bool | int | float | str:
    """The value that YAML to JSON conversion gives: dates and base-60 numbers stay texts."""
    text: str = event.value
    kind = tag[len(_PREFIX) :] if tag.startswith(_PREFIX) else ""
    if kind == "null":
        return None
    if kind == "bool":
        return _boolean(text, event)
    if kind in ("int", "float") and ":" not in text:
        return _number(kind, text, event)
    if kind in ("str", "int", "float", "timestamp", "value"):
        return text
    raise _fault(f"the tag {tag} is not supported here", event)


def _boolean(text: str, event: Any) -> bool | None:
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise _fault(f"{text!r:.100} is not a truth value", event)


def _number(kind: str, text: str, event: Any) -> int | float:
    digits = text.replace("_", "").lower()
    if len(digits) > limits.DIGITS:
        raise _fault("a number has too many digits", event)
    try:
        if kind == "float":
            return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
        unsigned = digits.lstrip("+-")
        if unsigned.startswith("0") and unsigned.isdigit() and len(unsigned) > 1:
            return int(digits, 8)
        return int(digits, 0)
    except ValueError as error:
        raise _fault(f"{text!r:.100} is not a number", event) from error


def _not_yaml(error: yaml.YAMLError, subject: str) -> InputError:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return InputError(f"{where}not YAML: {reason}", subject=subject, advice="Correct the document at that place.")
