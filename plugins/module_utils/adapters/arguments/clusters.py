# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How modules are told to reach a cluster; `plugins/doc_fragments/cluster.py` documents it.  Names are those of kubernetes.core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Wishes

CLUSTER: dict[str, Any] = {
    # Its secrets are taken out of results one by one; as a whole it has words in it that stand everywhere.
    "kubeconfig": {"type": "raw", "no_log": False},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "aliases": ["key_file"], "no_log": False},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    "proxy": {"type": "str"},
    "impersonate_user": {"type": "str"},
    "impersonate_groups": {"type": "list", "elements": "str", "default": []},
}

# The same for one cluster of several.
_BRIEF = ("kubeconfig", "context", "host", "api_key", "ca_cert", "validate_certs")
CLUSTERS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {name: {key: value for key, value in CLUSTER[name].items() if key != "aliases"} for name in _BRIEF},
}


def access_wishes(params: Mapping[str, Any]) -> Wishes:
    """Raises InputError for a kubeconfig that is neither a path nor a mapping."""
    if params["kubeconfig"] and not isinstance(params["kubeconfig"], (str, Mapping)):
        raise InputError("it is neither a path nor the content of a kubeconfig", subject="kubeconfig")
    return Wishes(
        kubeconfig=params["kubeconfig"],
        context=params["context"] or "",
        server=params["host"] or "",
        token=params["api_key"] or "",
        ca_path=params["ca_cert"] or "",
        certificate_path=params.get("client_cert") or "",
        key_path=params.get("client_key") or "",
        verify=params["validate_certs"],
        proxy=params.get("proxy") or "",
        user=params.get("impersonate_user") or "",
        groups=tuple(params.get("impersonate_groups") or ()),
    )
