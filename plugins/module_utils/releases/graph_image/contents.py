# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The layer of a graph image: the update service's data, and the signatures of what is mirrored (2.8).  Pure functions."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Mapping, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import GraphDataInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.gunzip import Gunzip
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import FOLDER, Stream, TarWalk

ROOT = "var/lib/cincinnati-graph-data"

# Name to mode and content, None for a directory.
Tree = dict[str, tuple[int, object]]


def tree(packed: bytes, subject: str = "") -> Tree:
    """Files and directories of the graph data's tarball.  Raises GraphDataInvalid."""
    if packed[:2] != b"\x1f\x8b":
        raise GraphDataInvalid(
            "the graph data is not a gzip file", subject=subject, advice="Give the URL or the file of graph-data's tarball."
        )
    found: Tree = {}
    total = 0
    try:
        archive = TarWalk(Stream(Gunzip(io.BytesIO(packed))))
        for number, member in enumerate(archive):
            name = _safe(member.name, subject)
            total += member.size
            if total > limits.GRAPH_DATA_UNPACKED or number >= limits.GRAPH_DATA_MEMBERS:
                raise GraphDataInvalid("the graph data is larger than what is accepted", subject=subject)
            if name and member.kind == FOLDER:
                found[name] = (member.mode & 0o7777, None)
            elif name and member.is_file:
                found[name] = (member.mode & 0o7777, archive.read())
            elif name:
                raise GraphDataInvalid(f"{member.name} of the graph data is neither a file nor a directory", subject=subject)
    except (zlib.error, EOFError, ValueError) as error:
        raise GraphDataInvalid(f"the graph data is not a tar archive: {error}", subject=subject) from error
    if not any(name.startswith("channels/") for name in found):
        raise GraphDataInvalid(
            "the graph data has no channels", subject=subject, advice="Give the tarball that the update service publishes."
        )
    return found


def _safe(name: str, subject: str) -> str:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or name.startswith("/"):
        raise GraphDataInvalid(f"{name!r:.200} of the graph data leads out of its directory", subject=subject)
    return "/".join(parts)


def with_signatures(data: Mapping[str, tuple[int, object]], signatures: Mapping[Digest, Sequence[bytes]]) -> Tree:
    """The same tree with `signatures/<algorithm>/<hex>/signature-<n>` for each release (GR-05, GR-10)."""
    found = dict(data)
    for digest, contents in signatures.items():
        for number, content in enumerate(contents, start=1):
            path = f"signatures/{digest.algorithm}/{digest.hex}/signature-{number}"
            for end in (1, 2, 3):
                found.setdefault("/".join(path.split("/")[:end]), (0o755, None))
            found[path] = (0o644, content)
    return found


def layer(data: Mapping[str, tuple[int, object]]) -> bytes:
    """A tar of the tree below ROOT: sorted, owned by root, without times, so that equal data has equal bytes (GR-04, GR-15)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_entry(ROOT, 0o755, None))
        for name in sorted(data):
            mode, content = data[name]
            archive.addfile(_entry(f"{ROOT}/{name}", mode, content), io.BytesIO(content) if isinstance(content, bytes) else None)
    return buffer.getvalue()


def _entry(name: str, mode: int, content: object) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    if isinstance(content, bytes):
        entry.size = len(content)
    else:
        entry.type = tarfile.DIRTYPE
    return entry


def packed(content: bytes) -> bytes:
    """gzip without name and time; the same bytes with every Python that has the same zlib."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()
