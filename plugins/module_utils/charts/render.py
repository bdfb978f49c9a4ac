# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Rendering a chart with the host's `helm`: rendering is helm's business."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import List

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Chart

# Seconds until a chart that does not come to an end is given up.
_TIMEOUT = 120
# Rendered manifests larger than this are not read.
_OUTPUT_LIMIT = 64 * 1024 * 1024
# What helm itself uses where the user names no release.
_RELEASE = "release-name"
# Charts that ask for a Kubernetes version get this one (OpenShift 4.20) where the user names none, because helm's own
# default differs from build to build, and with it the plan would.
_KUBE_VERSION = "1.33.0"


@dataclass(frozen=True)
class Helm:
    """The `helm` program.  path: of the executable, or a name that is looked up."""

    path: str = "helm"

    def program(self) -> str:
        """Raises Unsupported when it is not there."""
        found = shutil.which(self.path)
        if found is None:
            raise Unsupported(
                f"charts need the program helm, and {self.path} is not on this host",
                advice="Install helm 3 on the mirror host or give its path with helm_path.",
            )
        return found

    def template(self, archive: str, chart: Chart) -> str:
        """The manifests of a chart (archive or directory): CRDs included, hooks left out, no cluster asked.

        Raises InputError with helm's own reason (a required value, a broken template), Unsupported.
        """
        with tempfile.TemporaryDirectory(prefix="mirror-helm-") as home:
            command = [
                self.program(),
                "template",
                chart.release_name or _RELEASE,
                archive,
                "--include-crds",
                "--no-hooks",
                *_options(chart, home),
            ]
            done = self._run(command, home)
        if done.returncode != 0:
            raise InputError(
                f"helm cannot render the chart: {_reason(done.stderr)}",
                subject=chart.name or archive,
                advice="Give what it asks for with values or valueFiles of the chart.",
            )
        if len(done.stdout) > _OUTPUT_LIMIT:
            raise Unsupported(f"the rendered chart has {len(done.stdout)} bytes", subject=chart.name or archive)
        return done.stdout.decode("utf-8", "replace")

    def _run(self, command: List[str], home: str) -> "subprocess.CompletedProcess[bytes]":
        # helm's own caches and configuration stay out of the user's home, and proxies or clusters of the host play no part.
        private = {f"HELM_{kind}_HOME": os.path.join(home, kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": home, "LC_ALL": "C.UTF-8", **private}
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False, env=environment)
        except subprocess.TimeoutExpired as error:
            raise InputError(f"helm did not come to an end within {_TIMEOUT} seconds", subject=command[3]) from error


def _options(chart: Chart, folder: str) -> List[str]:
    options: List[str] = []
    for path in chart.value_files:
        options += ["--values", path]
    if chart.values:
        path = os.path.join(folder, "values.json")
        files.write_json(path, chart.values, mode=0o600)
        options += ["--values", path]
    if chart.namespace:
        options += ["--namespace", chart.namespace]
    return [*options, "--kube-version", chart.kube_version or _KUBE_VERSION]


def _reason(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")] or lines[-1:]
    return " ".join(errors).replace("Error: ", "", 1)[:500] or "no reason given"
