# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How modules are told to reach registries; `plugins/doc_fragments/registry.py` documents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections

REGISTRY: dict[str, Any] = {
    "auth_file": {"type": "path"},
    "credentials": {
        "type": "list",
        "elements": "dict",
        "options": {
            "registry": {"type": "str", "required": True},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "identity_token": {"type": "str", "no_log": True},
        },
        "required_together": [("username", "password")],
        "mutually_exclusive": [("password", "identity_token")],
        "required_one_of": [("password", "identity_token")],
    },
    "pull_secret": {"type": "dict", "no_log": True},
    # Names of hosts, which are no secret.
    "trusted_token_hosts": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "registries_conf": {"type": "path"},
    "tls": {
        "type": "list",
        "elements": "dict",
        "options": {
            "host": {"type": "str", "required": True},
            "verify": {"type": "bool", "default": True},
            "ca_path": {"type": "path"},
            "client_cert": {"type": "path"},
            "client_key": {"type": "path"},
            "plain_http": {"type": "bool", "default": False},
        },
    },
    "http_proxy": {"type": "str"},
    "https_proxy": {"type": "str"},
    "no_proxy": {"type": "str"},
    "retry_times": {"type": "int", "default": 7},
    "retry_delay": {"type": "float", "default": 1.0},
    "parallel_images": {"type": "int", "default": 8},
    "parallel_layers": {"type": "int", "default": 8},
}


def connections(params: Mapping[str, Any]) -> Connections:
    """The connection options of a module as the core takes them."""
    hosts = {entry["host"]: {key: value for key, value in entry.items() if key != "host"} for entry in params["tls"] or ()}
    settings: dict[str, Any] = {
        **hosts.pop("*", {}),
        "hosts": hosts,
        "retries": {"times": params["retry_times"], "delay": params["retry_delay"]},
        "parallel": max(params["parallel_images"], params["parallel_layers"]),
        **{key: params[key] for key in ("http_proxy", "https_proxy", "no_proxy") if params[key]},
    }
    return Connections(
        auth_file=params["auth_file"] or "",
        credentials={
            **_auths(params["pull_secret"]),
            **{entry["registry"]: _credential(entry) for entry in params["credentials"] or ()},
        },
        token_hosts=tuple(params["trusted_token_hosts"] or ()),
        registries_conf=params["registries_conf"] or "",
        settings=settings,
    )


def _auths(pull_secret: Any) -> Mapping[str, Any]:
    auths = (pull_secret or {}).get("auths") or pull_secret or {}
    if not isinstance(auths, Mapping):
        form = 'The form is {"auths": {"host": {"auth": "..."}}}.'
        raise InputError("auths is not a JSON object", subject="pull_secret", advice=form)
    return auths


def _credential(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("username", "password", "identity_token") if entry[key]}
