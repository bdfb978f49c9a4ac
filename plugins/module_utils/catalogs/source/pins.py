# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Digests in place of the tags that bundles name, so that a cluster pulls what was mirrored (operator-catalogs RI-3, RI-4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import split
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Bundle, Document, Selection, objects
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages


@dataclass(frozen=True)
class Pins:
    """digests: by reference as written.  complete: whether all that should have a digest has one."""

    digests: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    sentences: tuple[str, ...] = ()


def look_up(bundles: Iterable[BundleImages], digest: Callable[[str], str], parallel: int) -> Pins:
    """The digests of the images that bundles name by tag.

    digest: asks for one; empty for an image that is not mirrored anyway; raises MirrorError where there is none.

    An unavailable image keeps its tag: it is reported where images are planned.
    """
    wanted, sentences = _tagged(bundles)

    def answer(text: str) -> str | None:
        try:
            return digest(text)
        except Cancelled:
            raise
        except InputError:
            # No reference at all, today as tomorrow.
            return ""
        except MirrorError:
            return None

    if not wanted:
        return Pins(sentences=sentences)
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        answers = dict(zip(wanted, pool.map(answer, wanted)))
    found = {text: each for text, each in answers.items() if each}
    return Pins(found, None not in answers.values(), sentences)


def _tagged(bundles: Iterable[BundleImages]) -> tuple[list[str], tuple[str, ...]]:
    """The references to look up, each once, and sentences about those that have neither tag nor digest."""
    wanted: dict[str, None] = {}
    sentences: list[str] = []
    for bundle in bundles:
        if bundle.image and not _named(bundle.image):
            sentences.append(f"Bundle {bundle.name} names its image {bundle.image} without tag or digest; none of its images is pinned.")
            continue
        bare = [text for text in bundle.references if not _named(text)]
        sentences.extend(f"Bundle {bundle.name} names {text} without tag or digest; the reference is not changed." for text in bare)
        wanted.update(dict.fromkeys(text for text in bundle.references if _named(text) and not _digest(text)))
    return list(wanted), tuple(sentences)


def _named(text: str) -> bool:
    _name, tag, digest, _transport = split(text)
    return bool(tag or digest)


def _digest(text: str) -> str:
    return split(text)[2]


def pinned(selection: Selection, digests: Mapping[str, str]) -> Selection:
    """The selection whose bundles name these images by digest."""
    if not digests:
        return selection
    packages = {
        name: replace(package, bundles={key: _bundle(bundle, digests) for key, bundle in package.bundles.items()})
        for name, package in selection.packages.items()
    }
    return replace(selection, packages=packages)


def _bundle(bundle: Bundle, digests: Mapping[str, str]) -> Bundle:
    return Bundle(bundle.package, bundle.name, lambda: _document(bundle, digests))


def _document(bundle: Bundle, digests: Mapping[str, str]) -> Document:
    found: dict[str, Any] = {**bundle.document}
    if bundle.image in digests:
        found["image"] = _by_digest(bundle.image, digests)
    related = objects(bundle.document, "relatedImages", bundle.subject)
    if related:
        found["relatedImages"] = [
            {**entry, "image": _by_digest(entry["image"], digests)} if entry.get("image") in digests else entry for entry in related
        ]
    return found


def _by_digest(text: str, digests: Mapping[str, str]) -> str:
    return f"{split(text)[0]}@{digests[text]}"
