# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An sshd of its own for tools that reach a host as users do, with a key that is made for it.

with SshServer(folder) as server:
    inventory = f"host {server.reached('root')}"
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from typing import Any

from ansible_collections.disconnected.mirror.tests.fakes.processes import free_port

PROGRAM = "/usr/sbin/sshd"
# Seconds for its start.
PATIENCE = 20.0


class SshServer:
    """For this machine alone.  folder: gets its keys and log, as the server sees it.  root: of the system that it runs in, by chroot."""

    def __init__(self, folder: str, root: str = "/") -> None:
        self._root = root
        self._outside = tempfile.mkdtemp(prefix="sshd-", dir=os.path.join(root, folder.lstrip("/")))
        self._folder = os.path.join(folder, os.path.basename(self._outside))
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SshServer:
        # Whoever logs in reads the key in it.
        os.chmod(self._outside, 0o711)
        if os.geteuid() == 0:
            os.makedirs(os.path.join(self._root, "run", "sshd"), exist_ok=True)
        for kind in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(self._outside, kind)], check=True)
        with open(os.path.join(self._outside, "log"), "wb") as log:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stderr=log)
        try:
            self._await()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: Any) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._outside, ignore_errors=True)

    def reached(self, user: str) -> str:
        """Variables of an inventory for a host behind it."""
        ssh = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        address = f"ansible_host=127.0.0.1 ansible_port={self._port} ansible_user={user}"
        return f"{address} ansible_ssh_private_key_file={os.path.join(self._outside, 'user')} ansible_ssh_common_args='{ssh}'"

    def _command(self) -> list[str]:
        keys = (f"HostKey={self._folder}/host", f"AuthorizedKeysFile={self._folder}/user.pub", "StrictModes=no")
        options = ("ListenAddress=127.0.0.1", f"Port={self._port}", *keys, "PermitRootLogin=yes", "UsePAM=no", "PidFile=none")
        inside = [] if self._root == "/" else ["chroot", self._root]
        return [*inside, PROGRAM, "-D", "-e", *(word for option in options for word in ("-o", option))]

    def _await(self) -> None:
        """Raises RuntimeError, with the last words of a server that does not answer."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(os.path.join(self._outside, "log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"no sshd on port {self._port}: {log.read()[-500:]}")
