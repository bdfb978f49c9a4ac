# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""requests, imported here alone, and only once a document is fetched: it takes a tenth of a second.

`require` is asked before anything else of it is used, so that a host without it gets a sentence instead of a traceback.
"""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported

try:
    from requests import PreparedRequest, RequestException, Response, Session
    from requests.adapters import BaseAdapter
    from requests.auth import AuthBase
    from requests.structures import CaseInsensitiveDict

    INSTALLED = True
except ImportError:
    AuthBase = BaseAdapter = CaseInsensitiveDict = PreparedRequest = Response = Session = object
    RequestException = OSError
    INSTALLED = False

__all__ = ["AuthBase", "BaseAdapter", "CaseInsensitiveDict", "PreparedRequest", "RequestException", "Response", "Session", "require"]


def require() -> None:
    """Raises Unsupported where requests is not installed."""
    if not INSTALLED:
        raise Unsupported(
            "the Python library requests is not installed on this host",
            subject="requests",
            advice="Install python3-requests, or requests from PyPI.",
        )
