# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What earlier runs found attached to images, so that an unchanged plan asks nobody (performance 3, rule 4).

Signatures may come later than their image, so an answer is believed for a limited time only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.search import Attachment
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

Attachments = dict[Digest, tuple[Attachment, ...]]

# Changes whenever the form does; another form is forgotten.
_FORM = 1


class Lookups:
    """One file for all repositories; written by `save` alone.

    now: seconds since 1970.  age: for how many seconds an answer holds; 0 for not at all.
    """

    def __init__(self, path: str, shelf: Shelf, now: int, age: int) -> None:
        self._path = path
        self._shelf = shelf
        self._now = now
        self._age = age
        self._known: dict[str, Any] = self._read() if age > 0 else {}

    def recall(self, repository: str, digests: Sequence[Digest]) -> Attachments | None:
        """What is attached to these digests, and to that in turn; None unless all of it is known and on the shelf."""
        try:
            subjects = self._known[repository]["subjects"]
            found: Attachments = {}
            waiting = list(digests)
            while waiting:
                digest = waiting.pop()
                if digest not in found:
                    found[digest] = tuple(self._attachment(digest, tag, name) for tag, name in subjects[digest])
                    waiting += [attachment.manifest.digest for attachment in found[digest]]
            return found
        except (KeyError, TypeError, ValueError, InputError):
            return None

    def keep(self, repository: str, found: Mapping[Digest, Sequence[Attachment]]) -> None:
        """found: what is attached, by the digest of its subject; replaces what was kept of the repository."""
        subjects = {digest: [[attachment.tag, attachment.manifest.digest] for attachment in attached] for digest, attached in found.items()}
        self._known[repository] = {"time": self._now, "subjects": subjects}

    def save(self) -> None:
        """Raises StorageError."""
        if self._age > 0:
            files.write_json(self._path, {"form": _FORM, "repositories": self._known})

    def _attachment(self, subject: Digest, tag: str, name: str) -> Attachment:
        manifest = self._shelf.get(Digest.parse(name))
        if manifest is None:
            raise KeyError(name)
        return Attachment(manifest, subject, tag)

    def _read(self) -> dict[str, Any]:
        """What is young enough.  A file that cannot be used is one that is not there: it only saves requests."""
        try:
            document = files.read_json(self._path)
            if document["form"] != _FORM:
                return {}
            entries = document["repositories"].items()
            return {name: entry for name, entry in entries if 0 <= self._now - entry["time"] < self._age}
        except (FileNotFoundError, StorageError, KeyError, TypeError, AttributeError):
            return {}
