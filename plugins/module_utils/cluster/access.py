# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How an API server is reached: from options, the environment, a kubeconfig, or the pod that this runs in.

Names and order of precedence are those of kubernetes.core.  A kubeconfig may name programs that give credentials (`exec`,
`auth-provider`); none is started here.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents as yaml_documents

_POD = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN = "Give a token as api_key, such as that of a service account."


@dataclass(frozen=True)
class Access:
    """server: URL.  token: for the Authorization header, empty for none.

    ca, certificate, key: PEM text, empty for the system's authorities and no client certificate.
    groups: to act as, with `user`.
    """

    server: str
    token: str = field(default="", repr=False)
    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    verify: bool = True
    proxy: str = field(default="", repr=False)
    user: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """What the user says; what is empty (None for `verify`) is left to the environment, then to the kubeconfig.

    kubeconfig: a path, or its content.
    """

    kubeconfig: Any = None
    context: str = ""
    server: str = ""
    token: str = field(default="", repr=False)
    ca_path: str = ""
    certificate_path: str = ""
    key_path: str = ""
    verify: bool | None = None
    proxy: str = field(default="", repr=False)
    user: str = ""
    groups: tuple[str, ...] = ()


def find_access(wishes: Wishes, environ: Mapping[str, str]) -> Access:
    """Raises InputError, StorageError."""

    def wish(value: str, name: str) -> str:
        return value or environ.get(f"K8S_AUTH_{name}", "")

    server = wish(wishes.server, "HOST")
    found = _of_kubeconfig(wishes, environ, needed=not server)
    verify, said = wishes.verify, environ.get("K8S_AUTH_VERIFY_SSL", "")
    if verify is None:
        verify = said.lower() not in ("0", "false", "no", "n", "off") if said else found.verify
    token = wish(wishes.token, "API_KEY")
    # Credentials belong to the server that the kubeconfig names; they go to no other.
    known = found if not server or server == found.server else Access(server)
    return Access(
        server=_server(server or found.server),
        token=token or known.token,
        ca=_file(wish(wishes.ca_path, "SSL_CA_CERT")) or known.ca,
        certificate=_file(wish(wishes.certificate_path, "CERT_FILE")) or (b"" if token else known.certificate),
        key=_file(wish(wishes.key_path, "KEY_FILE")) or (b"" if token else known.key),
        verify=verify,
        proxy=wish(wishes.proxy, "PROXY") or known.proxy,
        user=wish(wishes.user, "IMPERSONATE_USER"),
        groups=wishes.groups or tuple(filter(None, environ.get("K8S_AUTH_IMPERSONATE_GROUPS", "").split(","))),
    )


def _server(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        url = f"https://{url}"
    return url.rstrip("/")


def _file(path: str) -> bytes:
    if not path:
        return b""
    try:
        return files.read(os.path.expanduser(path), limits.SMALL.size)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}", subject=path) from error


def _of_kubeconfig(wishes: Wishes, environ: Mapping[str, str], needed: bool) -> Access:
    given = wishes.kubeconfig or environ.get("K8S_AUTH_KUBECONFIG") or environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    if isinstance(given, Mapping):
        return _read(dict(given), "kubeconfig", "", wishes, environ)
    path = os.path.expanduser(str(given or "~/.kube/config"))
    try:
        content = files.read(path, limits.DOCUMENT.size)
    except FileNotFoundError as error:
        if not given and not needed:
            return Access("")
        if not given and environ.get("KUBERNETES_SERVICE_HOST"):
            return _of_pod(environ)
        advice = "Give kubeconfig, or host and api_key."
        raise InputError(f"there is no kubeconfig at {path}", subject="kubeconfig", advice=advice) from error
    return _read(yaml_documents.load(content, path), path, os.path.dirname(path), wishes, environ)


def _of_pod(environ: Mapping[str, str]) -> Access:
    """As the service account of the pod that this runs in."""
    token = _file(os.path.join(_POD, "token")).decode("ascii", "replace").strip()
    server = f"https://{environ['KUBERNETES_SERVICE_HOST']}:{environ.get('KUBERNETES_SERVICE_PORT', '443')}"
    return Access(server, token, _file(os.path.join(_POD, "ca.crt")))


def _read(document: Any, subject: str, folder: str, wishes: Wishes, environ: Mapping[str, str]) -> Access:
    """folder: that its relative paths count from."""
    try:
        whole = Shape(document)
        chosen = wishes.context or environ.get("K8S_AUTH_CONTEXT", "") or whole.optional("current-context", "").text()
        context = _named(whole, "contexts", "context", chosen)
        cluster = _named(whole, "clusters", "cluster", context.member("cluster").text())
        user = _named(whole, "users", "user", context.optional("user", "").text()) if context.optional("user").value else Shape({})
        return _access(cluster, user, folder)
    except InputError as error:
        raise InputError(error.message, subject=error.subject or subject, advice=error.advice) from error


def _named(document: Shape, plural: str, singular: str, name: str) -> Shape:
    for entry in document.optional(plural, []).items():
        if entry.member("name").value == name:
            return entry.member(singular)
    raise InputError(f"it has no {singular} {name!r:.200}" if name else "it names no current context", advice="Name one with context.")


def _access(cluster: Shape, user: Shape, folder: str) -> Access:
    for refused in ("exec", "auth-provider"):
        if user.optional(refused).value:
            raise InputError(f"its user gets credentials from a program ({refused}), which is not started here", advice=_TOKEN)
    token = user.optional("token", "").text() or _content(user, "tokenFile", "", folder).decode("ascii", "replace").strip()
    certificate = _content(user, "client-certificate", "client-certificate-data", folder)
    if user.optional("password").value and not token and not certificate:
        raise InputError("its user has a password, which API servers no longer take", advice=_TOKEN)
    return Access(
        server=_server(cluster.member("server").text()),
        token=token,
        ca=_content(cluster, "certificate-authority", "certificate-authority-data", folder),
        certificate=certificate,
        key=_content(user, "client-key", "client-key-data", folder),
        verify=cluster.optional("insecure-skip-tls-verify", False).value is not True,
        proxy=cluster.optional("proxy-url", "").text(),
    )


def _content(entry: Shape, path: str, data: str, folder: str) -> bytes:
    """What is given as data or in a file; data has precedence."""
    encoded = entry.optional(data, "").text() if data else ""
    if encoded:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InputError(f"{entry.place}.{data} is not base64") from error
    name = entry.optional(path, "").text()
    return _file(os.path.join(folder, name)) if name else b""
