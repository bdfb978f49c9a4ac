# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""HTML as a tree: whatever a registry, a catalog or a user wrote becomes text or the value of an attribute, and never markup."""

from __future__ import annotations

from typing import Union
from xml.etree import ElementTree

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text import shown

Element = ElementTree.Element
Child = Union[Element, str, None, "list[Element]"]


def element(tag: str, *children: Child, **attributes: str | int | float | bool | None) -> Element:
    """attributes: with a trailing _ for words of Python (`class_`), _ for - within; False and None leave one out, True gives its name."""
    found = Element(tag)
    for name, value in attributes.items():
        if value is not None and value is not False:
            key = name.rstrip("_").replace("_", "-")
            found.set(key, key if value is True else shown.line(str(value)))
    for child in children:
        add(found, child)
    return found


def add(parent: Element, child: Child) -> None:
    if isinstance(child, str):
        _write(parent, shown.text(child))
    elif isinstance(child, list):
        parent.extend(child)
    elif child is not None:
        parent.append(child)


def _write(parent: Element, text: str) -> None:
    """After what the element has already."""
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def raw(tag: str, text: str) -> Element:
    """A style or a script, which are not escaped: our own text only."""
    found = Element(tag)
    found.text = text
    return found


def written(root: Element) -> str:
    """The page."""
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"
