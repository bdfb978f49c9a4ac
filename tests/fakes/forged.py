# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that somebody changed on the way, and wrote again as a whole: every digest is right, and what they say is not.

forged(shipped, folder, plan=lambda plan: plan["images"].clear(), sequence=1_000_000_000)
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.writer import ArchiveWriter

Change = Callable[[dict[str, Any]], Any]


def forged(
    shipped: str,
    folder: Any,
    plan: Change | None = None,
    history: Change | None = None,
    extra: dict[str, bytes] | None = None,
    raw: dict[str, bytes] | None = None,
    **claims: Any,
) -> str:
    """The only archive of a folder once more, in another one.

    plan, history: change the document in place, or give another one.  extra: documents to add.  raw: documents to replace, as they are.
    claims: of the list of contents, such as sequence, follows, uid, expires.
    """
    (found,) = find(shipped)
    reader = ArchiveReader(found)
    documents = {name: reader.document(name) for name in reader.documents}
    for name, change in (("plan.json", plan), ("history.json", history)):
        if change is not None:
            document = json.loads(documents[name])
            documents[name] = files.json_bytes(change(document) or document)
    documents.update({**(raw or {}), **(extra or {})})
    blobs = tuple(member for member in reader.contents.members if member.is_blob)
    named = tuple(Content.document(name, content) for name, content in documents.items())
    contents = replace(reader.contents, members=(*named, *blobs), **{"signature": "", **claims})
    unfinished = UnfinishedSet(str(folder), contents)
    unfinished.open(documents)
    writer = ArchiveWriter(unfinished)
    for member in blobs:
        blob = Descriptor("application/octet-stream", member.digest, member.size)
        taken = writer.start_blob("", blob)
        if taken is not None:
            taken.write(memoryview(content_of(reader, blob)))
            taken.commit()
    unfinished.finish()
    reader.close()
    return str(folder)


def content_of(reader: ArchiveReader, blob: Descriptor) -> bytes:
    content = bytearray(blob.size)
    opened, position = reader.open_blob("", blob), 0
    while position < blob.size:
        position += opened.readinto(memoryview(content)[position:])
    return bytes(content)
