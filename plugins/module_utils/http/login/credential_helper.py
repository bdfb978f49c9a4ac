# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Credential helpers: `docker-credential-NAME get`, run without a shell and bounded in time.

The protocol: the server's name on standard input, a JSON object with Username and Secret on standard output
(docker-credential-helpers).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import process
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER_HUB
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth_file import Credential

TIMEOUT = 30.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# What helpers say, by convention, when they have nothing for a server.
_NOTHING = "credentials not found"
_TOKEN_USER = "<token>"
_HUB_SERVER = "https://index.docker.io/v1/"


class HelperMissing(AccessDenied):
    """The program is not installed."""


def ask(name: str, key: str, source: str, environ: Mapping[str, str], timeout: float = TIMEOUT) -> Credential | None:
    """What the helper has for a key; None when it has nothing.

    source: the file that names the helper.  Raises InputError (a name that is none), HelperMissing, AccessDenied
    (it failed, hung or answered nonsense).  What it printed is never shown.
    """
    if not _NAME.match(name):
        raise InputError(f"{name!r:.80} is not the name of a credential helper", subject=source)
    program = f"docker-credential-{name}"
    path = shutil.which(program, path=environ.get("PATH", ""))
    if path is None:
        raise HelperMissing(
            f"the credential helper {program} for {key} is not installed",
            subject=source,
            advice="Install it on the host that mirrors, or give the credentials directly.",
        )
    server = _HUB_SERVER if key == DOCKER_HUB else key
    try:
        done = process.run([path, "get"], environ, server.encode("utf-8"), seconds=timeout)
    except Unsupported as error:
        raise AccessDenied(f"there is no answer for {key}: {error.message}", subject=source) from None
    if done.status:
        if _NOTHING in (done.output + done.errors).decode("utf-8", "replace").lower():
            return None
        raise AccessDenied(
            f"{program} failed for {key} with exit status {done.status}",
            subject=source,
            advice=f"Run it by hand: echo {server} | {program} get",
        )
    return _credential(done.output, program, f"{program} ({source}), {key}")


def _credential(output: bytes, program: str, source: str) -> Credential | None:
    try:
        document = json_values.parse(output, limits.SMALL)
        username, secret = document["Username"], document["Secret"]
    except (ValueError, KeyError, TypeError):
        raise AccessDenied(f"the answer of {program} is not what a credential helper says", subject=source) from None
    if not isinstance(username, str) or not isinstance(secret, str):
        raise AccessDenied(f"the answer of {program} is not what a credential helper says", subject=source)
    if not secret:
        return None
    if username == _TOKEN_USER:
        return Credential("", "", secret, source)
    return Credential(username, secret, "", source)
