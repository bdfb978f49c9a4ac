# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the variables of each role into its README, from the argument specs, between two marks.

python tests/tools/role_pages.py           # all roles
python tests/tools/role_pages.py --check   # says which pages are not up to date
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEGIN, END = "<!-- variables: written by tests/tools/role_pages.py -->", "<!-- end of variables -->"
# Ansible's markup: options (of an entry point, with a value), and all that is set as code.
OPTION = re.compile(r"\bO\((?:\w+:)?([^)=]+)(?:=([^)]*))?\)")
CODE = re.compile(r"\b(?:C|M|V|E|RV)\(([^)]*)\)")


def main() -> int:
    stale = [role for role in roles() if not update(role, write="--check" not in sys.argv)]
    if stale and "--check" in sys.argv:
        print(f"not up to date: {', '.join(stale)}; run make role-pages")
        return 1
    return 0


def roles() -> list[str]:
    return sorted(os.listdir(os.path.join(ROOT, "roles")))


def update(role: str, write: bool) -> bool:
    """Whether the page was up to date."""
    path = os.path.join(ROOT, "roles", role, "README.md")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    head, _begin, rest = before.partition(BEGIN)
    _old, _end, tail = rest.partition(END)
    after = f"{head}{BEGIN}\n{variables(role)}{END}{tail}"
    if write and after != before:
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
    return after == before


def variables(role: str) -> str:
    """A table for each entry point, with what the ones before it do not have."""
    with open(os.path.join(ROOT, "roles", role, "meta", "argument_specs.yml"), encoding="utf-8") as file:
        specs = yaml.safe_load(file)["argument_specs"]
    known: set[str] = set()
    text = ""
    for entry, spec in specs.items():
        own = {name: option for name, option in (spec.get("options") or {}).items() if name not in known}
        if own:
            also = "; besides the variables above" if known else ""
            text += f"\n### {entry}: {spec['short_description']}{also}\n\n| Variable | Default | Meaning |\n|---|---|---|\n"
            text += "".join(line + "\n" for name, option in own.items() for line in rows(name, option))
        known.update(own)
    return text + "\n"


def rows(name: str, option: Mapping[str, Any]) -> Iterator[str]:
    default = "**required**" if option.get("required") else f"`{json.dumps(option['default'])}`" if "default" in option else ""
    yield f"| `{name}` | {default} | {plain(option['description'])}{choices(option)} |"
    for part, suboption in (option.get("options") or {}).items():
        yield from rows(f"{name}[].{part}" if option["type"] == "list" else f"{name}.{part}", suboption)


def choices(option: Mapping[str, Any]) -> str:
    values = [value for value in option.get("choices") or () if value != ""]
    return f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""


def plain(description: Any) -> str:
    """Markdown for Ansible's markup."""
    text = " ".join(" ".join(description if isinstance(description, list) else [description]).split())
    text = OPTION.sub(lambda match: f"`{match[1]}{': ' + match[2] if match[2] else ''}`", text)
    return CODE.sub(r"`\1`", text).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
