# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reading small blobs whole, their digest verified."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store


def read_blob(store: Store, repository: str, blob: Descriptor, limit: int) -> bytes:
    """The bytes of a blob of at most `limit` bytes.

    Raises NotFound, Unsupported (larger than the limit), CorruptContent (other bytes than the digest names).
    """
    subject = f"{repository}@{blob.digest}"
    if blob.size > limit:
        raise Unsupported(f"the blob has {blob.size} bytes, more than the {limit} that are read here", subject=subject)
    content = bytearray(blob.size)
    view, position = memoryview(content), 0
    reader = store.open_blob(repository, blob)
    try:
        while position < blob.size:
            read = reader.readinto(view[position:])
            if not read:
                raise CorruptContent(f"the blob has {position} bytes where {blob.size} were expected", subject=subject)
            position += read
    finally:
        reader.close()
    whole = bytes(content)
    blob.digest.check(whole, subject)
    return whole
