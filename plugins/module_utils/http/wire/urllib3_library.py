# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""urllib3, imported here alone, so that a host without it gets a sentence instead of a traceback.

It comes with requests, by which name distributions and users know it.  A face asks `IMPORT_ERROR` before it uses the network.
"""

from __future__ import annotations

import traceback
from typing import Any

__all__ = [
    "IMPORT_ERROR",
    "HTTPConnection",
    "HTTPConnectionPool",
    "HTTPError",
    "HTTPSConnection",
    "HTTPSConnectionPool",
    "socks_library",
    "urllib3",
]

try:
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import HTTPError

    IMPORT_ERROR = ""
except ImportError:
    urllib3 = None
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object
    HTTPError = OSError
    IMPORT_ERROR = traceback.format_exc()

__all__ = [
    "IMPORT_ERROR",
    "HTTPConnection",
    "HTTPConnectionPool",
    "HTTPError",
    "HTTPSConnection",
    "HTTPSConnectionPool",
    "socks_library",
    "urllib3",
]


def socks_library() -> Any:
    """urllib3's own module for SOCKS; None where PySocks is not installed, which it warns of on standard error."""
    try:
        import socks as _needed
        from urllib3.contrib import socks
    except ImportError:
        return None
    return socks if _needed else None
