# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Detached signatures of an archive's manifest, by the host's `ssh-keygen` or `gpg`.

Only the manifest is signed: it names everything else by digest (user-needs G22).  No
cryptography is done here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    CorruptContent,
    InputError,
    StorageError,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files, process
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import SIGNATURE_SIZE
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import Judge

# What an ssh signature was made for, so that it cannot be used for anything else.
NAMESPACE = "archive@disconnected.mirror"
_PRINCIPAL = "mirror"
# Seconds; agents and smart cards take some.
_TIMEOUT = 60.0
_NOT_GOOD = {
    "REVKEYSIG": "its key was revoked",
    "EXPKEYSIG": "its key has expired",
    "EXPSIG": "it has expired",
    "BADSIG": "it was made for other content",
    "ERRSIG": "its key is not among the trusted ones",
}
_ARMOUR = {"ssh": b"-----BEGIN SSH SIGNATURE-----", "gpg": b"-----BEGIN PGP SIGNATURE-----"}
# What signing needs of the environment: where keys and their agents are, and the programs.
_ENVIRONMENT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")


@dataclass(frozen=True)
class SigningKey:
    """kind: ssh or gpg.  key: path of a private ssh key, or the id of a secret key in gpg's keyring.

    text: the private key itself instead, as a file would hold it.
    """

    kind: str
    key: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class TrustedKeys:
    """kind: ssh or gpg.  path: public keys, one a line as in authorized_keys, or OpenPGP public keys."""

    kind: str
    path: str


def sign(encoded: bytes, signing: SigningKey) -> bytes:
    """The signature of a manifest's bytes.  Raises Unsupported (no such program), AccessDenied (the key cannot be used)."""
    with _command(signing) as command:
        done = _run(command, encoded)
    named = signing.key or f"the {signing.kind} key"
    if done.status != 0 or not done.output:
        raise AccessDenied(
            f"{command[0]} cannot sign with this key: {_last_line(done.errors)}",
            subject=named,
            advice="Give a key that needs no passphrase.",
        )
    if len(done.output) > SIGNATURE_SIZE:
        raise Unsupported(f"the signature has {len(done.output)} bytes, more than {SIGNATURE_SIZE}", subject=named)
    return done.output


@contextlib.contextmanager
def _command(signing: SigningKey) -> Iterator[list[str]]:
    """What signs its input.  A key that was given as text is on disk only meanwhile, for nobody else to read."""
    if not signing.text:
        yield _signing_command(signing.kind, signing.key)
        return
    with temporary_folder() as folder:
        path = os.path.join(folder, "key")
        files.put(path, signing.text.strip().encode("utf-8") + b"\n", 0o600, sync=False)
        if signing.kind == "ssh":
            yield _signing_command(signing.kind, path)
            return
        home = ["--homedir", folder, "--batch", "--no-tty"]
        imported = _run(["gpg", *home, "--import", path], b"")
        if imported.status != 0:
            raise AccessDenied(f"gpg cannot read this key: {_last_line(imported.errors)}", subject="the gpg key")
        try:
            yield ["gpg", *home, *_signing_command("gpg", "")[1:]]
        finally:
            # gpg leaves an agent running for each home.
            _run(["gpgconf", "--homedir", folder, "--kill", "gpg-agent"], b"")


def _signing_command(kind: str, key: str) -> list[str]:
    """key: empty for the only one in gpg's keyring."""
    if kind == "ssh":
        return ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE]
    user = ["--local-user", key] if key else []
    return ["gpg", "--batch", "--yes", "--quiet", "--armor", *user, "--detach-sign"]


def require(trusted: TrustedKeys) -> Judge:
    """What `volumes.find` is to ask about each manifest.  Raises InputError (no keys are there), StorageError."""
    if not _keys(trusted):
        raise InputError(
            "the file holds no keys, so that no archive could be taken", subject=trusted.path, advice="Write the public keys into it."
        )
    return lambda path, encoded, signature: verify(encoded, signature, trusted, path)


