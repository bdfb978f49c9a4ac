# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an entry of `operators` came to, kept beside the catalog, so that the same question costs nothing twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages

# Raised whenever the same question could have another answer than before.
RULES = 4
_FOLDER = "answers"


@dataclass(frozen=True)
class Answer:
    """packages: as the plan shows them.  record: v1's, as the metadata spells it.  filtered: whether a catalog was rebuilt,
    `layout` then is its name in the workspace's content and `digest` that of its index.  pins: digests that took the place of tags
    in the rebuilt catalog, by reference as the publisher wrote it.  required: why bundles (package, name) are there that dependencies
    brought, as links of a chain of reasons.
    """

    packages: list[dict[str, Any]] = field(default_factory=list)
    bundles: tuple[BundleImages, ...] = ()
    warnings: tuple[str, ...] = ()
    record: list[dict[str, Any]] = field(default_factory=list)
    layout: str = ""
    digest: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {
            "packages": self.packages,
            "bundles": [bundle.document() for bundle in self.bundles],
            "warnings": list(self.warnings),
            "record": self.record,
            "layout": self.layout,
            "digest": self.digest,
            "pins": dict(self.pins),
            "required": [[*bundle, *links] for bundle, links in self.required.items()],
        }

    @classmethod
    def parse(cls, document: Any) -> Answer:
        """Of what `document` gave; anything else raises what `read` takes for no answer."""
        return cls(
            packages=document["packages"],
            bundles=tuple(BundleImages.parse(entry) for entry in document["bundles"]),
            warnings=tuple(document["warnings"]),
            record=document["record"],
            layout=document["layout"],
            digest=document["digest"],
            pins={str(text): Digest.parse(digest) for text, digest in document["pins"].items()},
            required={(package, bundle): tuple(links) for package, bundle, *links in document["required"]},
        )


def key(question: dict[str, Any]) -> str:
    """The name of a question: 32 hexadecimal digits that stand for all of it."""
    return hashlib.sha256(files.json_bytes({**question, "rules": RULES})).hexdigest()[:32]


def read(folder: str, name: str) -> Answer | None:
    """None when the question was not answered before, or the answer cannot be read any more."""
    try:
        return Answer.parse(files.read_json(_path(folder, name)))
    except (FileNotFoundError, StorageError, KeyError, TypeError, ValueError, AttributeError, InputError):
        return None


def write(folder: str, name: str, answer: Answer) -> None:
    """Raises StorageError."""
    files.write_json(_path(folder, name), answer.document())


def _path(folder: str, name: str) -> str:
    return os.path.join(folder, _FOLDER, f"{name}.json")
