# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a run reaches registries: the user's settings as a value, and the stores that come of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Callable, Mapping, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.registries_conf import RegistriesConf
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.upstream import Upstream

OnRetry = Callable[[str, str, float], None]


@dataclass(frozen=True)
class Connections:
    """auth_file, registries_conf: paths, empty for what the environment and the system say.

    credentials: entries of an auth file by registry, which win over files.
    settings: the document of `http.settings.Settings.of`.
    """

    auth_file: str = ""
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    registries_conf: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def open(self, environ: Mapping[str, str], on_retry: OnRetry) -> "Network":
        """Raises InputError (settings, credentials, registries.conf), StorageError, Unsupported (no TOML reader)."""
        credentials = Credentials.of(self.auth_file, self.credentials, environ)
        settings = Settings.of(self.settings, environ)
        conf = RegistriesConf.of(self.registries_conf, environ)
        return Network(*(Http(each, credentials, on_retry) for each in (settings, _unprotected(settings), settings)), conf=conf)


class Network:
    """The stores of a run.  Either end has a client of its own, so that its requests are counted apart.

    insecure: the client for sources that registries.conf calls insecure.
    """

    def __init__(self, source: Http, insecure: Http, destination: Http, conf: RegistriesConf) -> None:
        self._source = source
        self._insecure = insecure
        self._destination = destination
        self._conf = conf

    def upstream(self, workspace: Workspace) -> Upstream:
        """The store that answers for every origin.  workspace: where what is built here lies."""
        return Upstream(
            lambda host: RegistryStore(host, self._source),
            self._conf,
            workspace,
            lambda host: RegistryStore(host, self._insecure),
        )

    def mirror(self, destination: Destination, writing: bool) -> RegistryStore:
        """The mirror registry; credentials with the right to push are asked for when `writing`."""
        return RegistryStore(destination.host, self._destination, writing=writing)

    def registry(self, host: str) -> RegistryStore:
        """Any registry that is written to beside the mirror itself, such as one that keeps histories."""
        return RegistryStore(host, self._destination, writing=True)

    def fetch(self, url: str, headers: Optional[Mapping[str, str]], limit: int) -> bytes:
        """Reads a document for a content source (`imageset.wanted.Fetch`)."""
        return self._source.get(url, (headers or {}).get("Accept", "*/*"), limit)

    def cancel(self) -> None:
        """No request is begun any more."""
        for http in (self._source, self._insecure, self._destination):
            http.cancel()

    def close(self) -> None:
        for http in (self._source, self._insecure, self._destination):
            http.close()


def _unprotected(settings: Settings) -> Settings:
    hosts = {name: replace(host, verify=False, plain_http=True) for name, host in settings.hosts.items()}
    return replace(settings, default=replace(settings.default, verify=False, plain_http=True), hosts=hosts)
