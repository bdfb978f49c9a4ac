# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Pieces that sections are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Child, Element, element

# Of verdicts.
MARKS = {"good": "✓", "warn": "!", "bad": "✕"}


def section(identity: str, title: str, *children: Child, long: bool = False) -> Element:
    return element(
        "section",
        element("h2", title, id=f"{identity}-title"),
        *children,
        id=identity,
        aria_labelledby=f"{identity}-title",
        class_="long" if long else None,
    )


def code(text: str) -> Element:
    return element("code", text)


def soft(text: str) -> Element:
    return element("span", text, class_="soft")


def more(count: int, where: str = "") -> Element | None:
    return element("p", f"and {count} more{where}", class_="soft") if count else None


def command(text: str) -> Element:
    return element("div", element("pre", element("code", text), tabindex=0), class_="command")


def fold(summary: str, *children: Child, opened: bool = False, printed: bool = False) -> Element:
    return element("details", element("summary", summary), *children, open=opened, class_="printed" if printed else None)


def names(title: str, found: Mapping[str, Any], sign: str) -> Element | None:
    """A list of an `excerpt`."""
    if not found["total"]:
        return None
    items = [element("li", f"{sign} ", code(str(name))) for name in found["listed"]]
    return fold(f"{title}: {found['total']}", element("ul", items, class_="plain"), more(found["more"]), opened=found["total"] <= 12)


class Column:
    """kind: `number` for those that are read from the right, `wide` for long texts.  choose: whether rows can be chosen by it."""

    def __init__(self, title: str, kind: str = "", choose: bool = False) -> None:
        self.title, self.kind, self.choose = title, kind, choose


def table(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Element]], data: bool = True) -> Element:
    """rows: cells.  data: it can be searched and sorted.  name: what it lists."""
    heads = [element("th", column.title, scope="col", class_=column.kind or None, data_filter=column.choose) for column in columns]
    body = element("tbody", [element("tr", list(row)) for row in rows])
    found = element(
        "table", element("caption", name, class_="skip"), element("thead", element("tr", heads)), body, class_="data" if data else None
    )
    return element("div", found, class_="scroll", tabindex=0, role="region", aria_label=f"{name}, can be scrolled")


def cell(*children: Child, kind: str = "", value: float | None = None) -> Element:
    """value: what it is sorted by."""
    return element("td", *children, class_=kind or None, data_value=value)


def files(name: str) -> Element:
    """The same table for other programs."""
    links = [element("a", text, href=f"report/{name}.{kind}", download=True) for kind, text in (("csv", "CSV"), ("json", "JSON"))]
    return element("p", "The whole table: ", links[0], " · ", links[1], class_="soft files")


def plural(number: int, noun: str) -> str:
    return counted(number, noun)
