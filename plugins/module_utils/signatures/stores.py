# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Stores of signatures: directories, over HTTP or on a disk, with a file for each signature of a digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Callable, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import FILE

# Reads a document, `fetch(url, headers, limit)`; see `imageset.wanted.Context`.
Fetch = Callable[[str, Optional[Mapping[str, str]], int], bytes]


def url(store: str, digest: Digest, number: int, path: str = "") -> str:
    """SIG-01: the place has an equals sign where digests have a colon.

    path: of the repository, without its host, in stores of signatures of container images; those of releases have none.
    """
    return f"{store}{path}{'@' if path else ''}{digest.algorithm}={digest.hex}/signature-{number}"


def messages(store: str, digest: Digest, fetch: Fetch, most: int, refused: list[MirrorError], path: str = "") -> Iterator[bytes]:
    """The signatures of a digest in their order, until there is none.

    refused: gets the error of a store that could not be read.
    """
    for number in range(1, most + 1):
        place = url(store, digest, number, path)
        try:
            content = _from_file(place) if place.startswith(FILE) else fetch(place, None, limits.SIGNATURE)
        except NotFound:
            return
        except Cancelled:
            raise
        except MirrorError as error:
            refused.append(error)
            return
        yield content


def _from_file(place: str) -> bytes:
    """From a store that is a directory.  Raises NotFound, StorageError."""
    try:
        return files.read(place[len(FILE) :])
    except FileNotFoundError as error:
        raise NotFound(f"there is no {place}", subject=place) from error
