# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which sources lead to which mirrors, and whether every image is found that way (mirroring 7.1, 7.3; user-needs P12, P19).

A node looks a reference up in the one entry with the longest matching source.  An entry for tags
only therefore hides a shorter one for digests, and the entry of a repository those of its
neighbours: entries are chosen for all images together, and proved by the same look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

# Kinds of references that an entry serves.
DIGEST, TAG = "digest", "tag"
REPOSITORY, NAMESPACE, HOST = "repository", "namespace", "host"
SCOPES = (REPOSITORY, NAMESPACE, HOST)


@dataclass(frozen=True)
class Mirrored:
    """An image's repository, `host/path`, at its origin and at the mirror, and how clusters name the image."""

    category: str
    source: str
    mirror: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Rule:
    """References of a kind whose repository is `source` or below it are looked for in `mirror`."""

    category: str
    kind: str
    source: str
    mirror: str


def narrowed(image: Mirrored, scope: str, first_component: bool = False) -> tuple[str, str]:
    """Source and mirror of the entry for an image.

    scope: `namespace` and `host` hold only where the mirror's path ends with the source's; else the repository.
    first_component: the namespace is the first component of the path (v1) instead of all but the last (v2).
    Raises InputError for an unknown scope.
    """
    if scope not in SCOPES:
        raise InputError(f'unknown scope "{scope}"', advice=f"Known are {', '.join(SCOPES)}.")
    host, _slash, path = image.source.partition("/")
    parts = path.split("/")
    if scope == REPOSITORY or not image.mirror.endswith(f"/{path}") or (first_component and scope == NAMESPACE and len(parts) < 2):
        return image.source, image.mirror
    kept = 0 if scope == HOST else 1 if first_component else len(parts) - 1
    rest = "/" + "/".join(parts[kept:])
    return "/".join([host, *parts[:kept]]), image.mirror[: -len(rest)]


def cover(images: Iterable[Mirrored], scopes: dict[str, str], first_component: bool = False) -> list[Rule]:
    """Rules by which every image is found at its mirror, in the order of the images.

    scopes: the scope by category.  An image that a wider entry does not lead to its place gets one of its own.
    """
    ordered = list(dict.fromkeys(images))
    book = Book()
    for image in ordered:
        source, mirror = narrowed(image, scopes[image.category], first_component)
        for kind in sorted(image.kinds):
            book.add(Rule(image.category, kind, source, mirror))
    lost = True
    while lost:
        lost = False
        for image in ordered:
            for kind in sorted(image.kinds):
                if image.mirror not in book.places(image.source, kind):
                    book.add(Rule(image.category, kind, image.source, image.mirror))
                    lost = True
    return book.rules


class Book:
    """Rules as a node reads them."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules: dict[Rule, None] = {}
        self._entries: dict[str, dict[str, list[str]]] = {}
        for rule in rules:
            self.add(rule)

    @property
    def rules(self) -> list[Rule]:
        return list(self._rules)

    def add(self, rule: Rule) -> None:
        self._rules[rule] = None
        mirrors = self._entries.setdefault(rule.source, {}).setdefault(rule.kind, [])
        if rule.mirror not in mirrors:
            mirrors.append(rule.mirror)

    def places(self, repository: str, kind: str) -> tuple[str, ...]:
        """The repositories that a node tries for a reference, in order; empty when it goes to the source."""
        parts = repository.split("/")
        for length in range(len(parts), 0, -1):
            source = "/".join(parts[:length])
            if source in self._entries:
                return tuple(mirror + repository[len(source) :] for mirror in self._entries[source].get(kind, ()))
        return ()
