# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures of container images: of an image alone, or of all that an index stands for (user-needs P08, other-systems M6)."""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, InputError, MirrorError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import attached, openpgp, stores
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim as claims
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError, SignatureMissing
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.stores import Fetch
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.upstream import LAYOUT

# An image is signed once for each of its names, and names of catalogs are many.
MOST = 50


class Verifier:
    """Looks in the stores of signatures first, for OpenPGP, then beside the image in its registry, for keys in PEM form.

    upstream: the store of all origins.
    """

    def __init__(self, upstream: Store, fetch: Fetch) -> None:
        self._upstream = upstream
        self._fetch = fetch

    def check(self, repository: str, tag: str, root: Digest, instances: Sequence[Digest], trust: Trust) -> None:
        """An index counts as signed when it is itself, or when each of its instances is (mirroring 3.3).

        tag: that the image was asked for by, empty for none.  instances: of the index that are wanted; none of an image.
        Raises SignatureMissing, SignatureError (there is one, which is not good), InputError (a key), Unsupported.
        """
        try:
            self._one(repository, tag, root, trust)
        except SignatureMissing as error:
            if not instances:
                raise
            try:
                for digest in instances:
                    self._one(repository, tag, digest, trust)
            except SignatureMissing:
                raise error from None

    def problem(self, repository: str, tag: str, root: Digest, instances: Sequence[Digest], trust: Trust) -> Optional[MirrorError]:
        """What is wrong with the signature of an image, or why that cannot be told; None when it is good.

        Raises InputError (a key), Cancelled.
        """
        try:
            self.check(repository, tag, root, instances, trust)
        except (Cancelled, InputError):
            raise
        except MirrorError as error:
            return error
        return None

    def _one(self, repository: str, tag: str, digest: Digest, trust: Trust) -> None:
        subject = f"{repository}@{digest}"
        names = tuple(dict.fromkeys((repository, *trust.names)))
        refused: List[MirrorError] = []
        for message in self._messages(digest, names, trust, refused):
            try:
                claim = claims.parse(openpgp.verify(message, trust.keys, subject).content, subject)
                claims.check(claim, digest, names, subject)
                claims.check_tag(claim, tag, subject)
                return
            except SignatureError as error:
                refused.append(error)
        if trust.public_keys:
            try:
                attached.find(self._upstream, repository, digest, trust.public_keys, names, tag)
                return
            except SignatureError as error:
                refused.append(error)
        raise _worst(refused, subject)

    def _messages(self, digest: Digest, names: Sequence[str], trust: Trust, refused: List[MirrorError]) -> Iterator[bytes]:
        """OpenPGP signatures of a digest from all stores, under each name that the image may have."""
        if not trust.keys:
            return
        paths = dict.fromkeys(name.partition("/")[2] for name in names if not name.startswith(LAYOUT))
        for store in trust.urls:
            for path in paths:
                yield from stores.messages(store, digest, self._fetch, MOST, refused, path)


def _worst(refused: Sequence[MirrorError], subject: str) -> MirrorError:
    """What is told when nothing was good: a bad signature before an unreadable store before an absent one."""
    bad: Optional[MirrorError] = next(
        (error for error in refused if isinstance(error, SignatureError) and not isinstance(error, SignatureMissing)), None
    )
    if bad is not None:
        return bad
    unread = next((error for error in refused if not isinstance(error, SignatureError)), None)
    if isinstance(unread, Unreachable):
        return Unreachable(f"no signature of {subject} could be read: {unread.message}", subject=subject, host=unread.host)
    if unread is not None:
        return SignatureError(f"no signature of {subject} could be read: {unread.message}", subject=subject)
    return SignatureMissing(f"no signature of {subject} was found", subject=subject)
