# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a sequence may follow what a destination has (mirroring 4.5)."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible


def follows(incoming: int, current: int, subject: str = "", prefix: str = "mirror_seq") -> bool:
    """Whether sequence `incoming` brings anything to a destination that has `current` (0: nothing of this history).

    False: it was loaded before.  Raises Incompatible on a gap, naming the archive to load first, and on an older sequence.
    """
    if incoming == current:
        return False
    if incoming == current + 1:
        return True
    if incoming < current:
        raise Incompatible(
            f"sequence {incoming} is older than sequence {current}, which the destination has",
            subject=subject,
            advice="Nothing needs to be loaded; load archives of later sequences.",
        )
    has = f"the destination has {current}" if current else "the destination has none"
    raise Incompatible(
        f"sequence {incoming} expects {incoming - 1}, and {has}",
        subject=subject,
        advice=f"Load {prefix}{current + 1} first.",
    )
