# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A part of a YAML document that is too large to be read whole, taken from the parser's events."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import safe_loader, yaml

_NULL = frozenset(("", "~", "null", "Null", "NULL"))


class NotPlain(Exception):
    """What is wanted is written with aliases or merged mappings."""


class Selection:
    """wanted: keys of the mappings that are kept.  Raises ValueError when there are more than `most` values, yaml.YAMLError."""

    def __init__(self, content: bytes, most: int, wanted: Collection[str]) -> None:
        self._events = yaml.parse(content, Loader=safe_loader())
        self._most = most
        self._wanted = wanted
        self._count = 0

    def members(self, key: str) -> dict[str, Any] | None:
        """See `documents.members`."""
        found = None
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent) or not isinstance(self._next(), yaml.MappingStartEvent):
            return None
        for name, event in self._pairs():
            if name == key and isinstance(event, yaml.MappingStartEvent):
                found = {member: self._rows(inner) for member, inner in self._pairs()}
            else:
                self._pass(event)
        return found

    def _rows(self, event: Any) -> list[dict[str, Any]]:
        if not isinstance(event, yaml.SequenceStartEvent):
            self._pass(event)
            return []
        rows = []
        for row in self._items():
            if isinstance(row, yaml.MappingStartEvent):
                rows.append({name: value for name, value in ((name, self._value(name, inner)) for name, inner in self._pairs()) if value})
            else:
                self._pass(row)
        return rows

    def _value(self, name: str, event: Any) -> Any:
        if name not in self._wanted:
            self._pass(event)
        elif isinstance(event, yaml.ScalarEvent):
            return "" if event.implicit[0] and event.value in _NULL else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            return [text for text in (self._value(name, item) for item in self._items()) if isinstance(text, str)]
        else:
            self._pass(event)
        return None

    def _pairs(self) -> Iterator[tuple[str, Any]]:
        """Keys, and the events that their values begin with; keys that are no texts are empty."""
        while True:
            event = self._next()
            if isinstance(event, yaml.MappingEndEvent):
                return
            name = event.value if isinstance(event, yaml.ScalarEvent) else ""
            self._pass(event)
            value = self._next()
            if name == "<<" or isinstance(value, yaml.AliasEvent):
                raise NotPlain
            yield name, value

    def _items(self) -> Iterator[Any]:
        while True:
            event = self._next()
            if isinstance(event, yaml.SequenceEndEvent):
                return
            if isinstance(event, yaml.AliasEvent):
                raise NotPlain
            yield event

    def _pass(self, event: Any) -> None:
        """Goes on behind the value that begins with an event."""
        depth = int(isinstance(event, yaml.CollectionStartEvent))
        while depth:
            event = self._next()
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)

    def _next(self) -> Any:
        self._count += 1
        if self._count > self._most:
            raise ValueError(f"it has more than the {self._most} values that are accepted")
        return next(self._events)
