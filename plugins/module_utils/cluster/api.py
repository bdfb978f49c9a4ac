# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An API server: resources are read, applied, dry-run and deleted (server-side apply, Kubernetes 1.22 and later)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    ClusterError,
    InputError,
    NotFound,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Access
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import KINDS, Kind
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

# Who fields belong to that were applied here.
FIELD_MANAGER = "disconnected.mirror"
# Resources of one page of a list.
_PAGE = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_JSON = "application/json"
_NEW_TOKEN = "Log in again, or create a new token (such as with `oc create token`), and give it as api_key."


class Api:
    """Use as a context manager.  retries: of failed requests."""

    def __init__(self, access: Access, environ: Mapping[str, str], retries: int = 4, timeout: float = 30.0) -> None:
        origin, base = split_url(access.server)
        self._origin = origin
        self._base = "" if base == "/" else base
        if origin.scheme == "http" and origin.host not in _LOOPBACK:
            raise InputError("the API server would be contacted without TLS", subject=str(origin), advice="Write https.")
        self._access = access
        self._folder = ""
        self._served: dict[str, frozenset[str]] = {}
        self._settings = self._settings_of(access, environ, retries, timeout)
        self._http = Http(self._settings)

    def _settings_of(self, access: Access, environ: Mapping[str, str], retries: int, timeout: float) -> Settings:
        own: dict[str, Any] = {"verify": access.verify, "plain_http": self._origin.scheme == "http"}
        for name, content in (("ca_path", access.ca), ("client_cert", access.certificate), ("client_key", access.key)):
            if content:
                own[name] = self._keep(f"{name}.pem", content)
        given = {"retries": {"times": retries, "delay": 0.5}, "timeouts": {"stall": timeout, "answer": timeout}}
        proxies = {"https_proxy": access.proxy, "http_proxy": access.proxy} if access.proxy else {}
        return Settings.of({**own, **given, **proxies}, environ)

    def _keep(self, name: str, content: bytes) -> str:
        """TLS libraries take certificates and keys from files alone."""
        self._folder = self._folder or tempfile.mkdtemp(prefix="disconnected-mirror-")
        path = os.path.join(self._folder, name)
        files.put(path, content, 0o600, sync=False)
        return path

    @property
    def server(self) -> str:
        return f"{self._origin}{self._base}"

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def cancel(self) -> None:
        """No request is begun any more."""
        self._http.cancel()

    def reopen(self) -> None:
        """Forgets what was found out about a server that did not answer, so that it is asked again."""
        self._http.close()
        self._http = Http(self._settings)

    def version(self, kind: str) -> str:
        """The version of its API by which the cluster serves a kind; empty when it does not have the kind."""
        known = KINDS[kind]
        return next((version for version in known.versions if known.plural in self._group(known, version)), "")

    def _group(self, kind: Kind, version: str) -> frozenset[str]:
        root = kind.root(version)
        if root not in self._served:
            try:
                entries = self._document(self._ask("GET", root, root)).get("resources") or []
            except NotFound:
                entries = []
            self._served[root] = frozenset(str(entry.get("name")) for entry in entries if isinstance(entry, dict))
        return self._served[root]

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """None where there is no such resource, or the cluster does not have the kind."""
        version = self.version(kind)
        if not version:
            return None
        path = self._path(kind, version, namespace, name)
        try:
            return self._document(self._ask("GET", path, _label(kind, name, namespace)))
        except NotFound:
            return None

    def list(self, kind: str, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """All of a kind, in all namespaces when none is named; none where the cluster does not have the kind."""
        version = self.version(kind)
        if not version:
            return []
        found: list[dict[str, Any]] = []
        query = {"limit": str(_PAGE), **({"labelSelector": selector} if selector else {})}
        while True:
            path = f"{self._path(kind, version, namespace)}?{urlencode(query)}"
            page = self._document(self._ask("GET", path, kind))
            items = page.get("items") or []
            found += [{"apiVersion": KINDS[kind].api_version(version), "kind": kind, **item} for item in items if isinstance(item, dict)]
            onward = (page.get("metadata") or {}).get("continue")
            if not onward or len(found) > limits.LISTED:
                return found
            query["continue"] = str(onward)

    def apply(self, resource: Resource, dry_run: bool, force: bool = True) -> dict[str, Any]:
        """Server-side apply; gives the resource as it is, or would be, afterwards.

        force: take over fields that somebody else changed.
        Raises AccessDenied, Conflict, ClusterError (the server refuses it), NotFound (its namespace, or the kind).
        """
        version = self._needed(resource)
        query = {"fieldManager": FIELD_MANAGER, "force": "true" if force else "false", "fieldValidation": "Strict"}
        path = f"{self._path(resource.kind, version, resource.namespace, resource.name)}?{urlencode(_with_dry_run(query, dry_run))}"
        body = json.dumps(resource.at(KINDS[resource.kind].api_version(version)), ensure_ascii=False).encode("utf-8")
        return self._document(self._ask("PATCH", path, resource.label, body, "application/apply-patch+yaml"))

    def merge(self, resource: Resource, dry_run: bool) -> dict[str, Any]:
        """Changes the members that are given and no others, if the resource still has the version that it names.

        Raises what `apply` raises.
        """
        version = self._needed(resource)
        query = _with_dry_run({"fieldManager": FIELD_MANAGER}, dry_run)
        path = f"{self._path(resource.kind, version, resource.namespace, resource.name)}?{urlencode(query)}"
        body = json.dumps(resource.body, ensure_ascii=False).encode("utf-8")
        return self._document(self._ask("PATCH", path, resource.label, body, "application/merge-patch+json"))

    def delete(self, live: Mapping[str, Any], dry_run: bool) -> None:
        """Deletes a resource as it was read: one that changed or was made anew since then is left alone (Conflict)."""
        metadata = live["metadata"]
        kind, name, namespace = str(live["kind"]), str(metadata["name"]), str(metadata.get("namespace") or "")
        conditions = {"uid": metadata.get("uid"), "resourceVersion": metadata.get("resourceVersion")}
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {k: v for k, v in conditions.items() if v}}
        if dry_run:
            # Where there is a body, servers do not read what the query says.
            options["dryRun"] = ["All"]
        path = self._path(kind, self.version(kind), namespace, name)
        # Gone already is as good; a second attempt finds it so.
        with contextlib.suppress(NotFound):
            self._ask("DELETE", path, _label(kind, name, namespace), json.dumps(options).encode("utf-8"), _JSON)

    def _needed(self, resource: Resource) -> str:
        version = self.version(resource.kind)
        if not version:
            raise NotFound(f"the cluster does not have the kind {resource.kind}", subject=resource.label, host=self._origin.netloc)
        return version

    def _path(self, kind: str, version: str, namespace: str, name: str = "") -> str:
        known = KINDS[kind]
        parts = [known.root(version)]
        if known.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [known.plural, *([quote(name, safe="")] if name else [])]
        return "/".join(parts)

    def _ask(self, method: str, path: str, subject: str, body: bytes = b"", content_type: str = "") -> Response:
        headers = [("Accept", _JSON)]
        if content_type:
            headers.append(("Content-Type", content_type))
        if self._access.user:
            headers.append(("Impersonate-User", self._access.user))
            headers += [("Impersonate-Group", group) for group in self._access.groups]
        authorization = f"Bearer {self._access.token}" if self._access.token else ""
        # Each change can be made twice with the same outcome, so that it may be tried again.
        request = Request(method, self._origin, self._base + path, tuple(headers), body, authorization=authorization)
        response = self._http.exchange(request, limits.RECORD.size)
        if response.status >= 300:
            raise _error(response, subject, self.server)
        return response

    def _document(self, response: Response) -> dict[str, Any]:
        try:
            document = json_values.parse(response.body, limits.RECORD)
        except ValueError as error:
            raise ClusterError(f"the answer of the API server is not JSON: {error}", subject=self.server) from error
        if not isinstance(document, dict):
            raise ClusterError("the answer of the API server is not an object", subject=self.server)
        return document


