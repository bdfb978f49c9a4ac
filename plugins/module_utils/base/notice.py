# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the user should know although all went well: something was done otherwise than asked, or is less safe than it could be.

Python's own warnings carry it, so that every part of the core can say it without a way of its own to whoever listens; modules
show them as Ansible's warnings.
"""

from __future__ import annotations

import warnings


class Notice(UserWarning):
    """The category of these."""


def notice(text: str) -> None:
    warnings.warn(text, Notice, stacklevel=2)
