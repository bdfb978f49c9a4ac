# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A place that mirrors: a source, a mirror, a workspace, and the requests of runs between them.

    with FakeRegistry() as source, FakeRegistry() as mirror:
        site = Site(source.host, mirror.host, tmp_path)
        site.mirror("team/app:1", "team/tool:2")
        site.prune("team/app:1")

Hosts are spoken to in plain HTTP; any registry on loopback will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, MirrorRun, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import PlanRun, plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.delete import DeleteRequest, delete_listed
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.delete_list import (
    GenerateRequest,
    GenerateRun,
    generate_list,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import DeletionRun, Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.verify import VerifyRequest, VerifyRun, verify_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions

V1, V2 = "v1alpha2", "v2alpha1"


class Site:
    """source, mirror: host:port.  Image names are given without the source's host."""

    def __init__(self, source: str, mirror: str, folder: Any, namespace: str = "site", version: str = V2) -> None:
        self.source = source
        self.workspace = Workspace(str(folder))
        self.destination = Destination.parse(f"docker://{mirror}/{namespace}" if namespace else f"docker://{mirror}")
        self.version = version
        self.connections = Connections(
            settings={"hosts": {host: {"plain_http": True} for host in (source, mirror)}, "retries": {"times": 1, "delay": 0.01}}
        )

    @property
    def registry(self) -> RegistryStore:
        """The mirror, to look at and to change behind the runs' back."""
        http = Http(Settings(default=HostSettings(plain_http=True)), Credentials.of(environ={}))
        return RegistryStore(self.destination.host, http, writing=True)

    def history(self) -> History:
        """What the workspace remembers of the mirror."""
        return History.load(self.workspace, str(self.destination))

    def manifests(self) -> dict[str, bytes]:
        """Every manifest that the workspace keeps, by digest."""
        shelf = Shelf(self.workspace.manifests)
        digests = {digest for entry in self.history().associations for digest in (entry.id, *entry.manifests)}
        return {digest: shelf.get(Digest(digest)).content for digest in digests}

    def imageset(self, names: Iterable[str], stanza: str = "mirror", **more: Any) -> dict[str, Any]:
        kind = "ImageSetConfiguration" if stanza == "mirror" else "DeleteImageSetConfiguration"
        additional = [{"name": f"{self.source}/{name}"} for name in names]
        return {"apiVersion": f"mirror.openshift.io/{self.version}", "kind": kind, stanza: {"additionalImages": additional, **more}}

    def planning(self, *names: str, imageset: dict[str, Any] | None = None, **options: Any) -> PlanSource:
        """Of these images, or of an image set; of what the workspace keeps when neither is given."""
        document = imageset or (self.imageset(names) if names else None)
        return PlanSource(self.workspace, imageset=document, connections=self.connections, **options)

    def plan(self, *names: str, **options: Any) -> PlanRun:
        return plan_imageset(self.planning(*names, **options), {})

    def mirror(self, *names: str, check_mode: bool = False, **options: Any) -> MirrorRun:
        """Plans and mirrors, as the role does."""
        if not check_mode:
            self.plan(*names, **options)
        planning = self.planning(*names, **options) if check_mode else self.planning()
        return mirror(MirrorRequest(planning, self.destination, options=TransferOptions()), {}, check_mode)

    def prune(
        self,
        *names: str,
        check_mode: bool = False,
        only_v1: bool = False,
        after_mirroring: bool = False,
        guards: Guards = Guards(),
        **options: Any,
    ) -> DeletionRun:
        """By a plan that is made first, as the role does."""
        if not check_mode:
            self.plan(*names, **options)
        planning = self.planning(*names, **options) if check_mode else self.planning()
        request = PruneRequest(planning, self.destination, only_v1=only_v1, after_mirroring=after_mirroring, guards=guards)
        return prune(request, {}, check_mode)

    def generate(
        self,
        *names: str,
        check_mode: bool = False,
        content: dict[str, Any] | None = None,
        sources: dict[str, Any] | None = None,
        **options: Any,
    ) -> GenerateRun:
        """A list of what is to go.  content: of the stanza `delete`, besides the images.  sources: their options."""
        imageset = self.imageset(names, "delete", **(content or {}))
        request = GenerateRequest(self.planning(imageset=imageset, options=sources or {}), self.destination, **options)
        return generate_list(request, {}, check_mode)

    def delete(self, path: str, check_mode: bool = False, **options: Any) -> DeletionRun:
        return delete_listed(DeleteRequest(self.workspace, self.destination, path, self.connections, **options), {}, check_mode)

    def verify(self, *names: str, check_mode: bool = False, imageset: dict[str, Any] | None = None, **options: Any) -> VerifyRun:
        """By the plan of the workspace unless images are given."""
        return verify_mirror(VerifyRequest(self.planning(*names, imageset=imageset), self.destination, **options), {}, check_mode)
