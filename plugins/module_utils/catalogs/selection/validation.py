# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a catalog can be served, with the messages that the field knows (operator-catalogs 1.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import (
    BUNDLE,
    BUNDLE_OBJECT,
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
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.ranges import plain

# A message, and the messages below it.
Problem = tuple[str, tuple[Any, ...]]


# What some versions of opm refuse and others serve: in a publisher's own catalog it is known to work with the publisher's opm.
_DISPUTED = ("channel contains one or more stranded bundles", "invalid skipRange", "invalid package name")
_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")


def check(selection: Selection, subject: str = "") -> None:
    """Raises InputError with all that keeps a catalog from being served."""
    for message in first_problems(selection):
        raise InputError(message, subject=subject)
    found = tuple(problem for package in selection.packages.values() for problem in package_problems(package))
    if found:
        raise InputError("\n".join(_tree("invalid index:", found)), subject=subject)


def is_inherited(package: Package, source: Package) -> bool:
    """Whether all that is wrong with a filtered package is disputed and just as wrong in the publisher's."""
    before = set(_leaves(package_problems(source)))
    return all(leaf[-1].startswith(_DISPUTED) and leaf in before for leaf in _leaves(package_problems(package)))


def _leaves(problems: Sequence[Problem], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where each problem is, and its message as far as it names no other thing."""
    for message, below in problems:
        if below:
            yield from _leaves(below, (*above, message))
        else:
            yield (*above, message.split(":", 1)[0])


def first_problems(selection: Selection) -> Iterator[str]:
    """What ends a conversion at once: documents that do not fit together (VAL-1 to VAL-13, VAL-23)."""
    for document in selection.others:
        yield from _stray(document)
    for package in selection.packages.values():
        yield from _package_parts(package)
        for bundle in package.bundles.values():
            yield from _bundle_parts(package, bundle)
        yield from _entries(package)
        yield from _deprecations(package)


def package_problems(package: Package) -> tuple[Problem, ...]:
    """What is collected into a tree: name, channels, heads, versions, images (VAL-3, VAL-14 to VAL-20)."""
    found: list[Problem] = []
    if not _LABEL.match(package.name):
        reason = "must not contain dots" if "." in package.name else "must be a DNS label"
        found.append((f'invalid package name "{package.name}": [{reason}]', ()))
    if not package.default_channel:
        found.append(("default channel must be set", ()))
    if not package.channels:
        found.append(("package must contain at least one channel", ()))
    channels = dict(package.channels)
    if package.default_channel and package.default_channel not in channels:
        channels[package.default_channel] = Channel(package.name, package.default_channel, ())
    for channel in channels.values():
        below = channel_problems(package, channel)
        if below:
            found.append((f'invalid channel "{channel.name}":', below))
    duplicates = _equal_versions(package)
    if duplicates:
        found.append((duplicates, ()))
    return ((f'invalid package "{package.name}":', tuple(found)),) if found else ()


def channel_problems(package: Package, channel: Channel) -> tuple[Problem, ...]:
    """What is wrong with one channel and with the bundles of its entries."""
    if not channel.entries:
        return (("channel must contain at least one bundle", ()),)
    found: list[Problem] = []
    try:
        graph.check(channel)
    except graph.GraphError as error:
        found.append((error.message, ()))
    for entry in channel.entries:
        below: list[Problem] = [(f"skip[{place}] is empty", ()) for place, name in enumerate(entry.skips) if not name]
        if entry.skip_range:
            try:
                plain(entry.skip_range)
            except InputError as error:
                below.append((f"invalid skipRange: {error.message}", ()))
        bundle = package.bundle(entry.name)
        if bundle is not None and not bundle.image and not bundle.values(BUNDLE_OBJECT):
            below.append(("bundle image must be set", ()))
        if below:
            found.append((f'invalid bundle "{entry.name}":', tuple(below)))
    return tuple(found)


def _tree(title: str, problems: Sequence[Problem], indent: str = "") -> list[str]:
    lines = [title]
    for place, (message, below) in enumerate(problems):
        last = place == len(problems) - 1
        branch, further = ("└── ", "    ") if last else ("├── ", "│   ")
        inner = _tree(message, below, indent + further)
        lines.append(indent + branch + inner[0])
        lines.extend(inner[1:])
    return lines


def _stray(document: Document) -> Iterator[str]:
    schema, name = text(document, "schema"), text(document, "name")
    if schema == PACKAGE:
        yield "config contains package with no name"
    elif schema == CHANNEL:
        yield f'unknown package "" for channel "{name}"'
    elif schema == BUNDLE:
        yield f'package name must be set for bundle "{name}"'
    elif schema == DEPRECATIONS:
        yield "package name must be set for deprecation item"


def _package_parts(package: Package) -> Iterator[str]:
    yield from package.duplicates
    for channel in package.channels.values():
        if package.document is None:
            yield f'unknown package "{package.name}" for channel "{channel.name}"'
        if not channel.name:
            yield f'package "{package.name}" contains channel with no name'
        seen = set()
        for entry in channel.entries:
            if entry.name in seen:
                yield f'invalid package "{package.name}", channel "{channel.name}": duplicate entry "{entry.name}"'
            seen.add(entry.name)


def _bundle_parts(package: Package, bundle: Bundle) -> Iterator[str]:
    if package.document is None:
        yield f'unknown package "{package.name}" for bundle "{bundle.name}"'
    values = bundle.values(PACKAGE)
    if len(values) != 1 or not isinstance(values[0], dict):
        yield f'package "{package.name}" bundle "{bundle.name}" must have exactly 1 "olm.package" property, found {len(values)}'
        return
    named = text(values[0], "packageName", bundle.subject)
    if named != package.name:
        yield f'package "{package.name}" does not match "olm.package" property "{named}"'
    try:
        Version.parse(bundle.version_text)
    except InputError as error:
        yield f'error parsing bundle "{bundle.name}" version "{bundle.version_text}": {error.message}'


def _entries(package: Package) -> Iterator[str]:
    named = {entry.name for channel in package.channels.values() for entry in channel.entries}
    for name in package.bundles:
        if name not in named:
            yield f'package "{package.name}", bundle "{name}" not found in any channel entries'
    missing = sorted(named - set(package.bundles))
    if missing:
        yield f'no olm.bundle blobs found in package "{package.name}" for olm.channel entries [{" ".join(missing)}]'


def _equal_versions(package: Package) -> str:
    """VAL-18; versions are equal when their whole text is."""
    names: dict[str, list[str]] = {}
    for bundle in package.bundles.values():
        names.setdefault(_identity(bundle), []).append(bundle.name)
    doubled = [f"{{{version}: [{', '.join(sorted(found))}]}}" for version, found in sorted(names.items()) if len(found) > 1 and version]
    return f"duplicate versions found in bundles: [{', '.join(doubled)}]" if doubled else ""


def _identity(bundle: Bundle) -> str:
    for value in bundle.values(PACKAGE):
        if isinstance(value, dict) and value.get("release"):
            return f"{bundle.version_text}-{value['release']}"
    return bundle.version_text


def _deprecations(package: Package) -> Iterator[str]:
    if len(package.deprecations) > 1:
        yield f'expected a maximum of one deprecation per package: "{package.name}"'
    for document in package.deprecations:
        seen = set()
        for entry in objects(document, "entries"):
            reference = entry.get("reference")
            reference = reference if isinstance(reference, dict) else {}
            schema, name = text(reference, "schema"), text(reference, "name")
            if (schema, name) in seen:
                yield f'duplicate deprecation entry reference "{schema}" "{name}" for package "{package.name}"'
            seen.add((schema, name))
            yield from _deprecated(package, schema, name)


def _deprecated(package: Package, schema: str, name: str) -> Iterator[str]:
    if schema == BUNDLE and name not in package.bundles:
        yield f'cannot deprecate bundle "{name}" for package "{package.name}": bundle not found'
    elif schema == CHANNEL and name not in package.channels:
        yield f'cannot deprecate channel "{name}" for package "{package.name}": channel not found'
    elif schema == PACKAGE and name:
        yield f'cannot deprecate package "{package.name}": package reference must not have a name, found "{name}"'
    elif schema not in (BUNDLE, CHANNEL, PACKAGE):
        yield f'cannot deprecate object {schema} "{name}" for package "{package.name}": object schema unknown'
