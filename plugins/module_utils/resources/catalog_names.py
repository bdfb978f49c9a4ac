# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names of catalogs in a cluster: valid labels, one for each catalog, stable between runs (mirroring 7.2, 7.4; user-needs P33)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import chain

PREFIX = "cs-"
MAX_NAME = 63
# Characters of a tag or digest that the second generation takes.
_SUFFIX = 12

_NOT_IN_NAMES = re.compile(r"[^a-z0-9-]")
_DASHES = re.compile(r"-{2,}")


def name_v1(mirrored_name: str) -> str:
    """`cs-` and the name part of the catalog as it is mirrored, made a label (7.2)."""
    name = _NOT_IN_NAMES.sub("-", PREFIX + mirrored_name.lower())
    if name.endswith("-"):
        name += "-0"
    name = _DASHES.sub("-", name)
    if len(name) > MAX_NAME:
        name = name[:MAX_NAME]
        if name.endswith("-"):
            name = name[:-2] + "-0"
    return name


def name_v2(image: str) -> str:
    """`cs-`, the last component of the repository, and the beginning of tag or digest (7.4).

    What the reference implementation refuses (a dash at the end, an underscore in the repository, too long) is mended.
    image: `host/repository:tag` or `host/repository@digest`.
    """
    repository, _at, digest = image.rpartition("/")[2].partition("@")
    repository, _colon, tag = repository.partition(":")
    suffix = _NOT_IN_NAMES.sub("-", (tag or digest.rpartition(":")[2]).lower()[:_SUFFIX]).strip("-") or "0"
    stem = _DASHES.sub("-", _NOT_IN_NAMES.sub("-", repository.lower())).strip("-") or "catalog"
    room = MAX_NAME - len(PREFIX) - len(suffix) - 1
    return f"{PREFIX}{stem[:room].strip('-')}-{suffix}"


def names_v1(images: dict[str, str]) -> dict[str, str]:
    """Names by image; images: mirrored name by image, in the order of the configuration.  The second `dev` is `cs-dev-1`."""
    taken: set[str] = set()
    names = {}
    for image, mirrored_name in images.items():
        names[image] = _free(name_v1(mirrored_name), (f"-{number}" for number in range(1, len(images) + 1)), taken)
    return names


def names_v2(images: Iterable[str]) -> dict[str, str]:
    """Names by image; where two would be the same, the later image gets some of its own digest in addition."""
    taken: set[str] = set()
    names = {}
    for image in sorted(set(images)):
        mark = hashlib.sha256(image.encode("utf-8")).hexdigest()
        names[image] = _free(name_v2(image), (f"-{mark[:length]}" for length in range(6, 32)), taken)
    return names


def _free(name: str, suffixes: Iterable[str], taken: set[str]) -> str:
    """The name, or the first of its variants that nobody has."""
    variants = (name[: MAX_NAME - len(suffix)].rstrip("-") + suffix for suffix in suffixes)
    chosen = next(variant for variant in chain((name,), variants) if variant not in taken)
    taken.add(chosen)
    return chosen
