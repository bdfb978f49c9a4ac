# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists every example of README, roles' pages and guides with the test that runs it, in docs/dev/examples.md.

python -m ansible_collections.disconnected.mirror.tests.tools.examples     # `make examples`
"""

from __future__ import annotations

import os
import sys

from ansible_collections.disconnected.mirror.tests.docs import blocks
from ansible_collections.disconnected.mirror.tests.docs.proofs import proof_of
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

PAGE = os.path.join(ROOT, "docs", "dev", "examples.md")
_HEAD = """\
<!--
Copyright (c) 2026, the disconnected.mirror contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Examples, and the tests that run them

Every block of code of the README, the roles' pages and the guides, in the order in which they stand there. `make examples` writes this
page, and `tests/docs/test_examples.py` compares it with the pages. Tests without a folder are in `tests/docs/test_blocks.py`.
"""


def text() -> str:
    """The whole page.  Raises ValueError for an example that no test runs."""
    parts = [_HEAD]
    for page in blocks.pages():
        found = blocks.blocks(page)
        if found:
            parts.append(f"\n## {page}\n\n| under | example | test |\n|---|---|---|\n")
            parts += [f"| {block.heading} | {_said(block)} | {proof_of(block)} |\n" for block in found]
    return "".join(parts)


def _said(block: blocks.Block) -> str:
    """Its first line that is none of a file's name, in one cell."""
    lines = [line for line in block.text.splitlines() if line.strip() and not line.startswith("# ")]
    line = (lines or [""])[0].removeprefix("$ ").replace("|", "\\|")
    name = f"`{block.path}`: " if block.path else ""
    short = line if len(line) <= 60 else line[:60].rpartition(" ")[0]
    return f"{name}`{short.rstrip()}{' …' if short != line or len(lines) > 1 else ''}`"


if __name__ == "__main__":
    listed = text()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(listed)
    sys.exit(0)
