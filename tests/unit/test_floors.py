# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the tree: an import goes only downwards between the floors, and the core knows no Ansible."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterator

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.tools.floors import FLOORS, PAGE, ROOMS, drawn

CORE = os.path.join(ROOT, "plugins", "module_utils")
PREFIX = "ansible_collections.disconnected.mirror.plugins."

FLOOR = {package: number for number, floor in enumerate(FLOORS) for package in floor}
# The one package that knows Ansible, and the one that reaches it from a module.
ADAPTERS, LOADER = "adapters", "loader"
# Files of one folder; adapters have most, one for each module.
MOST_FILES = 15


def python_files(folder: str) -> list[str]:
    return sorted(os.path.join(path, name) for path, _folders, names in os.walk(folder) for name in names if name.endswith(".py"))


@functools.cache
def imported(path: str) -> tuple[tuple[str, int], ...]:
    """Full names of what a file imports anywhere in it, with line numbers."""
    return tuple(_imported(path))


def _imported(path: str) -> Iterator[tuple[str, int]]:
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield ("." * node.level + (node.module or "")), node.lineno
            for alias in node.names:
                yield f"{'.' * node.level}{node.module or ''}.{alias.name}", node.lineno


def package_of(path: str) -> str:
    return os.path.relpath(path, CORE).split(os.sep, maxsplit=1)[0]


def name_of(path: str) -> str:
    return PREFIX + "module_utils." + os.path.relpath(path, CORE)[:-3].replace(os.sep, ".")


def core_files() -> list[str]:
    return [path for path in python_files(CORE) if package_of(path) != "__init__.py"]


def test_every_package_has_its_floor():
    assert {package_of(path) for path in core_files()} == set(FLOOR) == set(ROOMS)


def test_the_picture_shows_the_floors():
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    assert drawn(page) == page, "run make floors"


def test_rooms_are_small():
    """A folder is looked over in one glance."""
    large = {}
    for folder, _folders, names in os.walk(CORE):
        files = [name for name in names if name.endswith(".py") and name != "__init__.py"]
        if len(files) > MOST_FILES:
            large[os.path.relpath(folder, CORE)] = len(files)
    assert not large, large


def test_an_import_goes_downwards():
    wrong = []
    for path in core_files():
        here = package_of(path)
        for name, line in imported(path):
            if not name.startswith(PREFIX + "module_utils."):
                continue
            there = name[len(PREFIX + "module_utils.") :].split(".")[0]
            if there != here and FLOOR[there] >= FLOOR[here]:
                wrong.append(f"{os.path.relpath(path, ROOT)}:{line} imports {there} from {here}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_the_core_knows_no_ansible():
    wrong = [
        f"{os.path.relpath(path, ROOT)}:{line} imports {name}"
        for path in core_files()
        if package_of(path) != ADAPTERS
        for name, line in imported(path)
        if name.split(".")[0] == "ansible" or name.startswith((PREFIX + "action", PREFIX + "modules", PREFIX + "doc_fragments"))
    ]
    assert not wrong, "\n".join(wrong)


def test_imports_are_absolute():
    wrong = [f"{os.path.relpath(path, ROOT)}:{line}" for path in core_files() for name, line in imported(path) if name.startswith(".")]
    assert not wrong, "\n".join(wrong)


def test_no_import_is_dynamic():
    """But for the one door into the core: nobody could follow them."""
    wrong = [
        f"{os.path.relpath(path, ROOT)}:{line} imports {name}"
        for path in core_files()
        if package_of(path) != LOADER
        for name, line in imported(path)
        if name.split(".")[0] in ("importlib", "pkgutil", "runpy")
    ]
    assert not wrong, "\n".join(wrong)


def test_a_module_is_packed_without_the_core():
    """AnsiballZ packs what is imported anywhere, for every task anew (decisions, 0008)."""
    modules = python_files(os.path.join(ROOT, "plugins", "modules"))
    assert len(modules) > 5
    for path in [*modules, *(path for path in core_files() if package_of(path) == LOADER)]:
        packed = {name for name, _line in imported(path) if name.startswith(PREFIX + "module_utils.")}
        assert all(name.startswith(f"{PREFIX}module_utils.{LOADER}") for name in packed), path


def test_every_module_has_the_action_that_brings_the_core():
    names = [{name for name in os.listdir(os.path.join(ROOT, "plugins", kind)) if name.endswith(".py")} for kind in ("modules", "action")]
    assert names[0] == names[1]


def test_files_import_each_other_in_no_circle():
    names = {name_of(path): path for path in core_files()}
    edges: dict[str, set[str]] = {
        own: {name for name, _line in imported(path) if name in names and name != own} for own, path in names.items()
    }
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            pytest.fail("a circle: " + " > ".join(part[len(PREFIX) :] for part in (*above[above.index(name) :], name)))
        if name not in done:
            for successor in sorted(edges[name]):
                visit(successor, (*above, name))
            done.add(name)

    for start in sorted(edges):
        visit(start, ())


@pytest.mark.parametrize(
    "library", ["yaml", "requests", "urllib3", "socks", "tomllib", "tomli", "orjson", "cryptography", "zstandard", "pysequoia"]
)
def test_a_library_is_imported_in_one_file(library):
    importing = {os.path.relpath(path, CORE) for path in core_files() for name, _line in imported(path) if name.split(".")[0] == library}
    assert len(importing) <= 1, f"{library} is imported in {sorted(importing)}; import it once, behind a guard"


ALLOWED = {
    "yaml",
    "requests",
    "urllib3",
    "socks",
    "tomllib",
    "tomli",
    "orjson",
    "cryptography",
    "zstandard",
    "pysequoia",
    "jsonpath_ng",
    "jmespath",
}


def test_lines_are_short_enough_to_read_side_by_side():
    wrong = []
    for folder in ("plugins", "tests", "extensions"):
        for path in python_files(os.path.join(ROOT, folder)):
            with open(path, encoding="utf-8") as file:
                wrong += [f"{os.path.relpath(path, ROOT)}:{number}" for number, line in enumerate(file, 1) if len(line.rstrip("\n")) > 140]
    assert not wrong, "\n".join(wrong)


def test_no_library_beyond_the_chosen_ones():
    known = set(sys.stdlib_module_names) | ALLOWED | {"ansible_collections"}
    wrong = [
        f"{os.path.relpath(path, ROOT)}:{line} imports {name}"
        for path in core_files()
        for name, line in imported(path)
        if name.split(".")[0] not in known and not (package_of(path) == ADAPTERS and name.split(".")[0] == "ansible")
    ]
    assert not wrong, "\n".join(wrong)
