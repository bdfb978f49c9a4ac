# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real API server: kube-apiserver over etcd, on loopback, with RBAC and tokens of its own.  No controllers run.

`make apiserver` builds the one; etcd comes with the system.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from typing import Any
from urllib.error import URLError

from ansible_collections.disconnected.mirror.tests.fakes.clusters.cluster import ADMIN, NAMESPACES, READER, Cluster
from ansible_collections.disconnected.mirror.tests.fakes.processes import find, free_port

_SECONDS = 120


def programs() -> tuple[str, str]:
    """kube-apiserver and etcd; empty where they are not there."""
    return find(("kube-apiserver",)), find(("etcd",))


class RealCluster(Cluster):
    """Use as a context manager.  folder: for its state and logs."""

    kind = "kube-apiserver"

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> RealCluster:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self) -> None:
        server, etcd = programs()
        os.makedirs(self.folder, exist_ok=True)
        self.tokens = {ADMIN: secrets.token_hex(16), READER: secrets.token_hex(16)}
        lines = [f'{self.tokens[ADMIN]},admin,1,"system:masters"', f'{self.tokens[READER]},reader,2,"readers"']
        tokens = self._write("tokens.csv", "\n".join(lines) + "\n")
        key = self._key()
        client, peer, port = free_port(), free_port(), free_port()
        store = f"http://127.0.0.1:{client}"
        self._run(
            etcd,
            "etcd",
            {
                "data-dir": os.path.join(self.folder, "etcd"),
                "listen-client-urls": store,
                "advertise-client-urls": store,
                "listen-peer-urls": f"http://127.0.0.1:{peer}",
                "initial-advertise-peer-urls": f"http://127.0.0.1:{peer}",
                "initial-cluster": f"default=http://127.0.0.1:{peer}",
                "log-level": "warn",
                "unsafe-no-fsync": "true",
            },
        )
        certificates = os.path.join(self.folder, "certs")
        self._run(
            server,
            "kube-apiserver",
            {
                "etcd-servers": store,
                "bind-address": "127.0.0.1",
                "advertise-address": "127.0.0.1",
                "secure-port": port,
                "endpoint-reconciler-type": "none",
                "cert-dir": certificates,
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-key-file": key,
                "service-account-signing-key-file": key,
                "service-cluster-ip-range": "10.0.0.0/24",
                "authorization-mode": "RBAC",
                "token-auth-file": tokens,
                "disable-admission-plugins": "ServiceAccount",
                "v": 1,
            },
        )
        self.server, self.ca_path = f"https://127.0.0.1:{port}", os.path.join(certificates, "apiserver.crt")
        self._await_ready()
        self._furnish()

    def _run(self, program: str, name: str, options: dict[str, Any]) -> None:
        with open(os.path.join(self.folder, f"{name}.log"), "wb") as log:
            command = [program, *(f"--{option}={value}" for option, value in options.items())]
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder))

    def _await_ready(self) -> None:
        for _attempt in range(_SECONDS * 10):
            for process in self._processes:
                if process.poll() is not None:
                    raise AssertionError(f"{process.args[0]} ended: {self._log()}")
            try:
                if os.path.exists(self.ca_path):
                    self.ask("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view")
                    self.ask("GET", "/api/v1/namespaces/default")
                    return
            except (URLError, OSError):
                pass
            time.sleep(0.1)
        raise AssertionError(f"kube-apiserver is not ready: {self._log()}")

    def _furnish(self) -> None:
        """Namespaces, and the right to read for the reader."""
        for name in NAMESPACES:
            self.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "read-all"}}
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}, {"nonResourceURLs": ["*"], "verbs": ["get"]}]
        root = "/apis/rbac.authorization.k8s.io/v1"
        self.ask("POST", f"{root}/clusterroles", {**role, "rules": rules})
        subject = {"kind": "Group", "name": "readers", "apiGroup": "rbac.authorization.k8s.io"}
        reference = {"kind": "ClusterRole", "name": "read-all", "apiGroup": "rbac.authorization.k8s.io"}
        binding = {**role, "kind": "ClusterRoleBinding", "subjects": [subject], "roleRef": reference}
        self.ask("POST", f"{root}/clusterrolebindings", binding)

    def _log(self) -> str:
        path = os.path.join(self.folder, "kube-apiserver.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def _write(self, name: str, content: str) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", opener=lambda where, flags: os.open(where, flags, 0o600)) as file:
            file.write(content)
        return path

    def _key(self) -> str:
        """An RSA key that service accounts' tokens would be signed with."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        return self._write("sa.key", rsa.generate_private_key(65537, 2048).private_bytes(*form).decode("ascii"))
