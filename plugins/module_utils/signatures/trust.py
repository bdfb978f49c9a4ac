# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whose signatures count, and where they are looked for: what users write, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.attached import PEM
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.openpgp import binary_key

# A store of signatures may be a directory.
FILE = "file://"

# require: what is not signed is left out and fails.  warn: it is told.  off: signatures are not looked at.
REQUIRE, WARN, OFF = "require", "warn", "off"
POLICIES = (REQUIRE, WARN, OFF)


@dataclass(frozen=True)
class Trust:
    """When an image counts as signed.

    policy: require, warn or off.  urls: stores, each ending with `/`.  keys: OpenPGP packets.  names: repositories that the
    image may be signed as, besides the one it is read from.  public_keys: in PEM form, for signatures that lie in the registry.
    """

    policy: str
    urls: tuple[str, ...]
    keys: tuple[bytes, ...] = field(repr=False)
    names: tuple[str, ...] = ()
    public_keys: tuple[bytes, ...] = field(default=(), repr=False)


def check_policy(policy: str, option: str) -> str:
    """Raises InputError for what is no policy.  option: for the message."""
    if policy not in POLICIES:
        raise InputError(f"{policy!r:.100} is not a signature policy", subject=option, advice=f"Write {', '.join(POLICIES)}.")
    return policy


def read_keys(paths: Sequence[str]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The keys of files: OpenPGP packets, and keys in PEM form.  Raises InputError (SIG-21), StorageError."""
    contents = {path: _content(path) for path in paths}
    openpgp = tuple(binary_key(content, path) for path, content in contents.items() if PEM not in content)
    return openpgp, tuple(content for content in contents.values() if PEM in content)


def store_url(text: str, option: str) -> str:
    """The URL of a store of signatures, with the slash at its end.  Raises InputError."""
    if not text.startswith(("https://", "http://", FILE)):
        raise InputError(
            f"{text!r:.200} is not a URL of signatures",
            subject=option,
            advice="Write https://host/path/ or file:///directory/.",
        )
    if not text.startswith(FILE):
        # What is read from there is told by its URL, which must hold no secret.
        split_url(text)
    return text if text.endswith("/") else f"{text}/"


def _content(path: str) -> bytes:
    try:
        return files.read(path)
    except FileNotFoundError as error:
        raise InputError(
            f"there is no public key at {path}",
            subject=path,
            advice="Give the path of a public key, or leave the option out for the built-in keys.",
        ) from error