class Conflict(ClusterError):
    """Somebody else owns a field, or changed the resource meanwhile."""

    code = "conflict"


def _with_dry_run(query: dict[str, str], dry_run: bool) -> dict[str, str]:
    return {**query, "dryRun": "All"} if dry_run else query


def _label(kind: str, name: str, namespace: str) -> str:
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _error(response: Response, subject: str, server: str) -> Exception:
    said = _said(response)
    about: dict[str, Any] = {"subject": subject, "host": server, "status": response.status}
    if response.status == 401:
        return AccessDenied(f"{server} does not accept the credentials: {said}", advice=_NEW_TOKEN, **about)
    if response.status == 403:
        advice = "Grant the account this permission, by a ClusterRole and a binding."
        return AccessDenied(f"the account may not do this: {said}", advice=advice, **about)
    if response.status == 404:
        return NotFound(f"{server} answered 404: {said}", **about)
    if response.status == 409:
        return Conflict(f"{server} answered 409: {said}", advice="Check who changed it, and run this again.", **about)
    if response.status in (400, 422):
        return ClusterError(f"the cluster refuses it: {said}", **about)
    return ClusterError(f"{server} answered {response.status}: {said}", **about)


def _said(response: Response) -> str:
    """The message of a Status, which is what API servers answer errors with."""
    try:
        document = json_values.parse(response.body, limits.SMALL)
        return str(document["message"])[:2000]
    except (ValueError, KeyError, TypeError):
        return response.body.decode("utf-8", "replace").strip()[:300] or "nothing more"
