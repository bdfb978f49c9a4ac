# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The places close by that a run may read content from: mirrors, by what their registries record, and archives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination, directory_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import Unplanned, find_archives
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.recorded import neighbours
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Network
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.first_of import Several
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.nearest import Nearest, Place, Stock

_ARCHIVES = "file://"


@contextmanager
def nearest(names: Sequence[str], here: Destination, network: Network, workspace: Workspace, parallel: int) -> Iterator[Store]:
    """The source of a run: places of these names first, then the origins; the origins alone where no place is named.

    names: `docker://host/namespace` or `file://directory`.  here: the destination, which is no place to read from.
    A place is opened when something is wanted for the first time.  Raises InputError (no such kind of place).
    """
    upstream = network.upstream(workspace)
    if not names:
        yield upstream
        return
    with ExitStack() as opened:
        places = [_place(name, here, network, workspace, parallel, opened) for name in dict.fromkeys(names) if name != str(here)]
        yield Nearest(places, upstream)


def _place(name: str, here: Destination, network: Network, workspace: Workspace, parallel: int, opened: ExitStack) -> Place:
    if name.startswith(_ARCHIVES):
        folder = directory_of(name)
        return Place(name, lambda: _archives(folder, workspace, parallel, opened))
    mirror = Destination.parse(name, here.max_nested_paths)
    return Place(name, lambda: _mirror(mirror, network))


def _mirror(mirror: Destination, network: Network) -> Stock:
    """By the histories that its registry keeps.  Raises what the registry raises."""
    store = network.source(mirror.host)
    homes = {
        digest: mirror.repository(entry.path)
        for entry in neighbours("", mirror, store)
        if mirror.fits(entry.path)
        for digest in entry.digests
    }
    if not homes:
        raise NotFound("it records nothing that was mirrored there", subject=str(mirror))
    return Stock(store, homes.get)


def _archives(folder: str, workspace: Workspace, parallel: int, opened: ExitStack) -> Stock:
    """All archives of a directory, proved byte by byte before anything is read.  Raises what makes them unfit."""
    found = find_archives(folder, Unplanned(workspace), None, parallel)
    for archive in found:
        opened.callback(archive.store.close)
    if not found:
        raise InputError("there are no archives", subject=folder)
    return Stock(Several([archive.store for archive in found]), lambda digest: "" if any(each.holds(digest) for each in found) else None)
