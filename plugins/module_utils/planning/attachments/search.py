# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures, attestations and SBOMs of images: what is attached to a digest, by tag or by reference.

Two customs exist (mirroring 3.3, user-needs P08): tags `sha256-<hex>.sig`, `.att` and `.sbom` beside the image, and
manifests whose `subject` is the image (OCI referrers).  Both are looked for on the index and on its instances, and on
what was found, for an attestation may be signed as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    Cancelled,
    InputError,
    MirrorError,
    NotFound,
    RegistryError,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.resolve import Resolver

SIGNATURE_SUFFIX = ".sig"
SUFFIXES = (SIGNATURE_SUFFIX, ".att", ".sbom")

# Artifact types of signatures that are attached by reference.
SIGNATURES = (
    "application/vnd.dev.cosign.artifact.sig.v1+json",
    "application/vnd.dev.cosign.simplesigning.v1+json",
    "application/vnd.dev.sigstore.bundle",
    "application/vnd.cncf.notary.signature",
)

# Nobody signs the signature of a signature of a signature; a registry that says so is broken or hostile.
MAX_DEPTH = 4
MAX_FOUND = 1000

# Pages of tags are asked for one after the other and hold as few as fifty; questions for a tag are asked side by side.
_TAGS_FOR_EACH = 20
_LEAST_TAGS = 1000

_NO_REFERRERS = (AccessDenied, InputError, NotFound, RegistryError, Unsupported)


@dataclass(frozen=True)
class Attachment:
    """A manifest that is attached to another: by a tag, or by its own `subject` (then tag is empty)."""

    manifest: Manifest
    subject: Digest
    tag: str = ""

    @property
    def is_signature(self) -> bool:
        return self.tag.endswith(SIGNATURE_SUFFIX) or self.manifest.artifact_type.startswith(SIGNATURES)


@dataclass(frozen=True)
class Found:
    """Attachments by the repository and the digest they belong to; errors by the repository and digest asked for."""

    attachments: dict[tuple[str, Digest], tuple[Attachment, ...]]
    errors: dict[tuple[str, Digest], MirrorError] = field(default_factory=dict)


def tags_of(digest: Digest) -> tuple[str, ...]:
    """The tags under which attachments of a digest are published."""
    return tuple(f"{digest.algorithm}-{digest.hex}{suffix}" for suffix in SUFFIXES)


def find_attachments(resolver: Resolver, subjects: Mapping[str, Sequence[Digest]]) -> Found:
    """Looks for attachments of these digests, by repository.

    Costs one tag list of each repository, or a question for each possible tag where listing is refused or endless, and
    one referrers request for each digest where the registry answers such requests.
    """
    attachments: dict[tuple[str, Digest], tuple[Attachment, ...]] = {}
    errors: dict[tuple[str, Digest], MirrorError] = {}
    with ThreadPoolExecutor(max_workers=max(1, resolver.parallel)) as pool:
        searches = {name: _Search(resolver, name, len(digests)) for name, digests in sorted(subjects.items())}
        list(pool.map(_Search.prepare, searches.values()))
        level = [(name, digest) for name, digests in sorted(subjects.items()) for digest in dict.fromkeys(digests)]
        seen = set(level)
        most = MAX_FOUND + len(level)
        for _depth in range(MAX_DEPTH):
            answers = list(pool.map(lambda item: searches[item[0]].attached(item[1]), level))
            further: list[tuple[str, Digest]] = []
            for item, (found, error) in zip(level, answers):
                attachments[item] = found
                if error is not None:
                    errors[item] = error
                further += [(item[0], attachment.manifest.digest) for attachment in found]
            level = [item for item in dict.fromkeys(further) if item not in seen]
            seen.update(level)
            if not level or len(seen) > most:
                break
    # What lies deeper than anybody attaches is not looked at, and counts as having nothing attached.
    attachments.update((item, ()) for item in level)
    return Found(attachments, errors)


class _Search:
    """Looks in one repository.  subjects: how many digests will be asked for."""

    def __init__(self, resolver: Resolver, repository: str, subjects: int) -> None:
        self._resolver = resolver
        self._repository = repository
        self._subjects = subjects
        self._tags: frozenset[str] = frozenset()
        # Whether `_tags` are all; what is not among them must be asked for otherwise.
        self._all = False

    def prepare(self) -> None:
        """Reads the tag list, as far as that costs less than asking for each possible tag."""
        most = max(_LEAST_TAGS, _TAGS_FOR_EACH * self._subjects)
        try:
            tags, self._all = self._resolver.store.some_tags(self._repository, most)
            self._tags = frozenset(tags)
        except Cancelled:
            raise
        except MirrorError:
            # Many registries show no list; one that does not answer at all says so again when it is asked for tags.
            self._all = False

    def attached(self, digest: Digest) -> tuple[tuple[Attachment, ...], MirrorError | None]:
        """What is attached to a digest, sorted; and what went wrong on the way."""
        try:
            return tuple(_sorted([*self._by_tag(digest), *self._by_reference(digest)])), None
        except Cancelled:
            raise
        except MirrorError as error:
            return (), error

    def _by_tag(self, digest: Digest) -> Iterable[Attachment]:
        for tag in tags_of(digest):
            if self._all and tag not in self._tags:
                continue
            try:
                yield Attachment(self._resolver.named(self._repository, tag), digest, tag)
            except NotFound:
                continue

    def _by_reference(self, digest: Digest) -> Iterable[Attachment]:
        if self._resolver.store.capabilities_of(self._repository).referrers is False and self._lacks_fallback(digest):
            return
        try:
            descriptors = self._resolver.store.referrers(self._repository, digest)
        except _NO_REFERRERS:
            # Registries that do not know the request answer it in many ways; the tags were looked at before.
            return
        for descriptor in _first_of_each(descriptors):
            manifest = self._resolver.fetch(self._repository, descriptor.digest)
            if manifest.subject is not None and manifest.subject.digest == digest:
                yield Attachment(manifest, digest)

    def _lacks_fallback(self, digest: Digest) -> bool:
        """Whether no tag lists what refers to the digest (OCI distribution specification, "Referrers Tag Schema")."""
        return self._all and f"{digest.algorithm}-{digest.hex}" not in self._tags


def _first_of_each(descriptors: Iterable[Descriptor]) -> list[Descriptor]:
    return list({descriptor.digest: descriptor for descriptor in descriptors}.values())[:MAX_FOUND]


def _sorted(attachments: Iterable[Attachment]) -> list[Attachment]:
    """By tag and digest; what is found both ways is there once, with its tag."""
    tagged: set[Digest] = set()
    result = []
    for attachment in sorted(attachments, key=lambda attachment: (not attachment.tag, attachment.tag, attachment.manifest.digest)):
        if attachment.tag or attachment.manifest.digest not in tagged:
            result.append(attachment)
            tagged.add(attachment.manifest.digest)
    return result
