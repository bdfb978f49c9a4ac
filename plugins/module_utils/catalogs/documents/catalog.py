# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A catalog that is read as far as someone asks (spec/performance 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import heading, parser
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import Contents, Span, directory_files, scan
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import (
    BUNDLE,
    CHANNEL,
    DEPRECATIONS,
    PACKAGE,
    Bundle,
    Channel,
    Document,
    Package,
    Selection,
    objects,
    text,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.parsed_lines import Lines


class Catalog:
    """Packages by name, each made when it is first asked for, its bundles when they are looked into.

    name: for messages.  lines: documents that were parsed before, and where newly parsed ones are kept.
    """

    def __init__(self, name: str, contents: Contents, lines: Lines | None = None) -> None:
        self.name = name
        self._contents = contents
        self._lines = lines if lines is not None else Lines()
        self._packages: dict[str, Package] = {}
        self._others: tuple[Document, ...] | None = None

    @classmethod
    def from_directory(cls, path: str) -> Catalog:
        """Raises InputError (no documents, or not documents of a catalog), StorageError."""
        contents = scan(directory_files(path))
        if not contents.packages:
            raise InputError("the directory holds no catalog", subject=path, advice="Name the directory with the file-based catalog.")
        return cls(path, contents)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all packages, sorted."""
        return tuple(sorted(package for package in self._contents.packages if package))

    def package(self, name: str) -> Package | None:
        """None when no document belongs to a package of that name.  Raises InputError."""
        if not name or name not in self._contents.packages:
            return None
        if name not in self._packages:
            self._packages[name] = self._assembled(name)
        return self._packages[name]

    def packages(self) -> Iterable[Package]:
        """All packages, by name."""
        return (package for package in map(self.package, self.names) if package is not None)

    @property
    def others(self) -> tuple[Document, ...]:
        """Documents that belong to no package."""
        if self._others is None:
            self._others = tuple(self._document("", span) for span in self._contents.packages.get("", ()))
        return self._others

    def everything(self) -> Selection:
        """The whole catalog, nothing left out."""
        return Selection({package.name: package for package in self.packages()}, self.others)

    def mentioning(self, words: Iterable[str]) -> tuple[str, ...]:
        """Names of the packages that have a bundle whose text holds all of these words, sorted.

        A search in bytes, to find out cheaply which packages are worth parsing.
        """
        wanted = [word.encode("utf-8") for word in words]
        return tuple(name for name in self.names if self._mentions(name, wanted))

    def _mentions(self, package: str, words: list[bytes]) -> bool:
        for span in self._contents.packages[package]:
            if span.schema == BUNDLE:
                content = self._contents.read(span)
                if all(word in content for word in words):
                    return True
        return False

    def _document(self, package: str, span: Span) -> dict[str, Any]:
        """A document, parsed; raises InputError when it is not what its heading promised."""
        subject = self._contents.files[span.file].name
        kept = self._lines.get(span)
        if kept is not None:
            return kept
        content = self._contents.read(span)
        document = parser.parse(content, subject)
        found = heading.of(document, subject)
        if (found.schema, found.package, found.name) != (span.schema, package, span.name):
            raise InputError(
                "the schema, package and name of a document cannot be told",
                subject=subject,
                advice="Write each of schema, package and name once, as plain text.",
            )
        if content.lstrip()[:1] != b"{":
            self._lines.add(span, document)
        return document

    def _assembled(self, name: str) -> Package:
        parts = _Parts(name)
        for span in self._contents.packages[name]:
            if span.schema == BUNDLE:
                parts.add_bundle(self._bundle(name, span))
            else:
                parts.add(span.schema, self._document(name, span))
        return parts.package()

    def _bundle(self, package: str, span: Span) -> Bundle:
        return Bundle(package, span.name, lambda: self._document(package, span))


class _Parts:
    """Collects the documents of one package; the first of a name counts, later ones are told by validation."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.document: Mapping[str, Any] | None = None
        self.channels: dict[str, Channel] = {}
        self.bundles: dict[str, Bundle] = {}
        self.deprecations: list[Document] = []
        self.others: list[Document] = []
        self.duplicates: list[str] = []

    def add_bundle(self, bundle: Bundle) -> None:
        if bundle.name in self.bundles:
            self.duplicates.append(f'package "{self.name}" has duplicate bundle "{bundle.name}"')
        else:
            self.bundles[bundle.name] = bundle

    def add(self, schema: str, document: Mapping[str, Any]) -> None:
        if schema == PACKAGE:
            if self.document is not None:
                self.duplicates.append(f'duplicate package "{self.name}"')
            else:
                self.document = document
        elif schema == CHANNEL:
            channel = Channel.of(document)
            if channel.name in self.channels:
                self.duplicates.append(f'package "{self.name}" has duplicate channel "{channel.name}"')
            else:
                self.channels[channel.name] = channel
        elif schema == DEPRECATIONS:
            objects(document, "entries", f'deprecations of package "{self.name}"')
            self.deprecations.append(document)
        else:
            self.others.append(document)

    def package(self) -> Package:
        return Package(
            name=self.name,
            default_channel=text(self.document or {}, "defaultChannel", f'package "{self.name}"'),
            channels=dict(sorted(self.channels.items())),
            bundles=dict(sorted(self.bundles.items())),
            deprecations=tuple(self.deprecations),
            others=tuple(self.others),
            document=self.document,
            duplicates=tuple(self.duplicates),
        )
