# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the destination lacked when the load of an archive began, and so is ours once it is there (user-needs G09).

Written before the first push and kept until the archive is loaded, so that a load that was interrupted and is run again
still knows what it found and what it brought.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.survey import Verdict

# A path of the plan and a digest.
Place = tuple[str, str]


class Begun:
    """path: of the file.  archive: identity of what is loaded; what a file says about another one does not count.

    brought: places whose manifests were not there.  named: tags that were not there, or named something else, by place.
    """

    def __init__(self, path: str, archive: str) -> None:
        self._path = path
        self._archive = archive
        self.brought: set[Place] = set()
        self.named: dict[Place, set[str]] = {}
        self._read()

    def note(self, missing: Sequence[Verdict], registry: Store, parallel: int) -> None:
        """Before anything is written.  Raises StorageError, and what the registry raises."""
        with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
            absent = list(pool.map(lambda verdict: _is_absent(verdict, registry), missing))
        for verdict, lacks in zip(missing, absent):
            place = (verdict.placed.image.destination, str(verdict.placed.digest))
            self.named.setdefault(place, set()).update(verdict.missing)
            if lacks:
                self.brought.add(place)
        files.write_json(self._path, self._document())

    def end(self) -> None:
        """The archive is loaded, and what it brought is remembered elsewhere."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def _document(self) -> dict[str, Any]:
        images = [[path, digest, sorted(tags), (path, digest) in self.brought] for (path, digest), tags in sorted(self.named.items())]
        return {"archive": self._archive, "images": images}

    def _read(self) -> None:
        """A file that is none says nothing: then what is there counts as found, which is never deleted."""
        try:
            document = Shape(files.read_json(self._path))
            if document.member("archive").text() == self._archive:
                for path, digest, tags, brought in (entry.items() for entry in document.member("images").items()):
                    place = (path.text(), str(digest.digest()))
                    self.named[place] = set(tags.texts())
                    if brought.value is True:
                        self.brought.add(place)
        except (FileNotFoundError, StorageError, InputError, ValueError):
            return


def _is_absent(verdict: Verdict, registry: Store) -> bool:
    placed = verdict.placed
    return not verdict.holds and (verdict.vacant or registry.find_manifest(placed.repository, placed.digest) is None)
