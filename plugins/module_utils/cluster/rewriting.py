# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a cluster that uses mirror sets asks for an image (containers-registries.conf: the longest source wins)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.facts import Used
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import Registry


def places(image: Used, tables: Mapping[str, Registry]) -> Iterator[str]:
    """The repositories that an image is looked for in, in this order; its own comes last, unless it must not be asked."""
    source = _longest(image.repository, tables)
    if source is not None:
        for location, _pulls in tables[source].mirrors:
            yield location + image.repository[len(source) :]
    if source is None or not tables[source].blocked:
        yield image.repository


def _longest(repository: str, tables: Mapping[str, Registry]) -> str | None:
    found = [source for source in tables if repository == source or repository.startswith(source + "/")]
    return max(found, key=len, default=None)
