# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests want of a cluster, whether it is the stand-in or a real API server.

cluster.install(crds.own())
cluster.create(document); cluster.status("MachineConfigPool", "worker", {...})
arguments = cluster.login("admin")      # options of our modules
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import KINDS

NAMESPACES = ("openshift-config", "openshift-config-managed", "openshift-marketplace", "openshift-update-service", "openshift-operators")
# What differs between clusters with the same content.
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
# Users of these tests: one may do all, one may read all.
ADMIN, READER = "admin", "reader"


class Cluster:
    """server: URL.  ca_path: of its certificate, empty without TLS.  tokens: by user."""

    kind = ""

    def __init__(self) -> None:
        self.server = ""
        self.ca_path = ""
        self.tokens: dict[str, str] = {}
        self.known: dict[str, tuple[str, str, bool]] = {
            name: (kind.root(kind.versions[0]), kind.plural, kind.namespaced) for name, kind in KINDS.items()
        }

    def login(self, user: str = ADMIN) -> dict[str, Any]:
        return {"host": self.server, "api_key": self.tokens[user], **({"ca_cert": self.ca_path} if self.ca_path else {})}

    def kubeconfig(self, user: str = ADMIN) -> dict[str, Any]:
        cluster = {"server": self.server, **({"certificate-authority": self.ca_path} if self.ca_path else {})}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": user}}],
            "current-context": "x",
        }

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """As the administrator; raises HTTPError."""
        data = None if body is None else json.dumps(body).encode("utf-8")
        headers = {"Authorization": f"Bearer {self.tokens[ADMIN]}", "Content-Type": content_type}
        context = ssl.create_default_context(cafile=self.ca_path) if self.ca_path else None
        for attempt in range(50):
            try:
                with urlopen(Request(f"{self.server}{path}", data, headers, method=method), timeout=30, context=context) as answer:
                    return json.loads(answer.read())
            except HTTPError as error:
                # A server that has just begun to serve a kind.
                if error.code not in (429, 503) or attempt == 49:
                    raise
                time.sleep(0.2)
        raise AssertionError

    def path(self, kind: str, name: str = "", namespace: str = "") -> str:
        root, plural, namespaced = self.known[kind]
        place = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{root}{place}/{plural}{'/' + name if name else ''}"

    def install(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """CRDs, each only once, then waits until they are served."""
        paths = []
        for document in documents:
            root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
            try:
                self.ask("POST", root, document)
            except HTTPError as error:
                if error.code != 409:
                    raise AssertionError(error.read().decode()) from error
            spec = document["spec"]
            version = next(entry["name"] for entry in spec["versions"] if entry["storage"])
            paths.append((f"/apis/{spec['group']}/{version}", spec["names"]["plural"]))
        for root, plural in paths:
            self._await(root, plural)

    def _await(self, root: str, plural: str) -> None:
        for _attempt in range(300):
            try:
                self.ask("GET", f"{root}/{plural}")
                if any(entry["name"] == plural for entry in self.ask("GET", root)["resources"]):
                    return
            except HTTPError as error:
                if error.code != 404:
                    raise
            time.sleep(0.1)
        raise AssertionError(f"{root}/{plural} is not served")

    def create(self, document: Mapping[str, Any]) -> Any:
        metadata = document["metadata"]
        return self.ask("POST", self.path(document["kind"], "", metadata.get("namespace", "")), document)

    def get(self, kind: str, name: str, namespace: str = "") -> Any:
        try:
            return self.ask("GET", self.path(kind, name, namespace))
        except HTTPError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind: str) -> list[Any]:
        return self.ask("GET", self.path(kind))["items"]

    def edit(self, kind: str, name: str, patch: Mapping[str, Any], namespace: str = "", manager: str = "kubectl-edit") -> Any:
        """As somebody else would, by a merge patch."""
        path = f"{self.path(kind, name, namespace)}?fieldManager={manager}"
        return self.ask("PATCH", path, patch, "application/merge-patch+json")

    def status(self, kind: str, name: str, status: Mapping[str, Any], namespace: str = "") -> Any:
        return self.ask("PATCH", f"{self.path(kind, name, namespace)}/status", {"status": status}, "application/merge-patch+json")

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        self.ask("DELETE", self.path(kind, name, namespace))

    def clear(self, kinds: Iterable[str]) -> None:
        """Deletes everything of these kinds that is there."""
        for kind in kinds:
            for live in self.list(kind):
                self.delete(kind, live["metadata"]["name"], live["metadata"].get("namespace", ""))

    def state(self, kinds: Iterable[str]) -> dict[str, Any]:
        """Everything of these kinds, without what differs between clusters; field managers by name."""
        found = {}
        for kind in kinds:
            for live in self.list(kind):
                metadata = live["metadata"]
                managers = sorted({(entry["manager"], entry["operation"]) for entry in metadata.get("managedFields", ())})
                kept = {key: value for key, value in metadata.items() if key not in _VOLATILE}
                content = {key: value for key, value in live.items() if key not in ("metadata", "apiVersion", "kind")}
                found[f"{kind} {metadata.get('namespace', '')}/{metadata['name']}"] = {**content, "metadata": kept, "managers": managers}
        return found
