# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks of README and guides, and what stands before them in a comment for the test that runs them.

`not run: <reason>` (in Markdown `<!-- not run: ... -->`, in reStructuredText `.. not run: ...`) right before a block of
commands leaves it out.  `after: <page>` anywhere in a page has that page's files written and its commands run before.
A block whose first line is a comment with a path (`# vars.yml`) is the content of that file.
"""

from __future__ import annotations

import glob
import os
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

PAGES = ("README.md", "roles/*/README.md", "docs/docsite/rst/*.rst")
_MARKDOWN = re.compile(r"(?:<!-- not run: (?P<reason>[^>]*?) -->\n+)?^```(?P<language>[\w+]+)\n(?P<text>.*?)^```$", re.M | re.S)
_RST = re.compile(
    r"(?:^\.\. not run: (?P<reason>[^\n]*)\n+)?^\.\. code-block:: (?P<language>[\w+]+)\n\n(?P<text>(?:(?:[ \t]+[^\n]*)?\n)+)", re.M
)
_AFTER = re.compile(r"^(?:<!--|\.\.) after: (\S+)", re.M)
_NAME = re.compile(r"\A# (\S+\.\w+)\n")
_HEADING = re.compile(r"^#+ (?P<markdown>.+)$|^(?P<rst>\S.*)\n[=\-~^]{3,}$", re.M)


@dataclass(frozen=True)
class Block:
    """heading: that it stands under.  reason: why its commands are not run, empty when they are."""

    page: str
    line: int
    language: str
    text: str
    reason: str = ""
    heading: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def path(self) -> str:
        """Of the file that it is; empty for none."""
        match = _NAME.match(self.text)
        return match.group(1) if match else ""

    @property
    def commands(self) -> str:
        """As a shell takes them: without prompts, and without an end that is told in dots."""
        return re.sub(r"^\$ ", "", self.text, flags=re.M) if self.language == "console" else ""


def pages() -> list[str]:
    found = [path for pattern in PAGES for path in sorted(glob.glob(os.path.join(ROOT, pattern)))]
    return [os.path.relpath(path, ROOT) for path in found]


def blocks(page: str) -> tuple[Block, ...]:
    text = _read(page)
    return tuple(_blocks(page, text))


def _blocks(page: str, text: str) -> Iterator[Block]:
    found = list((_MARKDOWN if page.endswith(".md") else _RST).finditer(text))
    inside = [match.span("text") for match in found]
    headings = [match for match in _HEADING.finditer(text) if not any(begin <= match.start() < end for begin, end in inside)]
    for match in found:
        line = text.count("\n", 0, match.start("language")) + 1
        content = textwrap.dedent(match["text"]).strip("\n") + "\n"
        above = [heading for heading in headings if heading.start() < match.start("language")]
        heading = (above[-1]["markdown"] or above[-1]["rst"]) if above else ""
        yield Block(page, line, match["language"].partition("+")[0], content, (match["reason"] or "").strip(), heading)


def recording_of(block: Block) -> Block | None:
    """The block of text right behind commands: what they print."""
    found = blocks(block.page)
    after = found[found.index(block) + 1 : found.index(block) + 2] if block.commands and not block.reason else ()
    return next((other for other in after if other.language == "text"), None)


def before(page: str) -> list[str]:
    """The pages that come before this one."""
    return _AFTER.findall(_read(page))


def _read(page: str) -> str:
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()
