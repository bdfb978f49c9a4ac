# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""OpenPGP messages, verified by the host's `gpgv` or `gpg`, or by `pysequoia` where neither is installed (2.7, SIG-10 to SIG-13).

The keys that count are given each time; no keyring, configuration or agent of the host takes part.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import process
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.errors import SignatureError

_BEGIN = re.compile(rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n")
_END = b"-----END PGP PUBLIC KEY BLOCK-----"


@dataclass(frozen=True)
class Signed:
    """What a good signature covers, and the fingerprint of the key that made it."""

    content: bytes
    fingerprint: str


def binary_key(text: bytes, subject: str = "") -> bytes:
    """The packets of armoured or binary public keys.  Raises InputError when there are none (SIG-21)."""
    advice = "Give a file with public keys as gpg --export writes them, armoured or not."
    if len(text) > limits.PUBLIC_KEYS:
        raise InputError("this is too large for public keys", subject=subject, advice=advice)
    blocks = [block.partition(_END)[0] for block in _BEGIN.split(text)[1:] if _END in block]
    if not blocks and text[:1] >= b"\x80":
        return text
    try:
        packets = b"".join(_dearmoured(block) for block in blocks)
    except (binascii.Error, ValueError) as error:
        raise InputError("the armour of this public key is damaged", subject=subject, advice=advice) from error
    if not packets:
        raise InputError("this is not an OpenPGP public key", subject=subject, advice=advice)
    return packets


def _dearmoured(block: bytes) -> bytes:
    lines = [line.strip() for line in block.splitlines()]
    if b"" in lines:
        lines = lines[lines.index(b"") + 1 :]
    body = b"".join(line for line in lines if not line.startswith(b"=") and b":" not in line)
    packets = base64.b64decode(body, validate=True)
    sums = [line[1:] for line in lines if line.startswith(b"=") and len(line) == 5]
    if sums and int.from_bytes(base64.b64decode(sums[-1], validate=True), "big") != _crc24(packets):
        raise ValueError("checksum")
    return packets


def _crc24(content: bytes) -> int:
    """The checksum of an armour (RFC 9580, 6.1.1)."""
    value = 0xB704CE
    for byte in content:
        value ^= byte << 16
        for _bit in range(8):
            value <<= 1
            if value & 0x1000000:
                value ^= 0x1864CFB
    return value & 0xFFFFFF


def verify(message: bytes, keys: Sequence[bytes], subject: str = "") -> Signed:
    """The content of a message that one of the keys (as `binary_key` gives them) signed correctly.

    Raises SignatureError: not a message, truncated, signed by another key, expired, incorrect; Unsupported: no program to ask.
    """
    if len(message) > limits.SIGNATURE:
        raise SignatureError(f"the signature has {len(message)} bytes, more than the {limits.SIGNATURE} that are accepted", subject=subject)
    if message[:1] < b"\x80":
        raise SignatureError("the signature is not an OpenPGP message", subject=subject)
    program = shutil.which("gpgv") or shutil.which("gpg")
    if program is None:
        return _verify_with_sequoia(message, keys, subject)
    with temporary_folder() as folder:
        return _verify_with_gpg(program, folder, message, keys, subject)


def _verify_with_gpg(program: str, folder: str, message: bytes, keys: Sequence[bytes], subject: str) -> Signed:
    keyring, signed, content = (os.path.join(folder, name) for name in ("keys.gpg", "message", "content"))
    for path, written in ((keyring, b"".join(keys)), (signed, message)):
        with open(path, "wb") as file:
            file.write(written)
    command = [program, "--homedir", folder, "--status-fd", "1", "--keyring", keyring, "--output", content]
    if os.path.basename(program) != "gpgv":
        command += ["--batch", "--no-tty", "--no-options", "--no-autostart", "--no-default-keyring", "--trust-model", "always", "--decrypt"]
    try:
        # Messages may be compressed: what is signed has some hundred bytes, and nothing larger is written.
        done = process.run(command + [signed], _environment(folder), file=limits.CLAIM)
    except Unsupported as error:
        raise Unsupported(f"{program} could not verify a signature: {error.message}", subject=subject) from error
    fingerprint = _judge(_status(done.output), done.status, subject)
    with open(content, "rb") as file:
        return Signed(file.read(), fingerprint)


def _environment(folder: str) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GNUPGHOME": folder}


def _status(output: bytes) -> list[tuple[str, str]]:
    """The keyword and the rest of each status line (GnuPG, doc/DETAILS)."""
    found = []
    for line in output.decode("utf-8", "replace").splitlines():
        prefix, _space, rest = line.partition(" ")
        if prefix == "[GNUPG:]":
            keyword, _space, arguments = rest.partition(" ")
            found.append((keyword, arguments))
    return found


def _judge(status: list[tuple[str, str]], code: int, subject: str) -> str:
    """The fingerprint of the signing key when exactly one signature is there and good."""
    said: dict[str, list[str]] = {}
    for keyword, arguments in status:
        said.setdefault(keyword, []).append(arguments)
    if "BADSIG" in said:
        raise SignatureError("the signature is not correct: content or signature were changed", subject=subject)
    if "NO_PUBKEY" in said:
        raise SignatureError(
            f"the signature was made with the key {said['NO_PUBKEY'][0]}, which is not a trusted one",
            subject=subject,
            advice="Add that key to the trusted keys if you trust it.",
        )
    for keyword, what in (
        ("EXPSIG", "the signature has expired"),
        ("EXPKEYSIG", "the key of the signature has expired"),
        ("REVKEYSIG", "the key of the signature was revoked"),
    ):
        if keyword in said:
            raise SignatureError(f"{what} ({said[keyword][0]})", subject=subject)
    if "PLAINTEXT" not in said or "NODATA" in said or "NEWSIG" not in said:
        raise SignatureError("the signature is truncated or not a signed message", subject=subject)
    good = len(said.get("GOODSIG", ())) == len(said.get("VALIDSIG", ())) == len(said["PLAINTEXT"]) == 1
    if code != 0 or not good:
        raise SignatureError("the signature could not be verified", subject=subject)
    return said["VALIDSIG"][0].split()[-1]


def _verify_with_sequoia(message: bytes, keys: Sequence[bytes], subject: str) -> Signed:
    """Sequoia's own policy holds too: it takes no key whose self-signatures use SHA-1."""
    try:
        import pysequoia
    except ImportError as error:
        raise Unsupported(
            "signatures cannot be verified: there is neither gpgv nor gpg on this host",
            subject=subject,
            advice="Install gnupg (gnupg2), or set the signature policy to warn or off.",
        ) from error
    try:
        certificates = [certificate for key in keys for certificate in pysequoia.Cert.split_bytes(key)]
        verified: Any = pysequoia.verify(bytes=message, store=lambda identities: certificates)
    except (RuntimeError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise SignatureError(f"the signature could not be verified: {reason}", subject=subject) from error
    return Signed(bytes(verified.bytes), _fingerprint(verified, certificates, subject))


def _fingerprint(verified: Any, certificates: Sequence[Any], subject: str) -> str:
    by_name = {certificate.fingerprint: certificate for certificate in certificates}
    for signature in verified.valid_sigs:
        certificate: Any | None = by_name.get(signature.certificate)
        if certificate is None:
            continue
        expiration = certificate.expiration
        if expiration is not None and expiration < datetime.now(timezone.utc):
            raise SignatureError(f"the key of the signature has expired ({signature.certificate})", subject=subject)
        return str(signature.certificate).upper()
    raise SignatureError("the signature was made with a key that is none of the trusted ones", subject=subject)
