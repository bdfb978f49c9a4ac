# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

_NOUNS = "images|manifests|findings|failures|warnings|blobs|objects|reasons|archives"
_FIXED = re.compile(rf"(?<!more than )\{{[^{{}}]*\}} (?:more |other )?(?:{_NOUNS})\b")
# Two at least, or said in another way when there is one.
_SURELY_MANY = re.compile(r"== 1|> 1\b|none is named")


def test_a_number_and_its_noun_agree():
    assert [counted(number, "image") for number in (0, 1, 2)] == ["0 images", "1 image", "2 images"]


def test_no_sentence_counts_one_images():
    wrong = []
    for room in ("plugins", os.path.join("roles", "mirror", "tasks")):
        for folder, _folders, names in os.walk(os.path.join(ROOT, room)):
            for name in names:
                if not name.endswith((".py", ".yml")):
                    continue
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        if _FIXED.search(line) and not _SURELY_MANY.search(line):
                            wrong.append(f"{os.path.relpath(os.path.join(folder, name), ROOT)}:{number}: {line.strip()}")
    assert not wrong, "\n".join(wrong)
