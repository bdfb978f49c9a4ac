# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Secrets inside options that are no secrets as a whole, such as the password in a proxy's URL.

Ansible repeats a module's options in its result when it is verbose; what is found here is starred there and anywhere else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import secrets

_PROXIES = ("http_proxy", "https_proxy", "proxy")
_USER_SECRETS = ("token", "password", "client-key-data")


def secrets_in(params: Mapping[str, Any]) -> set[str]:
    """Every text among the options of a module that must not be shown."""
    found = set(_in_texts(dict(params)))
    for name in _PROXIES:
        found |= secrets(str(params.get(name) or ""), authority=True)
    found.update(_decoded(params.get("pull_secret")))
    for cluster in (params, *(params.get("protect_clusters") or ())):
        found.update(_of_users(cluster.get("kubeconfig")))
    return {form for text in found for form in (text, unquote(text)) if form}


def _in_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from secrets(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _in_texts(key)
            yield from _in_texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _in_texts(inner)


def _of_users(kubeconfig: Any) -> Iterator[str]:
    """What the users of a kubeconfig that is given as a value log in with."""
    users = kubeconfig.get("users") if isinstance(kubeconfig, Mapping) else ()
    for entry in users if isinstance(users, (list, tuple)) else ():
        user = entry.get("user") if isinstance(entry, Mapping) else None
        if isinstance(user, Mapping):
            yield from (str(user.get(name) or "") for name in _USER_SECRETS)


def _decoded(pull_secret: Any) -> Iterator[str]:
    """The passwords that an auth file has in another form; what is malformed is told elsewhere."""
    auths = pull_secret.get("auths", pull_secret) if isinstance(pull_secret, Mapping) else {}
    for entry in auths.values() if isinstance(auths, Mapping) else ():
        try:
            text = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode("utf-8")
        except (AttributeError, binascii.Error, ValueError):
            continue
        yield text.partition(":")[2]
