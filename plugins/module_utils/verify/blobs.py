# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Blobs of a destination: there or not, sound or not."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, CorruptContent, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

_CHUNK = 256 * 1024


def sizes(store: Store, repository: str, blobs: Sequence[Descriptor]) -> list[int | None | MirrorError]:
    """How many bytes a repository has of each blob, None for none; the error as a value where it does not tell.

    Shorter than `blobs` where the store did not answer at all: nothing more is asked then.
    """
    found: list[int | None | MirrorError] = []
    for blob in blobs:
        try:
            found.append(store.blob_size(repository, blob))
        except Cancelled:
            raise
        except MirrorError as error:
            found.append(error)
            if not error.status:
                break
    return found


def is_sound(store: Store, repository: str, blob: Descriptor) -> bool | MirrorError:
    """Whether the bytes have size and digest; reads in pieces of 256 KiB.  The error as a value when they cannot be read."""
    hasher = blob.digest.hasher()
    buffer = memoryview(bytearray(_CHUNK))
    size = 0
    try:
        reader = store.open_blob(repository, blob)
        try:
            while size <= blob.size:
                count = reader.readinto(buffer)
                if not count:
                    break
                hasher.update(buffer[:count])
                size += count
        finally:
            reader.close()
    except Cancelled:
        raise
    except CorruptContent:
        return False
    except MirrorError as error:
        return error
    return size == blob.size and hasher.hexdigest() == blob.digest.hex
