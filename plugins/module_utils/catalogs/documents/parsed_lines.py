# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Documents that were parsed once, kept as lines of JSON beside the catalog they belong to."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import parser
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import Span

_LINES = "lines.jsonl"
_PLACES = "lines.json"


class Lines:
    """Parsed documents by span; without a folder nothing is kept."""

    def __init__(self, folder: str = "") -> None:
        self._folder = folder
        self._new: dict[str, bytes] = {}
        self._places: dict[str, tuple[int, int]] = {}
        if folder:
            try:
                self._places = {key: (place[0], place[1]) for key, place in files.read_json(os.path.join(folder, _PLACES)).items()}
            except (FileNotFoundError, StorageError, AttributeError, IndexError, TypeError):
                self._places = {}

    def get(self, span: Span) -> dict[str, Any] | None:
        """The document that was parsed from this span; None when it was not."""
        place = self._places.get(_key(span))
        if place is None:
            return None
        try:
            with open(os.path.join(self._folder, _LINES), "rb") as file:
                file.seek(place[0])
                document = json.loads(file.read(place[1]))
        except (OSError, ValueError):
            # A cache that was torn is not worth an error: the document is parsed again.
            return None
        return document if isinstance(document, dict) else None

    def add(self, span: Span, document: dict[str, Any]) -> None:
        if self._folder:
            self._new[_key(span)] = parser.line(document)

    def save(self) -> None:
        """Appends what is new; the places are written last, so that a crash leaves nothing half-known.  Raises StorageError."""
        path = os.path.join(self._folder, _LINES)
        # In check mode a link leads to the user's workspace, where nothing may be written.
        if not self._new or os.path.islink(path):
            return
        try:
            with os.fdopen(files.extend(path, os.O_APPEND), "ab") as file:
                for key, content in self._new.items():
                    self._places[key] = (file.tell(), len(content))
                    file.write(content + b"\n")
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror}", subject=path) from error
        self._new.clear()
        files.write_json(os.path.join(self._folder, _PLACES), self._places)


def _key(span: Span) -> str:
    return f"{span.file}:{span.offset}"
