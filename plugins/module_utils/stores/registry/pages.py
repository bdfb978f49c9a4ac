# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Lists that come in pages (`Link: <...>; rel="next"`, RFC 8288)."""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access
from ansible_collections.disconnected.mirror.plugins.module_utils.http.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import Endpoint

_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^",;\s]*))*)')
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)', re.IGNORECASE)
# No list of the field comes near these.
_MOST_PAGES = 10000
_PAGE_LIMIT = 16 * 1024 * 1024

Page = Tuple[Response, Any]


def pages(endpoint: Endpoint, target: str, access: Access, subject: str, accept: str = "application/json") -> Iterator[Page]:
    """Each page as (answer, its JSON or None).  Goes on while there is a next page on this registry.

    Raises RegistryError when the pages lead elsewhere or in circles.
    """
    seen = set()
    while target:
        if target in seen or len(seen) >= _MOST_PAGES:
            raise RegistryError(f"{endpoint.host} gives pages without end", subject=subject, host=endpoint.host)
        seen.add(target)
        response = endpoint.ask("GET", target, access, _PAGE_LIMIT, headers=(("Accept", accept),))
        yield response, _document(response)
        target = _next(endpoint, response, target, access, subject) if response.status == 200 else ""


def next_link(header: str) -> str:
    """The URL of the next page in a Link header; empty at the end."""
    for match in _LINK.finditer(header):
        if _NEXT.search(match.group(2)):
            return match.group(1)
    return ""


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
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None