def verify(encoded: bytes, signature: bytes, trusted: TrustedKeys, subject: str = "") -> None:
    """Raises CorruptContent unless a manifest's bytes were signed by one of the trusted keys.

    signature: empty for none; then it is refused as well, for the keys were given to be required.
    """
    kind = next((kind for kind, armour in _ARMOUR.items() if signature.startswith(armour)), "")
    if kind != trusted.kind:
        found = f"has a signature of kind {kind}" if kind else "is not signed"
        raise CorruptContent(f"a signature of kind {trusted.kind} is required and the archive {found}", subject=subject)
    with temporary_folder() as folder:
        path = os.path.join(folder, "signature")
        with open(path, "wb") as file:
            file.write(signature + b"\n")
        check = _verify_ssh if trusted.kind == "ssh" else _verify_gpg
        done = check(folder, path, encoded, trusted)
    problem = _last_line(done.errors or done.output) if done.status != 0 else ""
    if not problem and trusted.kind == "gpg":
        problem = _gpg_problem(done.output)
    if problem:
        raise CorruptContent(
            f"the archive's signature is not valid: {problem}",
            subject=subject,
            advice=f"It must be made by one of the keys in {trusted.path}.",
        )


def _verify_ssh(folder: str, signature: str, encoded: bytes, trusted: TrustedKeys) -> process.Done:
    signers = os.path.join(folder, "signers")
    with open(signers, "wb") as target:
        target.write(b"".join(b"%s %s\n" % (_PRINCIPAL.encode("ascii"), line) for line in _keys(trusted).splitlines()))
    return _run(["ssh-keygen", "-Y", "verify", "-f", signers, "-I", _PRINCIPAL, "-n", NAMESPACE, "-s", signature], encoded)


def _keys(trusted: TrustedKeys) -> bytes:
    """What the file of keys has besides empty lines and comments."""
    try:
        content = files.read(trusted.path, limits.PUBLIC_KEYS)
    except FileNotFoundError:
        raise StorageError("there is no file with trusted keys", subject=trusted.path) from None
    if trusted.kind != "ssh":
        return content.strip()
    lines = (line.strip() for line in content.splitlines())
    return b"\n".join(line for line in lines if line and not line.startswith(b"#"))


def _verify_gpg(folder: str, signature: str, encoded: bytes, trusted: TrustedKeys) -> process.Done:
    home = os.path.join(folder, "home")
    os.mkdir(home, 0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--no-tty", "--no-autostart", "--trust-model", "always"]
    imported = _run([*gpg, "--import", os.path.abspath(trusted.path)], b"")
    if imported.status != 0:
        raise InputError(f"these are not OpenPGP public keys: {_last_line(imported.errors)}", subject=trusted.path)
    return _run([*gpg, "--status-fd", "1", "--verify", signature, "-"], encoded)


def _gpg_problem(output: bytes) -> str:
    """Why gpg's word is not enough, empty for one good signature: keys that expired or were revoked do not make it fail."""
    words = [line.split(" ") for line in output.decode("utf-8", "replace").splitlines() if line.startswith("[GNUPG:] ")]
    said = [word[1] for word in words if len(word) > 1]
    for keyword, problem in _NOT_GOOD.items():
        if keyword in said:
            return problem
    one = said.count("NEWSIG") == said.count("GOODSIG") == said.count("VALIDSIG") == 1
    return "" if one else "gpg does not vouch for exactly one signature"


def _run(command: list[str], content: bytes) -> process.Done:
    program = shutil.which(command[0])
    if program is None:
        raise Unsupported(f"{command[0]} is not installed on this host", advice="Install it, or use the other kind of signature.")
    environment = {**{name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}, "LC_ALL": "C"}
    try:
        return process.run([program, *command[1:]], environment, content, _TIMEOUT)
    except Unsupported as error:
        raise Unsupported(error.message, subject=command[0], advice="A key with a passphrase cannot be used here.") from None


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"
