# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is said of a host that does not answer, and what may be shown of an answer that refuses."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import ERROR_BODY
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import HIDDEN
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth import secrets_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, Unreached
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response


def unreachable(origin: Origin, error: Interrupted, attempts: int = 1) -> Unreachable:
    """The error for a host that does not answer, or that something before it keeps us from."""
    times = f" after {attempts} attempts" if attempts > 1 else ""
    end, advice = (error.end, error.advice) if isinstance(error, Unreached) else (str(origin), "")
    through = "" if end == str(origin) else f", by which {origin} is to be reached"
    return Unreachable(
        f"no answer from {end}{through}{times}: {error.reason}", subject=origin.netloc, host=origin.netloc, attempts=attempts, advice=advice
    )


def read_error(response: Response, sent: str) -> None:
    """The body of a refusal, as far as it helps, without what it repeats of our credentials.

    sent: the Authorization header that went along.  Some servers and proxies show the whole request in their error pages.
    """
    try:
        response.read(ERROR_BODY)
    except Interrupted:
        response.close()
    for secret in secrets_of(sent):
        response.body = response.body.replace(secret.encode("utf-8"), HIDDEN.encode("ascii"))


def conceal(response: Response, sent: str) -> None:
    """Takes out of the headers, which messages quote, what they repeat of our credentials; `Location` and `Link` are never quoted."""
    for secret in secrets_of(sent):
        for name, value in response.headers.items():
            if secret in value and name not in ("location", "link"):
                response.headers[name] = value.replace(secret, HIDDEN)
