# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Keys of the configuration, declared on the fields of the values that hold them."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from functools import partial
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform

TEXT, FLAG, NUMBER, TEXTS, PLATFORMS, ITEM, ITEMS, TREE = "text", "flag", "number", "texts", "platforms", "item", "items", "tree"
_METADATA = "configuration key"
# These functions stand for `field` in the classes that hold keys.
_member = partial(field)


@dataclass(frozen=True)
class Key:
    """One key: its spelling, the kind of value it takes, the class of objects in it, the only generation that has it."""

    name: str
    kind: str
    of: type = object
    only: Generation | None = None


# Each makes a field of a dataclass: the key that the document spells it with, and its value where the document has none.
def text(name: str, only: Generation | None = None, default: str = "") -> Any:
    return _field(Key(name, TEXT, only=only), default)


def flag(name: str, only: Generation | None = None) -> Any:
    return _field(Key(name, FLAG, only=only), False)


def number(name: str) -> Any:
    return _field(Key(name, NUMBER), 0)


def texts(name: str) -> Any:
    return _field(Key(name, TEXTS), ())


def platforms(name: str, only: Generation | None = None) -> Any:
    return _field(Key(name, PLATFORMS, only=only), ())


def item(name: str, of: type, only: Generation | None = None, default: Any = None) -> Any:
    return _field(Key(name, ITEM, of, only), default)


def items(name: str, of: type) -> Any:
    return _field(Key(name, ITEMS, of), ())


def tree(name: str) -> Any:
    """A mapping of anything, taken over as it is."""
    return _member(default_factory=dict, hash=False, metadata={_METADATA: Key(name, TREE)})


def _field(key: Key, default: Any) -> Any:
    return _member(default=default, metadata={_METADATA: key})


def keys_of(kind: type) -> dict[str, Key]:
    """The keys of a class, by the name of their field."""
    return {entry.name: entry.metadata[_METADATA] for entry in fields(kind)}


def default_of(kind: type, name: str) -> Any:
    """The value of a field that the document does not give."""
    entry = next(entry for entry in fields(kind) if entry.name == name)
    return entry.default if entry.default is not MISSING else {}


def documents_of(value: Any) -> dict[str, Any]:
    """The document of an object: what has its default value is left out."""
    kind = type(value)
    document = {}
    for name, key in keys_of(kind).items():
        content = getattr(value, name)
        if content != default_of(kind, name):
            document[key.name] = _document(content)
    return document


def _document(content: Any) -> Any:
    if isinstance(content, tuple):
        return [_document(entry) for entry in content]
    if isinstance(content, Platform):
        return {"os": content.os, "architecture": content.architecture}
    if content is None or isinstance(content, (str, int, dict)):
        return content
    return documents_of(content)


def names_of(kind: type, generation: Generation, without: tuple[str, ...] = ()) -> dict[str, tuple[str, Key]]:
    """Field and key by the lower-case spelling, for the keys that a generation has."""
    return {
        key.name.lower(): (name, key) for name, key in keys_of(kind).items() if key.only in (None, generation) and key.name not in without
    }
