# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures that lie in the registry beside the image, in sigstore's form (config-and-releases 2.7, last paragraph; mirroring 3.3).

A manifest under the tag `sha256-<hex>.sig` has one layer for each signature: what was signed, and the signature itself in an
annotation.  They are verified with public keys that the user gives, by the library `cryptography`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import claim as claims
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.claim import Claim
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError, SignatureMissing
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

TYPE = "cosign container image signature"
PEM = b"-----BEGIN PUBLIC KEY-----"
_ANNOTATION = "dev.cosignproject.cosign/signature"
# More signatures of one image than anybody makes.
_MOST = 20


def find(store: Store, repository: str, digest: Digest, keys: Sequence[bytes], names: Sequence[str], tag: str = "") -> Claim:
    """What the first good signature says.

    tag: that the image was asked for by; empty when its name does not matter.
    keys: in PEM form.  names: repositories that the image may be signed as.
    Raises SignatureMissing, SignatureError, InputError (a key), Unsupported (no library to verify with).
    """
    subject = f"{repository}@{digest}"
    loaded = [_load(key) for key in keys]
    place = f"{digest.algorithm}-{digest.hex}.sig"
    try:
        manifest = store.fetch_manifest(repository, place)
    except NotFound as error:
        raise SignatureMissing(f"no signature is attached to {digest}", subject=subject) from error
    refused: list[SignatureError] = []
    for blob in manifest.blobs[1 : _MOST + 1]:
        try:
            content = read_blob(store, repository, blob, limits.CLAIM)
            _verify(content, str(blob.annotations.get(_ANNOTATION) or ""), loaded, subject)
            claim = claims.parse(content, subject, TYPE)
            claims.check(claim, digest, names, subject)
            claims.check_tag(claim, tag, subject)
            return claim
        except SignatureError as error:
            refused.append(error)
    raise refused[0] if refused else SignatureMissing(f"the tag {place} holds no signature", subject=subject)


def _load(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as error:
        raise Unsupported("keys in PEM form need the Python package cryptography", advice="Install it, or give OpenPGP keys.") from error
    try:
        return load_pem_public_key(key)
    except (ValueError, TypeError) as error:
        raise InputError("this is not a public key in PEM form", advice="Give the key as openssl and cosign write it.") from error


def _verify(content: bytes, signature: str, keys: Sequence[Any], subject: str) -> None:
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise SignatureError("the attached signature is not base64", subject=subject) from error
    if not any(_good(key, raw, content) for key in keys):
        raise SignatureError("the attached signature was not made with any of the trusted keys", subject=subject)


def _good(key: Any, signature: bytes, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
        else:
            return False
    except InvalidSignature:
        return False
    return True
