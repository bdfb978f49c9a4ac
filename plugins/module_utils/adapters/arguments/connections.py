# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How modules are told to reach registries; `plugins/doc_fragments/registry.py` documents it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination, is_directory
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections

_ACCESS = ("destination_username", "destination_password", "destination_ca", "destination_verify")

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
    destination = _destination(params)
    if destination is not None:
        hosts[destination.host] = {**_most_exact(hosts, destination.host), **_settings(params)}
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
            **(_login(params, destination) if destination is not None else {}),
        },
        token_hosts=tuple(params["trusted_token_hosts"] or ()),
        registries_conf=params["registries_conf"] or "",
        settings=settings,
    )


def _destination(params: Mapping[str, Any]) -> Destination | None:
    """The registry that options of its own are given for; None for no such options, or no registry.  Raises InputError."""
    given = [name for name in _ACCESS if params.get(name) not in (None, "")]
    place = params.get("destination") or ""
    return Destination.parse(place) if given and place and not is_directory(place) else None


def _most_exact(hosts: Mapping[str, Mapping[str, Any]], host: str) -> Mapping[str, Any]:
    """What is set for a host already; that for all hosts holds without being asked for."""
    known = {name.lower(): settings for name, settings in hosts.items()}
    return known.get(host.lower()) or known.get(re.sub(r":[0-9]+\Z", "", host.lower())) or {}


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    given = {"ca_path": params["destination_ca"] or None, "verify": params["destination_verify"]}
    return {key: value for key, value in given.items() if value is not None}


def _login(params: Mapping[str, Any], destination: Destination) -> dict[str, Any]:
    """For the registry, and for the namespace in it, of which others may be told something as well.  Raises InputError."""
    user, password = params["destination_username"] or "", params["destination_password"] or ""
    if bool(user) != bool(password):
        missing = "destination_password" if user else "destination_username"
        raise InputError(f"{missing} is not given", subject=missing, advice="Give a user and a password, or neither.")
    names = {destination.host, "/".join(filter(None, (destination.host, destination.namespace)))} if user else set()
    return {name: {"username": user, "password": password} for name in names}


def _auths(pull_secret: Any) -> Mapping[str, Any]:
    auths = (pull_secret or {}).get("auths") or pull_secret or {}
    if not isinstance(auths, Mapping):
        form = 'The form is {"auths": {"host": {"auth": "..."}}}.'
        raise InputError("auths is not a JSON object", subject="pull_secret", advice=form)
    return auths


def _credential(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("username", "password", "identity_token") if entry[key]}
