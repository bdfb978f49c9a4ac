# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is public and raises an error of ours says so: in its docstring, in that of its class, or in that of what it overrides.

Adapters make a result of every error, so that nobody has to know what they raise.
"""

from __future__ import annotations

import ast
import glob
import os
from collections.abc import Iterator

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

CORE = os.path.join(ROOT, "plugins", "module_utils")


def trees() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(glob.glob(os.path.join(CORE, "**", "*.py"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            found[os.path.relpath(path, CORE)] = ast.parse(file.read())
    return found


def error_names(modules: dict[str, ast.Module]) -> set[str]:
    """MirrorError and all that derive from it."""
    bases = {node.name: set(names_of(node.bases)) for module in modules.values() for node in module.body if isinstance(node, ast.ClassDef)}
    found = {"MirrorError"}
    while True:
        more = {name for name, above in bases.items() if above & found} - found
        if not more:
            return found
        found |= more


def names_of(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        target = node.value if isinstance(node, ast.Subscript) else node
        if isinstance(target, ast.Name):
            yield target.id


def raised(function: ast.FunctionDef) -> set[str]:
    """By the function itself: what one inside of it raises may be caught around it."""
    inner = {
        node for inside in ast.walk(function) if isinstance(inside, ast.FunctionDef) and inside is not function for node in ast.walk(inside)
    }
    thrown = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise) and node.exc is not None and node not in inner]
    return set(names_of([node.func if isinstance(node, ast.Call) else node for node in thrown]))


def silent(modules: dict[str, ast.Module], errors: set[str]) -> Iterator[str]:
    classes = {node.name: node for module in modules.values() for node in module.body if isinstance(node, ast.ClassDef)}

    def said(owner: ast.ClassDef | None, name: str) -> str:
        """What the class and those above it say of a method."""
        if owner is None:
            return ""
        own = [ast.get_docstring(node) or "" for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name]
        above = [said(classes.get(base), name) for base in names_of(owner.bases)]
        return "\n".join([ast.get_docstring(owner) or "", *own, *above])

    for path, module in modules.items():
        owners = [(None, module.body), *((node, node.body) for node in module.body if isinstance(node, ast.ClassDef))]
        for owner, body in owners:
            for node in body:
                if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or (owner and owner.name.startswith("_")):
                    continue
                text = f"{ast.get_docstring(node) or ''}\n{said(owner, node.name)}"
                thrown = raised(node) & errors
                if thrown and "aise" not in text:
                    yield f"{path}:{node.lineno} {node.name} raises {', '.join(sorted(thrown))} and does not say so"


def test_errors_are_told():
    modules = trees()
    errors = error_names(modules)
    modules = {path: module for path, module in modules.items() if not path.startswith("adapters")}
    assert {"InputError", "NotFound", "ConfigurationError"} <= errors
    assert not list(silent(modules, errors))


def test_what_says_nothing_is_found():
    method = "class Shop:\n    def buy(self):\n        raise NotFound('it')\n"
    function = "def look():\n    '''Raises NotFound.'''\n    raise NotFound('it')\n"
    module = ast.parse(f"{method}\n\n{function}")
    assert [line.split(" raises")[0] for line in silent({"shop.py": module}, {"NotFound"})] == ["shop.py:2 buy"]
