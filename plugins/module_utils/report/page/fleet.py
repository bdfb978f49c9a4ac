# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The index page over many hosts: the same three answers, one host a line, those that need somebody first."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ansible_collections.disconnected.mirror.plugins.module_utils.report.fleet import QUESTIONS, Host, Told, worst
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Element, element
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.page import document
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.parts import MARKS, Column, cell, code, plural, section, table
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.words import size


def page(hosts: Sequence[Host]) -> str:
    ordered = sorted(hosts, key=lambda host: (-worst(host), host.name))
    needy = sum(worst(host) == 2 for host in hosts)
    told = (
        f"{needy} of {plural(len(hosts), 'mirror')} {'needs' if needy == 1 else 'need'} attention"
        if needy
        else f"{plural(len(hosts), 'mirror')}, all of them in order"
    )
    heading = element("header", element("h1", "Mirrors of the fleet"), element("p", f"{told}."))
    columns = [
        Column("host"),
        Column("is it right?", "wide"),
        Column("what is new?", "wide"),
        Column("what do I do now?", "wide"),
        Column("images", "number"),
        Column("size", "number"),
    ]
    listed = table("Hosts", columns, [_row(host) for host in ordered])
    footer = element("footer", "Written by the Ansible collection disconnected.mirror from the reports beside it.")
    return document("Mirrors of the fleet", heading, element("main", section("hosts", "Hosts", listed, long=True), id="main"), footer)


def _row(host: Host) -> Sequence[Element]:
    link = element("a", host.name, href=f"{quote(host.name)}/report.html")
    name = cell(link, element("small", code(host.destination)) if host.destination else None, element("small", host.generated))
    told = [Told("bad", f"Its report cannot be read: {host.problem}")] if host.problem else list(host.answers)
    answers = [*map(_cell, told), *(cell("") for _question in range(QUESTIONS - len(told)))]
    images = host.counts.get("images", 0)
    return (
        name,
        *answers,
        cell(str(images), kind="number", value=images),
        cell(size(host.size), kind="number", value=host.size),
    )


def _cell(told: Told) -> Element:
    return cell(element("span", MARKS[told.verdict], class_=f"mark {told.verdict}", aria_hidden="true"), told.text, kind="wide")
