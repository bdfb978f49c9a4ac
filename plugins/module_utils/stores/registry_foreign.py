# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Layers that registries do not hold: fetched, when asked to, from the URLs that their manifest names.

Nobody's credentials go along: the URLs come from outside (user-needs G12).
"""

from __future__ import annotations

from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.blob import RegistryBlobReader


def open_foreign(http: Http, blob: Descriptor, offset: int, mend: Callable[[int, str], None], subject: str) -> RegistryBlobReader:
    """From the first URL that has it.  Raises NotFound with what each of them said."""
    problems = []
    for url in blob.urls:
        try:
            return RegistryBlobReader(_opener(http, str(url)), mend, blob.size, offset, subject)
        except MirrorError as error:
            problems.append(error.message)
    raise NotFound(f"no place has this layer: {'; '.join(problems)}", subject=subject)


def _opener(http: Http, url: str) -> Callable[[int], Response]:
    origin, target = split_url(url)
    http.check_plain(origin)

    def opener(start: int) -> Response:
        headers = (("Range", f"bytes={start}-"),) if start else ()
        response = http.open(Request("GET", origin, target, headers))
        if response.status in (200, 206):
            return response
        raise NotFound(f"{origin} answered {response.status}", subject=url.partition("?")[0], host=origin.netloc, status=response.status)

    return opener
