# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures of releases: found, verified, kept (config-and-releases 2.7; user-needs P08)."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Fetch, no_fetch
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import attached, openpgp, stores
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim as claims
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.claim import Claim
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError, SignatureMissing
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# A store is asked for signature-1, signature-2 ... until one is good or one is absent.
MOST = 9


@dataclass(frozen=True)
class Signature:
    """A signature that was verified.

    content: the OpenPGP message as it was published, empty for one that lies in the registry.  key: fingerprint, or empty.
    """

    content: bytes
    claim: Claim
    key: str


def verify(content: bytes, digest: Digest, trust: Trust, repository: str, subject: str = "") -> Signature:
    """A signature of this image by a trusted key (SIG-10 to SIG-16).

    repository: where the image is read.  Raises SignatureError, with one message for each way in which it can be wrong.
    """
    signed = openpgp.verify(content, trust.keys, subject)
    claim = claims.parse(signed.content, subject)
    claims.check(claim, digest, tuple(dict.fromkeys((repository, *trust.names))), subject)
    return Signature(content, claim, signed.fingerprint)


class Signatures:
    """Looks for signatures in the workspace first, then in each store, then beside the release in its registry.

    upstream: the store of all origins; None when registries are not asked.
    """

    def __init__(self, workspace: Workspace, fetch: Fetch = no_fetch, upstream: Optional[Store] = None) -> None:
        self._folder = folder(workspace)
        self._fetch = fetch
        self._upstream = upstream

    def find(self, digest: Digest, trust: Trust, repository: str) -> Signature:
        """Raises SignatureMissing (no store has any), SignatureError (those that are there are not good), Unsupported."""
        subject = f"{repository}@{digest}"
        if not trust.keys and not trust.public_keys:
            raise SignatureError(
                "no public key is known that this release could be signed with",
                subject=subject,
                advice="Give one with okd_release_signature_keys.",
            )
        kept = self._kept(digest)
        if kept is not None:
            try:
                return verify(kept, digest, trust, repository, subject)
            except SignatureError:
                # Kept under other keys or rules; the stores may have one that is good now.
                pass
        refused: List[MirrorError] = []
        for store in trust.urls if trust.keys else ():
            found = self._search(store, digest, trust, repository, refused)
            if found is not None:
                files.write(self._file(digest), found.content, mode=0o600)
                return found
        if trust.public_keys and self._upstream is not None:
            try:
                names = tuple(dict.fromkeys((repository, *trust.names)))
                return Signature(b"", attached.find(self._upstream, repository, digest, trust.public_keys, names), "")
            except SignatureError as error:
                refused.append(error)
        raise _worst(refused, digest, trust, subject)

    def _search(self, store: str, digest: Digest, trust: Trust, repository: str, refused: List[MirrorError]) -> Optional[Signature]:
        for content in stores.messages(store, digest, self._fetch, MOST, refused):
            try:
                return verify(content, digest, trust, repository, f"{repository}@{digest}")
            except SignatureError as error:
                refused.append(error)
        return None

    def _file(self, digest: Digest) -> str:
        return os.path.join(self._folder, f"{digest.algorithm}-{digest.hex}-1")

    def _kept(self, digest: Digest) -> Optional[bytes]:
        try:
            return files.read(self._file(digest))
        except FileNotFoundError:
            return None


def _worst(refused: List[MirrorError], digest: Digest, trust: Trust, subject: str) -> MirrorError:
    """What is told when nothing was good: a bad signature before an unreachable store before an absent one."""
    for error in refused:
        if isinstance(error, SignatureError) and not isinstance(error, SignatureMissing):
            return error
    places = ", ".join(trust.urls)
    advice = "Name the stores that have it, or set the signature policy to warn or off for builds that nobody signs."
    if refused:
        return SignatureMissing(
            f"no signature for {digest} could be read from {places}: {refused[0].message}", subject=subject, advice=advice
        )
    return SignatureMissing(f"no signature found for {digest} in {places}", subject=subject, advice=advice)


def folder(workspace: Workspace) -> str:
    """Where accepted signatures are kept, one file for each digest."""
    return workspace.path("signatures")


def documents(releases: Iterable[Mapping[str, Any]]) -> Dict[Digest, Tuple[bytes, ...]]:
    """The signatures that a plan's `releases` carry, by digest of the release image; in the order of the plan.

    For the ConfigMaps of a cluster and the graph image; a plan that crossed the air gap has them with it.  Raises InputError.
    """
    found: Dict[Digest, Tuple[bytes, ...]] = {}
    for entry in releases:
        try:
            contents = tuple(base64.b64decode(text, validate=True) for text in entry.get("signatures") or ())
        except (ValueError, TypeError) as error:
            raise InputError("a release of the plan has a signature that is not base64", subject=str(entry.get("payload"))) from error
        if contents:
            digest = Digest.parse(str(entry.get("payload")).rpartition("@")[2])
            found[digest] = tuple(dict.fromkeys(found.get(digest, ()) + contents))
    return found


def encoded(contents: Iterable[bytes]) -> List[str]:
    """As a plan carries them."""
    return [base64.b64encode(content).decode("ascii") for content in contents if content]
