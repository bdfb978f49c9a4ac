# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Lists that come in pages (`Link: <...>; rel="next"`, RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import Endpoint

# One parameter of a link; each part begins with a sign of its own, so that a match takes one pass.
_PARAMETER = re.compile(r'\s*;\s*([\w*-]+)(?:\s*=\s*(?:"([^"]*)"|([^",;\s]+)))?')

Page = tuple[Response, Any]


def pages(endpoint: Endpoint, target: str, access: Access, subject: str, accept: str = "application/json") -> Iterator[Page]:
    """Each page as (answer, its JSON or None).  Goes on while there is a next page on this registry.

    Raises RegistryError when the pages lead elsewhere or in circles.
    """
    seen = set()
    size = entries = 0
    while target:
        response = endpoint.ask("GET", target, access, limits.PAGE.size, headers=(("Accept", accept),))
        seen.add(target)
        document = _document(response)
        size, entries = size + len(response.body), entries + _entries(document)
        if size > limits.PAGES_SIZE or entries > limits.LISTED:
            raise RegistryError(f"{endpoint.host} returns a list without end", subject=subject, host=endpoint.host)
        yield response, document
        target = _next(endpoint, response, target, access, subject) if response.status == 200 else ""
        if target in seen or len(seen) >= limits.PAGES:
            raise RegistryError(f"{endpoint.host} returns pages without end", subject=subject, host=endpoint.host)


def next_link(header: str) -> str:
    """The URL of the next page in a Link header; empty at the end."""
    rest = header[: limits.HEADER_VALUE]
    while True:
        address, closed, rest = rest.partition("<")[2].partition(">")
        if not closed:
            return ""
        place, relations = 0, ""
        parameter = _PARAMETER.match(rest)
        while parameter:
            if parameter.group(1).lower() == "rel" and not relations:
                relations = parameter.group(2) or parameter.group(3) or ""
            place = parameter.end()
            parameter = _PARAMETER.match(rest, place)
        if "next" in relations.lower().split():
            return address
        rest = rest[place:]


def _next(endpoint: Endpoint, response: Response, target: str, access: Access, subject: str) -> str:
    link = next_link(response.headers.get("link", ""))
    if not link:
        return ""
    _origin, further, own = endpoint.locate(endpoint.request("GET", target, access), link)
    if not own:
        raise RegistryError(f"{endpoint.host} continues its list on another host", subject=subject, host=endpoint.host)
    return further


def _document(response: Response) -> Any:
    if response.status != 200:
        return None
    try:
        return json_values.parse(response.body, limits.PAGE)
    except ValueError:
        return None


def _entries(document: Any) -> int:
    return sum(len(value) for value in document.values() if isinstance(value, list)) if isinstance(document, dict) else 0
