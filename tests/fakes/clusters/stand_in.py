# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an API server: its paths, discovery, validation, server-side apply, dry run, deletion, tokens and rights.

It keeps everything in memory and runs no controllers.  What it says is held to a real one by running the same cases on both.
"""

from __future__ import annotations

import copy
import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.disconnected.mirror.tests.fakes.clusters import apply, schemas
from ansible_collections.disconnected.mirror.tests.fakes.clusters.cluster import ADMIN, NAMESPACES, READER, Cluster

_READING = ("GET",)
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    422: "Invalid",
    415: "UnsupportedMediaType",
}
_DATA: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
_FREE: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


class Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Served:
    """A kind.  objects: by (namespace, name).  owners: who owns which fields of each."""

    root: str
    plural: str
    kind: str
    namespaced: bool
    schema: Mapping[str, Any]
    subresource: bool = False
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    owners: dict[tuple[str, str], dict[tuple[str, str], apply.Fields]] = field(default_factory=dict)


def _builtin(root: str, plural: str, kind: str, namespaced: bool, **properties: Any) -> Served:
    schema = {"type": "object", "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, **properties}}
    return Served(root, plural, kind, namespaced, {**schema, "properties": {**schema["properties"], "metadata": schemas.METADATA}}, True)


class StandIn(Cluster):
    """Use as a context manager.  requests: (method, path) of all that came.  fail: answers for the next requests, by status."""

    kind = "stand-in"

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {ADMIN: f"token-{uuid.uuid4().hex}", READER: f"token-{uuid.uuid4().hex}"}
        self.requests: list[tuple[str, str]] = []
        self.fail: list[int] = []
        self._lock = threading.RLock()
        self._version = 0
        self._kinds = [
            _builtin("/api/v1", "namespaces", "Namespace", False, spec=_FREE, status=_FREE),
            _builtin("/api/v1", "configmaps", "ConfigMap", True, data=_DATA, binaryData=_DATA),
            _builtin("/api/v1", "secrets", "Secret", True, data=_DATA, type={"type": "string"}),
            _builtin("/api/v1", "nodes", "Node", False, spec=_FREE, status=_FREE),
            _builtin("/api/v1", "pods", "Pod", True, spec=_FREE, status=_FREE),
            _builtin("/apis/apps/v1", "deployments", "Deployment", True, spec=_FREE, status=_FREE),
            Served("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", False, _FREE),
        ]
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> StandIn:
        stand_in = self

        class Handler(_Handler):
            cluster = stand_in

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.server = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        for name in NAMESPACES:
            self.answer("POST", "/api/v1/namespaces", {}, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "")
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, header: str, method: str, path: str) -> None:
        user = next((name for name, token in self.tokens.items() if header == f"Bearer {token}"), "")
        if not user:
            raise Refusal(401, "Unauthorized")
        if user == READER and method not in _READING:
            plural = path.split("/")[-2]
            verb = {"PATCH": "patch", "POST": "create", "PUT": "update", "DELETE": "delete"}[method]
            raise Refusal(403, f'{plural} "{path.split("/")[-1]}" is forbidden: User "{user}" cannot {verb} resource "{plural}"')

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any, content_type: str) -> Any:
        with self._lock:
            for root in {served.root for served in self._kinds}:
                if path == root and method == "GET":
                    return self._discovery(root)
            served, namespace, name, subresource = self._route(path)
            if method == "GET":
                return self._list(served, namespace, query) if not name else self._found(served, namespace, name)
            dry_run = query.get("dryRun") == "All"
            if method == "POST":
                return self._create(served, namespace, body, dry_run, query)
            if method == "DELETE":
                # Where there is a body, the query is not read.
                return self._delete(served, namespace, name, body, "All" in (body.get("dryRun") or ()) if body else dry_run)
            if method == "PATCH" and content_type == "application/apply-patch+yaml":
                return self._apply(served, namespace, name, body, query, dry_run)
            if method == "PATCH" and content_type == "application/merge-patch+json":
                return self._merge(served, namespace, name, body, query, dry_run, subresource)
            raise Refusal(415, f"{method} with {content_type} is not served")

    def _discovery(self, root: str) -> Any:
        own = [served for served in self._kinds if served.root == root]
        resources = [{"name": served.plural, "namespaced": served.namespaced, "kind": served.kind} for served in own]
        return {"kind": "APIResourceList", "groupVersion": root.split("/", 2)[2], "resources": resources}

    def _route(self, path: str) -> tuple[Served, str, str, str]:
        for served in self._kinds:
            if path.startswith(served.root + "/"):
                parts = path[len(served.root) + 1 :].split("/")
                namespace = parts[1] if len(parts) > 2 and parts[0] == "namespaces" else ""
                rest = parts[2:] if namespace else parts
                if rest[0] == served.plural and bool(namespace) <= served.namespaced:
                    name, subresource = [*rest[1:], "", ""][:2]
                    return served, namespace, name, subresource
        raise Refusal(404, "the server could not find the requested resource")

    def _found(self, served: Served, namespace: str, name: str) -> dict[str, Any]:
        if (namespace, name) not in served.objects:
            raise Refusal(404, f'{served.plural} "{name}" not found')
        return self._shown(served, (namespace, name))

    def _shown(self, served: Served, key: tuple[str, str]) -> dict[str, Any]:
        return _with_managers(served.objects[key], served.owners.get(key, {}))

    def _list(self, served: Served, namespace: str, query: Mapping[str, str]) -> Any:
        wanted = query.get("labelSelector", "")
        keys = [key for key in sorted(served.objects) if (not namespace or key[0] == namespace) and _selected(served.objects[key], wanted)]
        start, size = int(query.get("continue") or 0), int(query.get("limit") or 500)
        page = [self._shown(served, key) for key in keys[start : start + size]]
        onward = {"continue": str(start + size)} if start + size < len(keys) else {}
        return {"kind": f"{served.kind}List", "apiVersion": served.root.split("/", 2)[2], "metadata": onward, "items": page}

    def _create(self, served: Served, namespace: str, body: Any, dry_run: bool, query: Mapping[str, str]) -> Any:
        key = (namespace, body["metadata"]["name"])
        if key in served.objects:
            raise Refusal(409, f'{served.plural} "{key[1]}" already exists')
        if served.kind == "CustomResourceDefinition":
            self._install(body)
        owners = apply.update({}, body, served.schema, {}, query.get("fieldManager", "create"))
        return self._store(served, key, body, owners, dry_run)

    def _install(self, crd: Any) -> None:
        spec = crd["spec"]
        for version in (entry for entry in spec["versions"] if entry["served"]):
            schema = copy.deepcopy(version["schema"]["openAPIV3Schema"])
            schema["properties"] = {**schema.get("properties", {}), "metadata": schemas.METADATA}
            for name in ("apiVersion", "kind"):
                schema["properties"].setdefault(name, {"type": "string"})
            root = f"/apis/{spec['group']}/{version['name']}"
            names = spec["names"]
            namespaced, status = spec["scope"] == "Namespaced", "status" in (version.get("subresources") or {})
            self._kinds.append(Served(root, names["plural"], names["kind"], namespaced, schema, status))

    def _apply(self, served: Served, namespace: str, name: str, body: Any, query: Mapping[str, str], dry_run: bool) -> Any:
        key = (namespace, name)
        unknown = list(schemas.undeclared(body, served.schema))
        if unknown:
            raise Refusal(400, f"failed to create typed patch object: {unknown[0]}: field not declared in schema")
        live = served.objects.get(key)
        try:
            force = query.get("force") == "true"
            new, owners = apply.apply(live, body, served.schema, served.owners.get(key, {}), query["fieldManager"], force)
        except apply.Conflict as error:
            raise Refusal(409, str(error)) from error
        return self._store(served, key, new, owners, dry_run)

    def _merge(
        self, served: Served, namespace: str, name: str, body: Any, query: Mapping[str, str], dry_run: bool, subresource: str
    ) -> Any:
        live = self._found(served, namespace, name)
        named = (body.get("metadata") or {}).get("resourceVersion")
        if named and named != live["metadata"]["resourceVersion"]:
            raise Refusal(409, f'Operation cannot be fulfilled on {served.plural} "{name}": the object has been modified')
        if served.subresource:
            body = {key: value for key, value in body.items() if (key == "status") == (subresource == "status")}
        new = _merged(served.objects[(namespace, name)], body)
        owners = apply.update(
            served.objects[(namespace, name)],
            new,
            served.schema,
            served.owners.get((namespace, name), {}),
            query.get("fieldManager", "patch"),
        )
        return self._store(served, (namespace, name), new, owners, dry_run)

    def _delete(self, served: Served, namespace: str, name: str, body: Any, dry_run: bool) -> Any:
        live = self._found(served, namespace, name)
        for condition, value in ((body or {}).get("preconditions") or {}).items():
            if live["metadata"][condition] != value:
                raise Refusal(
                    409, f"Precondition failed: {condition} in precondition: {value}, in object meta: {live['metadata'][condition]}"
                )
        if not dry_run:
            del served.objects[(namespace, name)], served.owners[(namespace, name)]
        return {"kind": "Status", "status": "Success"}

    def _store(self, served: Served, key: tuple[str, str], new: Any, owners: dict[tuple[str, str], apply.Fields], dry_run: bool) -> Any:
        namespace, name = key
        if served.namespaced and ("", namespace) not in self._kinds[0].objects:
            raise Refusal(404, f'namespaces "{namespace}" not found')
        new = schemas.with_defaults(copy.deepcopy(new), served.schema)
        wrong = list(schemas.problems(new, served.schema))
        if wrong:
            raise Refusal(422, f'{served.kind} "{name}" is invalid: {wrong[0].lstrip(".")}')
        live = served.objects.get(key)
        fixed = live["metadata"] if live else {"uid": str(uuid.uuid4()), "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1}
        metadata = {**new["metadata"], **{each: fixed[each] for each in ("uid", "creationTimestamp", "generation")}}
        if live and _wished(live) != _wished(new):
            metadata["generation"] += 1
        new["metadata"] = {**metadata, "name": name, **({"namespace": namespace} if namespace else {})}
        if (
            live is None
            or {**live, "metadata": None} != {**new, "metadata": None}
            or _content(live) != _content(new)
            or served.owners.get(key) != owners
        ):
            self._version += 1
            new["metadata"]["resourceVersion"] = str(self._version)
        else:
            new["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        if not dry_run:
            served.objects[key], served.owners[key] = new, owners
        return _with_managers(new, owners)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: two small ones wait for each other.
    wbufsize = -1
    cluster: StandIn

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length) if length else b""
        self.cluster.requests.append((self.command, self.path))
        try:
            if self.cluster.fail:
                status = self.cluster.fail.pop(0)
                raise Refusal(status, "for a test")
            self.cluster.authorize(self.headers.get("Authorization", ""), self.command, url.path)
            body = json.loads(content) if content else None
            answer = self.cluster.answer(self.command, url.path, dict(parse_qsl(url.query)), body, self.headers.get("Content-Type", ""))
            self._send(201 if self.command == "POST" else 200, answer)
        except Refusal as error:
            reason = _REASONS.get(error.status, "InternalError")
            self._send(error.status, {"kind": "Status", "status": "Failure", "message": str(error), "reason": reason, "code": error.status})

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET

    def _send(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_arguments: Any) -> None:
        """Tests read `requests`."""


def _wished(live: Mapping[str, Any]) -> dict[str, Any]:
    """What a change of makes a new generation."""
    return {key: value for key, value in live.items() if key not in ("metadata", "status")}


def _content(live: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in live["metadata"].items() if key != "resourceVersion"}


def _with_managers(live: Mapping[str, Any], owners: Mapping[tuple[str, str], apply.Fields]) -> dict[str, Any]:
    entries = [
        {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": apply.tree(fields)}
        for (manager, operation), fields in sorted(owners.items())
    ]
    return {**live, "metadata": {**live["metadata"], "managedFields": entries}}


def _selected(live: Mapping[str, Any], selector: str) -> bool:
    labels = live["metadata"].get("labels") or {}
    name, _equals, value = selector.partition("=")
    return not selector or (labels.get(name) == value if _equals else name in labels)


def _merged(live: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    found = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _merged(found.get(key), value)
    return found
