# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Keys of archives, as every module takes them that reads some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import directory_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys

KEY_KINDS = ["ssh", "gpg"]

# Of every module that reads archives.
TRUSTED: dict[str, Any] = {
    "archive_trusted_keys": {
        "type": "dict",
        "options": {
            "kind": {"type": "str", "choices": KEY_KINDS, "default": "ssh"},
            "path": {"type": "path", "required": True, "no_log": False},
        },
        "no_log": False,
    }
}


def archive_of(given: str | None) -> str:
    """A directory of archives or one of their volumes, as a path or with `file://`; empty for none.  Raises InputError."""
    return directory_of(given) if given else ""


def trusted_keys(given: Mapping[str, str] | None) -> TrustedKeys | None:
    """None when the option is not given.  Raises InputError when it is, and names no keys: that must not mean that any will do."""
    if given is None:
        return None
    if not given.get("path"):
        raise InputError(
            "no keys are given", subject="archive_trusted_keys", advice="Give the file of keys as path, or leave the option out."
        )
    return TrustedKeys(given.get("kind") or "ssh", given["path"])
