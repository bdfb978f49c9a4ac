# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a signature says: a container signature in JSON (config-and-releases 2.7, SIG-14 to SIG-16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import split
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError

TYPE = "atomic container signature"


@dataclass(frozen=True)
class Claim:
    """digest: of the image that was signed.  identity: the reference it was signed as."""

    digest: Digest
    identity: str

    @property
    def repository(self) -> str:
        return identity_parts(self.identity)[0]

    @property
    def tag(self) -> str:
        return identity_parts(self.identity)[1]


def parse(content: bytes, subject: str = "", kind: str = TYPE) -> Claim:
    """Raises SignatureError unless it is a complete container signature of this kind; unknown members are allowed under `optional` only."""
    try:
        document = json_values.parse(content, limits.SMALL)
    except ValueError as error:
        raise SignatureError("what was signed is not JSON", subject=subject) from error
    critical = _object(document, ("critical", "optional"), "", subject).get("critical")
    critical = _object(critical, ("image", "type", "identity"), "critical", subject)
    if critical.get("type") != kind:
        raise SignatureError(f"what was signed has the type {critical.get('type')!r:.100}, not {kind!r}", subject=subject)
    identity = _object(critical.get("identity"), ("docker-reference",), "critical.identity", subject).get("docker-reference")
    if not isinstance(identity, str) or not identity:
        raise SignatureError("what was signed names no image (critical.identity.docker-reference is empty)", subject=subject)
    image = _object(critical.get("image"), ("docker-manifest-digest",), "critical.image", subject)
    try:
        return Claim(Digest.parse(image.get("docker-manifest-digest")), identity)
    except InputError as error:
        raise SignatureError(f"critical.image.docker-manifest-digest: {error.message}", subject=subject) from error


def _object(value: Any, allowed: Sequence[str], where: str, subject: str) -> Any:
    if not isinstance(value, dict):
        raise SignatureError(f"{where or 'what was signed'} is not a JSON object", subject=subject)
    unknown = sorted(set(value) - set(allowed))
    if unknown:
        raise SignatureError(f"{where or 'what was signed'} has the unknown member {unknown[0]!r:.100}", subject=subject)
    return value


def check(claim: Claim, digest: Digest, repositories: Sequence[str], subject: str = "") -> None:
    """Raises SignatureError unless the claim is about this digest, signed as an image of one of the repositories (SIG-15)."""
    if claim.digest != digest:
        raise SignatureError(f"the signature is for {claim.digest} ({claim.identity}), not for {digest}", subject=subject)
    if claim.repository not in repositories:
        raise SignatureError(
            f"the signature is for an image of another name, {claim.identity}; it should be of {' or '.join(repositories)}", subject=subject
        )


def check_tag(claim: Claim, tag: str, subject: str = "") -> None:
    """Raises SignatureError when an image that was asked for by one tag was signed under another, such as an older one."""
    if tag and claim.tag and claim.tag != tag:
        raise SignatureError(f"the signature is for the tag {claim.tag} ({claim.identity}), not for {tag}", subject=subject)


def identity_parts(identity: str) -> tuple[str, str]:
    """Repository and tag of a signed reference; empty texts where it cannot be read."""
    try:
        name, tag, _digest, _transport = split(identity)
    except InputError:
        return "", ""
    return name, tag
