# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures of releases: found, verified, kept (config-and-releases 2.7; user-needs P08)."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Fetch, no_fetch
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.verifier import Asked, Signature, Verifier, verify
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# A store is asked for signature-1, signature-2 ... until one is good or one is absent.
MOST = 9


class Signatures:
    """Looks for signatures in the workspace first, then where a `Verifier` looks.

    upstream: the store of all origins; None when registries are not asked.
    """

    def __init__(self, workspace: Workspace, fetch: Fetch = no_fetch, upstream: Store | None = None) -> None:
        self._folder = workspace.signatures
        self._verifier = Verifier(upstream, fetch, MOST, by_path=False)

    def find(self, asked: Asked, trust: Trust) -> Signature:
        """Raises what `Verifier.find` raises, and SignatureError when no key is known."""
        if not trust.keys and not trust.public_keys:
            raise SignatureError(
                "no public key is known that this release could be signed with",
                subject=str(asked),
                advice="Give one with okd_release_signature_keys.",
            )
        kept = self._kept(asked.digest)
        if kept is not None:
            try:
                return verify(kept, asked, trust)
            except SignatureError:
                # Kept under other keys or rules; the stores may have one that is good now.
                pass
        found = self._verifier.find(asked, trust)
        if found.content:
            files.write(self._file(asked.digest), found.content, mode=0o600)
        return found

    def _file(self, digest: Digest) -> str:
        return os.path.join(self._folder, f"{digest.algorithm}-{digest.hex}-1")

    def _kept(self, digest: Digest) -> bytes | None:
        try:
            return files.read(self._file(digest))
        except FileNotFoundError:
            return None


def documents(releases: Iterable[Mapping[str, Any]]) -> dict[Digest, tuple[bytes, ...]]:
    """The signatures that a plan's `releases` carry, by digest of the release image; in the order of the plan.

    For the ConfigMaps of a cluster and the graph image; a plan that crossed the air gap has them with it.  Raises InputError.
    """
    found: dict[Digest, tuple[bytes, ...]] = {}
    for entry in releases:
        try:
            contents = tuple(base64.b64decode(text, validate=True) for text in entry.get("signatures") or ())
        except (ValueError, TypeError) as error:
            raise InputError("a release of the plan has a signature that is not base64", subject=str(entry.get("payload"))) from error
        if contents:
            digest = Digest.parse(str(entry.get("payload")).rpartition("@")[2])
            found[digest] = tuple(dict.fromkeys(found.get(digest, ()) + contents))
    return found


def encoded(contents: Iterable[bytes]) -> list[str]:
    """As a plan carries them."""
    return [base64.b64encode(content).decode("ascii") for content in contents if content]
