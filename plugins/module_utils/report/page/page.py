# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The report as one page: it asks nobody for anything, and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.updates import Updates
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page import contents, front, record
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Element, element, raw, written
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.script import SCRIPT
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.style import STYLE

# Sections that are led to, in the order of the page.
_NAMES = {
    "numbers": "Numbers",
    "todo": "What to do",
    "failures": "Failures",
    "changes": "Changes",
    "updates": "Updates",
    "operators": "Operators",
    "charts": "Charts",
    "warnings": "Warnings",
    "history": "Runs",
    "verification": "Verification",
    "signatures": "Signatures",
    "sizes": "Sizes",
    "images": "Images",
}


def page(report: Mapping[str, Any], graphs: Sequence[Updates] = ()) -> str:
    """report: the value of `report.summary`.  graphs: what its pictures of updates are drawn from."""
    sections = [
        front.numbers(report),
        front.failures(report),
        front.todo(report),
        record.changes(report),
        contents.updates(report, graphs),
        *contents.operators(report),
        contents.charts(report),
        record.warnings(report),
        record.history(report),
        record.verification(report),
        record.signatures(report),
        record.sizes(report),
        record.images(report),
    ]
    shown = [each for each in sections if each is not None]
    place = report["destination"] or report["workspace"]
    workflow = str(report["workflow"]).replace("_", " ")
    heading = element(
        "header",
        element("h1", "Mirror report"),
        element("p", *(text for text in (f"{workflow}: " if workflow else "",)), element("code", place), f", {report['generated']}"),
    )
    footer = element(
        "footer",
        "Written by the Ansible collection disconnected.mirror. It sends no requests.",
    )
    return document(
        f"Mirror report: {place}", heading, _navigation(shown), element("main", front.answers(report), shown, id="main"), footer
    )


def _navigation(sections: Sequence[Element]) -> Element:
    items = [
        element("li", element("a", _NAMES[name], href=f"#{name}")) for name in (each.get("id") or "" for each in sections) if name in _NAMES
    ]
    return element("nav", element("ul", items), aria_label="Sections")


def document(title: str, *body: Element, script: str = SCRIPT) -> str:
    """A whole page.  Only this style and this script are let in, by their digests."""
    policy = (
        f"default-src 'none'; style-src {_source(STYLE)}; script-src {_source(script)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        raw("style", STYLE),
    )
    skip = element("a", "Skip to the report", href="#main", class_="skip")
    return written(element("html", head, element("body", skip, *body, raw("script", script)), lang="en"))


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
