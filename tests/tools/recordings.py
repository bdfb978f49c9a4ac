# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into the guides what their commands print: a block of text right after commands is the recording of them.

python -m ansible_collections.disconnected.mirror.tests.tools.recordings     # `make recordings`
"""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap

from ansible_collections.disconnected.mirror.tests.docs import blocks
from ansible_collections.disconnected.mirror.tests.docs.world import World, follow, world
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT


def record(page: str, here: World) -> None:
    """Runs a page and writes what its commands print into it."""
    path = os.path.join(ROOT, page)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    begin = 0
    for block, printed in follow(here, page):
        after = blocks.recording_of(block) if block.page == page else None
        if after is not None:
            old, new = _indented(after.text), _indented(printed)
            begin = text.index(old, begin)
            text = f"{text[:begin]}{new}{text[begin + len(old):]}"
            begin += len(new)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _indented(text: str) -> str:
    return textwrap.indent(text.rstrip("\n"), "    ")


def main() -> int:
    for page in blocks.pages():
        if any(blocks.recording_of(block) for block in blocks.blocks(page)):
            with tempfile.TemporaryDirectory(prefix="dm-") as folder, world(folder) as here:
                record(page, here)
            print(f"recorded: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
