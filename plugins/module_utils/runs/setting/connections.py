# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a run reaches registries: the user's settings as a value, and the stores that come of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.registries_conf import RegistriesConf
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Tell, tell_nobody
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.request_limits import RequestLimits
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.web import WebFiles

OnRetry = Callable[[str, str, float], None]


@dataclass(frozen=True)
class Connections:
    """auth_file, registries_conf: paths, empty for what the environment and the system say.

    credentials: entries of an auth file by registry, which win over files.
    token_hosts: hosts that may hand out tokens for registries of other names (see `http.realm`).
    settings: the document of `http.settings.Settings.of`; not shown, for a proxy's URL may hold a password.
    """

    auth_file: str = ""
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    token_hosts: tuple[str, ...] = ()
    registries_conf: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def open(self, environ: Mapping[str, str], on_retry: OnRetry) -> Network:
        """Raises InputError (settings, credentials, registries.conf), StorageError, Unsupported (no TOML reader)."""
        credentials = Credentials.of(self.auth_file, self.credentials, environ)
        settings = Settings.of(self.settings, environ)
        conf = RegistriesConf.of(self.registries_conf, environ)
        return Network(settings, lambda each: Http(each, credentials, on_retry, self.token_hosts), conf)


class Network:
    """The stores of a run.  Either end has a client of its own, so that its requests are counted apart.

    A registry that registries.conf calls insecure has one, too: where such a registry leads to, by a redirect or for a
    token, the rules of that other host hold.
    """

    def __init__(self, settings: Settings, client: Callable[[Settings], Http], conf: RegistriesConf) -> None:
        self._settings = settings
        self._client = client
        self._source = client(settings)
        self._destination = client(settings)
        self._conf = conf
        self._limits = RequestLimits()
        self._lock = threading.Lock()
        self._insecure: dict[str, Http] = {}
        self._insecure_destinations: dict[str, Http] = {}
        self._cancelled = False
        # Whoever watches is told how far planning is (`Context.tell`).
        self.tell: Tell = tell_nobody

    def upstream(self, workspace: Workspace) -> Upstream:
        """The store that answers for every origin.  workspace: where what is built here lies."""
        return Upstream(
            lambda host: RegistryStore(host, self._source),
            self._conf,
            workspace,
            lambda host: RegistryStore(host, self._careless(host, self._insecure)),
            self._sources,
            lambda: WebFiles(self._source),
        )

    def mirror(self, destination: Destination, writing: bool) -> RegistryStore:
        """The mirror registry; credentials with the right to push are asked for when `writing`.

        What registries.conf calls insecure is so for pushing, too, as for the other tools of the field.
        """
        found = self._conf.find("/".join(filter(None, (destination.host, destination.namespace))))
        http = self._careless(destination.host, self._insecure_destinations) if found and found.insecure else self._destination
        return RegistryStore(destination.host, http, writing=writing, limits=self._limits)

    def remember(self, workspace: Workspace) -> None:
        """What is found out about hosts is kept there for the next run."""
        self._limits = RequestLimits(workspace.request_limits)

    def source(self, host: str) -> RegistryStore:
        """One registry to read from, whatever registries.conf says."""
        return RegistryStore(host, self._source)

    def registry(self, host: str, insecure: bool = False) -> RegistryStore:
        """Any registry that is written to beside the mirror itself, such as one that keeps histories.

        insecure: verify nothing about it and do without TLS where it has none.
        """
        return RegistryStore(host, self._careless(host, self._insecure) if insecure else self._destination, writing=True)

    def fetch(self, url: str, headers: Mapping[str, str] | None, limit: int) -> bytes:
        """Reads a document for a content source (`imageset.wanted.Fetch`)."""
        return self._source.get(url, (headers or {}).get("Accept", "*/*"), limit)

    def newer(self, url: str, accept: str, limit: int, known: str) -> tuple[bytes | None, str]:
        """Reads a document unless it is the one with the entity tag `known`; see `http.documents`."""
        return self._source.newer(url, accept, limit, known)

    def waiting(self) -> tuple[str, float]:
        """The host that has let us wait the longest, and for how many seconds."""
        return max((http.waiting() for http in self._clients()), key=lambda found: found[1])

    def cancel(self) -> None:
        """No request is begun any more."""
        with self._lock:
            self._cancelled = True
        for http in self._clients():
            http.cancel()

    def close(self) -> None:
        for http in self._clients():
            http.close()

    def _clients(self) -> tuple[Http, ...]:
        with self._lock:
            destinations = (self._destination, *self._insecure_destinations.values())
        return (*self._sources(), *destinations)

    def _sources(self) -> tuple[Http, ...]:
        with self._lock:
            return (self._source, *self._insecure.values())

    def _careless(self, host: str, known: dict[str, Http]) -> Http:
        """The client for one registry that registries.conf, or the configuration, calls insecure."""
        with self._lock:
            if host not in known:
                known[host] = self._client(_unprotected(self._settings, host))
                if self._cancelled:
                    known[host].cancel()
            return known[host]


def _unprotected(settings: Settings, host: str) -> Settings:
    """For this host nothing is verified and TLS is not required; for all others everything stays as it is."""
    origin = Origin.of("https", host)
    own = replace(settings.host(origin.host, origin.port), verify=False, plain_http=True)
    return replace(settings, hosts={**settings.hosts, host.lower(): own})
