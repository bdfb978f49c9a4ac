# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule and section that the code cites stands in docs/dev/rules.md."""

from __future__ import annotations

import os
import re
import tokenize
from collections.abc import Iterator

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

PAGE = os.path.join(ROOT, "docs", "dev", "rules.md")
ID = re.compile(r"(?<![\w/.:-])([A-Z]{1,5}-?[0-9]{1,3})(?: to ([A-Z]{1,5}-?[0-9]{1,3}))?(?![\w-])")
SECTION = re.compile(
    r"\b(config-and-releases|mirroring|operator-catalogs|user-needs|other-systems|performance|design)[, ]+(?:section )?([0-9](?:\.[0-9]+)*)"
)
# Names of the same form that are no rules of ours.
NAMES = {"UTF-8", "UTF-16", "SHA-1", "SHA-256", "RE2", "MD5", "SHA256", "SHA512", "BSD-2", "GPL-3", "V1", "V2", "S3", "RC2"}


def cited() -> Iterator[tuple[str, str]]:
    """Names that comments and docstrings of the code cite, each with its place."""
    for folder, _folders, files in os.walk(os.path.join(ROOT, "plugins")):
        for name in files:
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                yield from ((rule, f"{os.path.relpath(path, ROOT)}:{line}") for rule, line in _cited_in(path))


def _cited_in(path: str) -> Iterator[tuple[str, int]]:
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and '"""' in token.string[:4]):
                for first, last in ID.findall(token.string):
                    yield from ((rule, token.start[0]) for rule in _row(first, last))
                for document, section in SECTION.findall(token.string):
                    yield f"{document} {section}", token.start[0]


def _row(first: str, last: str) -> Iterator[str]:
    """`SIG-10 to SIG-13` cites four rules."""
    yield first
    if last:
        letters = re.match("[A-Z]+-?", first).group()
        width = len(first) - len(letters)
        yield from (f"{letters}{number:0{width}d}" for number in range(int(first[len(letters) :]) + 1, int(last[len(letters) :]) + 1))


def known() -> set:
    with open(PAGE, encoding="utf-8") as file:
        return {match.group(1) for match in re.finditer(r"^\| ([^|]+?) \|", file.read(), re.M)}


def test_every_cited_rule_is_on_the_page():
    rules = known()
    wrong = sorted({f"{place} cites {rule}" for rule, place in cited() if rule not in rules and rule not in NAMES})
    assert not wrong, "\n".join(wrong)


def test_no_rule_is_there_twice():
    with open(PAGE, encoding="utf-8") as file:
        names = re.findall(r"^\| ([^|]+?) \|", file.read(), re.M)
    rules = [name for name in names if name not in ("rule", "section")]
    assert len(rules) == len(set(rules)), sorted(name for name in set(rules) if rules.count(name) > 1)
    assert len(rules) > 150


def test_files_that_the_pages_name_are_there():
    """Paths as the pages write them: from the top, below module_utils, or below its unit tests."""
    pages = [os.path.join(folder, name) for folder, _folders, names in os.walk(os.path.dirname(PAGE)) for name in names]
    places = ("", "plugins/module_utils", "tests/unit/plugins/module_utils")
    wrong = []
    for page in pages:
        if page.endswith("renamed.md"):
            continue
        with open(page, encoding="utf-8") as file:
            for path in re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|md|rst))`", file.read()):
                full = path.replace("tests/unit/...", places[2])
                if not any(os.path.exists(os.path.join(ROOT, place, full)) for place in places):
                    wrong.append(f"{os.path.relpath(page, ROOT)} names {path}")
    assert not wrong, "\n".join(wrong)
