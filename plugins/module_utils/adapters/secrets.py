# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Secrets inside options that are no secrets as a whole, such as the password in a proxy's URL.

Ansible repeats a module's options in its result when it is verbose; what is found here is starred there and anywhere else.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Iterator, Mapping, Set
from urllib.parse import unquote

_IN_URL = re.compile(r"https?://[^/@\s:]*:([^/\s]+)@")
_PROXIES = ("http_proxy", "https_proxy")


def secrets_in(params: Mapping[str, Any]) -> Set[str]:
    """Every text among the options of a module that must not be shown."""
    found = set(_in_urls(dict(params)))
    for name in _PROXIES:
        # The scheme of a proxy may be left out, or be one that is not supported.
        found.update(_in_urls(f"http://{(params.get(name) or '').rpartition('://')[2]}"))
    found.update(_decoded(params.get("pull_secret")))
    return {form for text in found for form in (text, unquote(text)) if form}


def _in_urls(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _IN_URL.findall(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _in_urls(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _in_urls(inner)


def _decoded(pull_secret: Any) -> Iterator[str]:
    """The passwords that an auth file has in another form; what is malformed is told elsewhere."""
    auths = pull_secret.get("auths", pull_secret) if isinstance(pull_secret, Mapping) else {}
    for entry in auths.values() if isinstance(auths, Mapping) else ():
        try:
            text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode("utf-8")
        except (AttributeError, binascii.Error, ValueError):
            continue
        yield text.partition(":")[2]
