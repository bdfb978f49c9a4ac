# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What can be wrong with signatures.

The messages begin with the reason, as users of the reference tool know and search it (config-and-releases 2.1).
"""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError


class SignatureError(MirrorError):
    """An image is not signed, or not by whom or for what it should be."""

    code = "signature_invalid"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(f"SignatureError: {message}", **details)


class SignatureMissing(SignatureError):
    """No store has a signature of the image."""

    code = "signature_missing"
