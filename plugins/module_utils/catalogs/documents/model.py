# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""File-based catalogs as values (operator-catalogs 1.1).

Names and graphs are at hand at once; a bundle's document is read only when someone looks
into it, since most of a catalog's bytes are bundles that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version

PACKAGE = "olm.package"
CHANNEL = "olm.channel"
BUNDLE = "olm.bundle"
DEPRECATIONS = "olm.deprecations"

# Property types (of a bundle, and `olm.channel` of a channel).
REQUIRED_PACKAGE = "olm.package.required"
GVK = "olm.gvk"
REQUIRED_GVK = "olm.gvk.required"
CONSTRAINT = "olm.constraint"
BUNDLE_OBJECT = "olm.bundle.object"
CSV_METADATA = "olm.csv.metadata"

Document = Mapping[str, Any]


def text(document: Document, key: str, subject: str = "") -> str:
    """A member that must be text; absent and null are empty.  Raises InputError."""
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"`{key}` must be text, found {type(value).__name__}", subject=subject)
    return value


def objects(document: Document, key: str, subject: str = "") -> tuple[Document, ...]:
    """A member that must be a list of mappings; absent and null are empty.  Raises InputError."""
    value = document.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise InputError(f"`{key}` must be a list of mappings", subject=subject)
    return tuple(value)


@dataclass(frozen=True)
class Entry:
    """A place in a channel's graph.  `document` is the entry as it was written."""

    name: str
    replaces: str = ""
    skips: tuple[str, ...] = ()
    skip_range: str = ""
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, document: Document, subject: str) -> Entry:
        """From an entry of `olm.channel`.  Raises InputError."""
        skips = document.get("skips") or []
        if not isinstance(skips, list) or not all(isinstance(name, str) for name in skips):
            raise InputError("`skips` must be a list of names", subject=subject)
        return cls(
            name=text(document, "name", subject),
            replaces=text(document, "replaces", subject),
            skips=tuple(skips),
            skip_range=text(document, "skipRange", subject),
            document=document,
        )

    def skipping(self, names: Iterable[str]) -> Entry:
        """The same entry that skips these names as well."""
        skips = (*self.skips, *(name for name in names if name not in self.skips))
        return replace(self, skips=skips, document={**self.document, "skips": list(skips)})


@dataclass(frozen=True)
class Channel:
    """An upgrade graph.  Entries keep their order."""

    package: str
    name: str
    entries: tuple[Entry, ...]
    document: Document = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, document: Document) -> Channel:
        package, name = text(document, "package"), text(document, "name")
        subject = f'package "{package}", channel "{name}"'
        entries = tuple(Entry.of(entry, subject) for entry in objects(document, "entries", subject))
        return cls(package, name, entries, document)

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self.entries}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)

    @property
    def priority(self) -> int | None:
        """The `olm.channel` property of v1's time; None when there is none."""
        for entry in objects(self.document, "properties"):
            value = entry.get("value")
            if entry.get("type") == CHANNEL and isinstance(value, dict):
                try:
                    return int(value.get("priority", 0))
                except (TypeError, ValueError):
                    return None
        return None

    def only(self, names: Iterable[str]) -> Channel:
        """The same channel with these entries alone, themselves unchanged."""
        kept = frozenset(names)
        return self.with_entries(entry for entry in self.entries if entry.name in kept)

    def with_entries(self, entries: Iterable[Entry]) -> Channel:
        entries = tuple(entries)
        return replace(self, entries=entries, document={**self.document, "entries": [entry.document for entry in entries]})


@dataclass(frozen=True)
class Bundle:
    """A bundle; `load` gives its document when it is first needed."""

    package: str
    name: str
    load: Callable[[], Document] = field(compare=False, repr=False)

    @classmethod
    def of(cls, document: Document) -> Bundle:
        return cls(text(document, "package"), text(document, "name"), lambda: document)

    @property
    def subject(self) -> str:
        return f'package "{self.package}", bundle "{self.name}"'

    @cached_property
    def document(self) -> Document:
        return self.load()

    @property
    def image(self) -> str:
        return text(self.document, "image", self.subject)

    @cached_property
    def properties(self) -> tuple[tuple[str, Any], ...]:
        """(type, value) of each property."""
        return tuple(
            (text(entry, "type", self.subject), entry.get("value")) for entry in objects(self.document, "properties", self.subject)
        )

    def values(self, kind: str) -> list[Any]:
        """The values of the properties of one type."""
        return [value for found, value in self.properties if found == kind]

    @property
    def related_images(self) -> tuple[tuple[str, str], ...]:
        """(role, reference) as written; either may be empty."""
        entries = objects(self.document, "relatedImages", self.subject)
        return tuple((text(entry, "name", self.subject), text(entry, "image", self.subject)) for entry in entries)

    @cached_property
    def version_text(self) -> str:
        """The version of its `olm.package` property, empty when it has none.  The name says nothing about it."""
        for value in self.values(PACKAGE):
            if isinstance(value, dict):
                return text(value, "version", self.subject)
        return ""

    @cached_property
    def version(self) -> Version | None:
        """None when it has no version, or one that is not strict."""
        try:
            return Version.parse(self.version_text)
        except InputError:
            return None


@dataclass(frozen=True)
class Package:
    """A package with all that belongs to it.

    others: documents of schemas that nobody here knows, kept as they are.
    duplicates: messages about names that were there twice, for validation.
    """

    name: str
    default_channel: str = ""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    bundles: Mapping[str, Bundle] = field(default_factory=dict)
    deprecations: tuple[Document, ...] = ()
    others: tuple[Document, ...] = ()
    document: Document | None = field(default=None, compare=False, repr=False)
    duplicates: tuple[str, ...] = ()

    def bundle(self, name: str) -> Bundle | None:
        return self.bundles.get(name)

    def version(self, name: str) -> Version | None:
        """The version of an entry, None when its bundle is absent or has none."""
        bundle = self.bundles.get(name)
        return bundle.version if bundle else None

    def only(self, channels: Iterable[Channel], default_channel: str | None = None) -> Package:
        """The package with these channels, and of its bundles those that they hold."""
        kept = {channel.name: channel for channel in channels}
        names = {entry.name for channel in kept.values() for entry in channel.entries}
        chosen = self.default_channel if default_channel is None else default_channel
        document = self.document
        if document is not None and chosen != self.default_channel:
            document = {**document, "defaultChannel": chosen}
        return replace(
            self,
            channels=kept,
            bundles={name: bundle for name, bundle in self.bundles.items() if name in names},
            default_channel=chosen,
            document=document,
        )


@dataclass(frozen=True)
class Selection:
    """A catalog, or what is left of one: packages by name, and documents that belong to no package."""

    packages: Mapping[str, Package] = field(default_factory=dict)
    others: tuple[Document, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages)
