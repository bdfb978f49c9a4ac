# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The client of the update service, and of graphs that are kept in files (config-and-releases 2.1)."""

from __future__ import annotations

import os
import threading
import uuid
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Fetch, no_fetch
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import NoGraphData, UpdateServiceError
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import NAME, Channel
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings

_HEADERS = {"Accept": "application/json"}


def query(base: str, architecture: str = "", channel: str = "", version: str = "", identity: str = "") -> str:
    """The URL of a question: parameters in alphabetical order, those of the base URL kept (CH-03).  Raises InputError."""
    try:
        parts = urlsplit(base)
    except ValueError as error:
        raise InputError("the URL cannot be read", subject="update_url", advice="Write https://host/path/graph.") from error
    if "@" in parts.netloc:
        raise InputError("the URL contains a user name", subject="update_url", advice="Give user and password as credentials for its host.")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(
            f"{base!r:.200} is not the URL of an update service", subject="update_url", advice="Write https://host/path/graph."
        )
    given = {"arch": architecture, "channel": channel, "id": identity, "version": version}
    wanted = {key: value for key, value in given.items() if value}
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in wanted]
    return urlunsplit(parts._replace(query=urlencode(sorted(kept + list(wanted.items()))), fragment=""))


class UpdateService:
    """Answers with graphs; each is asked for once in a run.  Safe for several threads.

    folder: where answers are kept verbatim as `<architecture>-<channel>.json`, empty for nowhere.
    """

    def __init__(self, settings: Settings, fetch: Fetch = no_fetch, folder: str = "") -> None:
        self._settings = settings
        self._fetch = fetch
        self._folder = folder
        self._identity = str(uuid.uuid4())
        self._graphs: dict[tuple[str, str, bool], Graph] = {}
        self._lock = threading.Lock()

    def graph(self, channel: Channel, architecture: str) -> Graph:
        """Raises UpdateServiceError, NoGraphData, GraphDataInvalid, InputError (a name that is no channel)."""
        key = (channel.name, architecture, channel.okd)
        with self._lock:
            if key in self._graphs:
                return self._graphs[key]
        if not NAME.match(channel.name) or channel.name.startswith("."):
            raise InputError(
                f"invalid channel name {channel.name!r}", subject=channel.name, advice="Write lower-case letters, digits, - and dots."
            )
        found = self._read(channel, architecture)
        with self._lock:
            return self._graphs.setdefault(key, found)

    def known(self, architecture: str) -> dict[str, Graph]:
        """What was asked for on an architecture, by channel."""
        with self._lock:
            return {name: graph for (name, where, _okd), graph in sorted(self._graphs.items()) if where == architecture}

    def _read(self, channel: Channel, architecture: str) -> Graph:
        name = f"{architecture or 'any'}-{channel.name}.json"
        if self._settings.graph_file:
            path = self._settings.graph_file
            return _from_file(os.path.join(path, name) if os.path.isdir(path) else path, channel.name)
        kept = os.path.join(self._folder, name) if self._folder else ""
        if self._settings.offline:
            if not kept:
                raise NoGraphData(f"no graph data for channel {channel.name} without a workspace", subject=channel.name)
            return _from_file(kept, channel.name)
        content = self._ask(channel, architecture)
        graph = graphs.parse(content, f"channel {channel.name}")
        if kept:
            files.write(kept, content)
        return graph

    def _ask(self, channel: Channel, architecture: str) -> bytes:
        try:
            return self._fetch(self.url(channel, architecture), _HEADERS, limits.GRAPH.size)
        except MirrorError as error:
            raise UpdateServiceError(
                f'channel "{channel.name}": {error.message}',
                subject=f"channel {channel.name}",
                advice=error.advice,
                host=error.host,
                status=error.status,
            ) from error

    def url(self, channel: Channel, architecture: str) -> str:
        """What is asked for a channel.  Raises InputError."""
        if not channel.okd:
            return query(self._settings.update_url, architecture, channel.name, identity=self._identity)
        if self._settings.generation is Generation.V1:
            # The reference's v1 asks the service of OKD for everything it has (CH-03).
            return query(self._settings.okd_update_url)
        return query(self._settings.okd_update_url, architecture, channel.name, identity=self._identity)


def _from_file(path: str, channel: str) -> Graph:
    try:
        return graphs.parse(files.read(path, limits.GRAPH.size), path)
    except FileNotFoundError as error:
        raise NoGraphData(
            f"no graph data on disk for channel {channel}: there is no {path}",
            subject=channel,
            advice="Plan once with the update service at hand, with the same channels and architectures, or give graph_file.",
        ) from error
