# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Rendering a chart with the host's `helm`: rendering is helm's business."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files, process
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Chart

# Seconds until a chart that does not come to an end is given up.
_TIMEOUT = 120.0
# Where the user names no release or no namespace: words that are found again in what was made of them.
_RELEASE, _NAMESPACE = "unsetrelease", "unsetnamespace"
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
        with temporary_folder() as home:
            # Nothing of the configuration can become an option of its own: what is no option comes after the two dashes.
            command = [self.program(), "template", "--include-crds", "--no-hooks", *_options(chart, home)]
            command += ["--", chart.release_name or _RELEASE, os.path.abspath(archive)]
            try:
                done = _run(command, home)
            except Unsupported as error:
                error.subject = chart.name or archive
                raise
        if done.status != 0:
            raise InputError(
                f"helm cannot render the chart: {_reason(done.errors)}",
                subject=chart.name or archive,
                advice="Set the required values with values or valueFiles of the chart.",
            )
        return done.output.decode("utf-8", "replace")


def _run(command: list[str], home: str) -> process.Done:
    """Raises Unsupported: it cannot be run, does not come to an end, or says too much."""
    # helm's own caches and configuration stay out of the user's home, and proxies or clusters of the host play no part.
    private = {f"HELM_{kind}_HOME": os.path.join(home, kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": home, "LC_ALL": "C.UTF-8", **private}
    return process.run(command, environment, seconds=_TIMEOUT, output=limits.RENDERED.size)


def unset_in(name: str, chart: Chart) -> tuple[str, ...]:
    """The settings of a chart that an image's name was made of and that nobody gave: `releaseName`, `namespace`.

    Such an image is nobody's; whoever registers its name would decide what is mirrored.
    """
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    unset = (("releaseName", chart.release_name, _RELEASE), ("namespace", chart.namespace, _NAMESPACE))
    return tuple(key for key, given, word in unset if not given and word in letters)


def _options(chart: Chart, folder: str) -> list[str]:
    options = [f"--values={_listed(path)}" for path in chart.value_files]
    if chart.values:
        path = os.path.join(folder, "values.json")
        files.write_json(path, chart.values, mode=0o600)
        options.append(f"--values={_listed(path)}")
    return [*options, f"--namespace={chart.namespace or _NAMESPACE}", f"--kube-version={chart.kube_version or _KUBE_VERSION}"]


def _listed(path: str) -> str:
    """A path as helm takes it: commas separate several, an address is fetched from the network, a dash is the standard input."""
    quoted = os.path.abspath(path).replace('"', '""')
    return f'"{quoted}"'


def _reason(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")] or lines[-1:]
    return " ".join(errors).replace("Error: ", "", 1)[:500] or "no reason given"
