# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures of container images: of an image alone, or of all that an index stands for (user-needs P08, other-systems M6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, InputError, MirrorError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import attached, openpgp, stores
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim as claims
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.claim import Claim
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError, SignatureMissing
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.stores import Fetch
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import LAYOUT

# An image is signed once for each of its names, and names of catalogs are many.
MOST = 50


@dataclass(frozen=True)
class Asked:
    """An image as it was asked for.  repository: where it is read.  tag: empty when it was asked for by digest."""

    repository: str
    digest: Digest
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"

    def names(self, trust: Trust) -> tuple[str, ...]:
        """Repositories that it may be signed as."""
        return tuple(dict.fromkeys((self.repository, *trust.names)))


@dataclass(frozen=True)
class Signature:
    """A signature that was verified.

    content: the OpenPGP message as it was published, empty for one that lies in the registry.  key: fingerprint, or empty.
    """

    content: bytes
    claim: Claim
    key: str


def verify(content: bytes, asked: Asked, trust: Trust) -> Signature:
    """An OpenPGP signature of this image by a trusted key (SIG-10 to SIG-16).

    Raises SignatureError, with one message for each way in which it can be wrong.
    """
    signed = openpgp.verify(content, trust.keys, str(asked))
    claim = claims.parse(signed.content, str(asked))
    claims.check(claim, asked.digest, asked.names(trust), str(asked))
    claims.check_tag(claim, asked.tag, str(asked))
    return Signature(content, claim, signed.fingerprint)


class Verifier:
    """Looks in the stores of signatures first, for OpenPGP, then beside the image in its registry, for keys in PEM form.

    upstream: the store of all origins; None when registries are not asked.  most: signatures that a store is asked for.
    by_path: stores file by the repository's path, as those of container images do; those of releases know digests alone.
    """

    def __init__(self, upstream: Store | None, fetch: Fetch, most: int = MOST, by_path: bool = True) -> None:
        self._upstream = upstream
        self._fetch = fetch
        self._most = most
        self._by_path = by_path

    def find(self, asked: Asked, trust: Trust) -> Signature:
        """The first good signature.

        Raises SignatureMissing, SignatureError (those that are there are not good), Unreachable, InputError (a key), Unsupported.
        """
        refused: list[MirrorError] = []
        for message in self._messages(asked, trust, refused):
            try:
                return verify(message, asked, trust)
            except SignatureError as error:
                refused.append(error)
        if trust.public_keys and self._upstream is not None:
            try:
                return Signature(b"", self._attached(self._upstream, asked, trust), "")
            except SignatureError as error:
                refused.append(error)
        raise _worst(refused, asked, trust)

    def check(self, asked: Asked, instances: Sequence[Digest], trust: Trust) -> None:
        """An index counts as signed when it is itself, or when each of its instances is (mirroring 3.3).

        instances: of the index that are wanted; none of an image.  Raises what `find` raises.
        """
        try:
            self.find(asked, trust)
        except SignatureMissing as error:
            if not instances:
                raise
            try:
                for digest in instances:
                    self.find(Asked(asked.repository, digest, asked.tag), trust)
            except SignatureMissing:
                raise error from None

    def problem(self, asked: Asked, instances: Sequence[Digest], trust: Trust) -> MirrorError | None:
        """What is wrong with the signature of an image, or why that cannot be told; None when it is good.

        Raises InputError (a key), Cancelled.
        """
        try:
            self.check(asked, instances, trust)
        except (Cancelled, InputError):
            raise
        except MirrorError as error:
            return error
        return None

    def _attached(self, upstream: Store, asked: Asked, trust: Trust) -> Claim:
        return attached.find(upstream, asked.repository, asked.digest, trust.public_keys, asked.names(trust), asked.tag)

    def _messages(self, asked: Asked, trust: Trust, refused: list[MirrorError]) -> Iterator[bytes]:
        """OpenPGP signatures of a digest from all stores, under each name that the image may have."""
        if not trust.keys:
            return
        named = (name.partition("/")[2] for name in asked.names(trust) if not name.startswith(LAYOUT))
        paths = dict.fromkeys(named) if self._by_path else {"": None}
        for store in trust.urls:
            for path in paths:
                yield from stores.messages(store, asked.digest, self._fetch, self._most, refused, path)


def _worst(refused: Sequence[MirrorError], asked: Asked, trust: Trust) -> MirrorError:
    """What is told when nothing was good: a bad signature before an unreadable store before an absent one."""
    bad: MirrorError | None = next(
        (error for error in refused if isinstance(error, SignatureError) and not isinstance(error, SignatureMissing)), None
    )
    if bad is not None:
        return bad
    unread = next((error for error in refused if not isinstance(error, SignatureError)), None)
    advice = "Name the stores that have it, or set the policy for signatures to warn or off for unsigned content."
    if isinstance(unread, Unreachable):
        message = f"no signature of {asked} could be read: {unread.message}"
        return Unreachable(message, subject=str(asked), host=unread.host, advice=advice)
    if unread is not None:
        return SignatureError(f"no signature of {asked} could be read: {unread.message}", subject=str(asked), advice=advice)
    where = f" in {', '.join(trust.urls)}" if trust.urls else ""
    return SignatureMissing(f"no signature of {asked} was found{where}", subject=str(asked), advice=advice)
