# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Upstream: all the places that content comes from, as one store to read from.

Repositories are full names: `quay.io/team/app` (a registry, by the rules of registries.conf), `oci:///directory` (a
local layout), `built://name` (a layout that was built in the workspace) and the URL of a file (`stores.web`).
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Callable, TypeVar

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    InputError,
    MirrorError,
    NotFound,
    Unreachable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.registries_conf import RegistriesConf, Route
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Capabilities, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.web import SCHEMES

Connect = Callable[[str], Store]
_Answer = TypeVar("_Answer")

LAYOUT, BUILT = "oci://", "built://"
# A file of a built layout that names the repository where the blobs are that were not made here.
ORIGIN = "origin"
# Layouts with the manifest alone of a boot image, whose bytes are elsewhere.
BOOT_IMAGES = f"{BUILT}boot-images/"
# A place that did not answer is not asked again for so many seconds where there are several.
_REST = 60.0
_AWAKE = (0.0, "")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


class Upstream(ReadOnlyStore):
    """connect: makes the store of one registry, given its host[:port] as references write it.

    connect_insecure: the same for places that registries.conf calls insecure; `connect` when None.
    clients: those that the stores use, to count their requests and to cancel them.
    web: makes the store of files of web servers; None for a store that reads none.
    A mirror that fails in any way gives way to the next place; what the last place says is final.
    """

    refusal = "content is only read from where it comes from, never written there"

    name = "upstream"

    def __init__(
        self,
        connect: Connect,
        conf: RegistriesConf = RegistriesConf(),
        workspace: Workspace | None = None,
        connect_insecure: Connect | None = None,
        clients: Callable[[], Sequence[Http]] = tuple,
        web: Callable[[], Store] | None = None,
    ) -> None:
        self.capabilities = Capabilities(tags=True, delete=False)
        self._connect = {False: connect, True: connect_insecure or connect}
        self._conf = conf
        self._workspace = workspace
        self._clients = clients
        self._web = web
        self._lock = threading.Lock()
        self._stores: dict[tuple[str, bool], Store] = {}
        self._served: dict[str, Route] = {}
        self._resting: dict[str, tuple[float, str]] = {}

    def served(self, repository: str) -> str:
        """The place that last gave something of a repository (`host/repository`); empty when nothing was asked yet."""
        with self._lock:
            route = self._served.get(repository)
        return f"{route.host}/{route.repository}" if route else ""

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        return self._ask(repository, reference, lambda store, name: store.fetch_manifest(name, reference))

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        def find(store: Store, name: str) -> Descriptor:
            found = store.find_manifest(name, reference)
            if found is None:
                raise NotFound(f"{repository} has no {reference}", subject=f"{repository}:{reference}")
            return found

        try:
            return self._ask(repository, reference, find)
        except NotFound:
            return None

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        if repository.startswith(BUILT):
            return self._open_built(repository, blob, offset)
        if repository.startswith(SCHEMES):
            return self._files(repository).open_blob(repository, blob, offset)
        return self._ask(repository, blob.digest, lambda store, name: store.open_blob(name, blob, offset), served_first=True)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        def list_tags(store: Store, name: str) -> tuple[str, ...]:
            found = store.tags(name)
            if found is None:
                raise NotFound(f"{repository} does not exist", subject=repository)
            return found

        try:
            return self._ask(repository, "", list_tags)
        except NotFound:
            return None

    def some_tags(self, repository: str, most: int) -> tuple[tuple[str, ...], bool]:
        """Of all places together: a mirror may hold an image without the tags of what is attached to it.

        A place that shows none counts as having none where another one shows some, or has the repository.
        """
        if repository.startswith((LAYOUT, BUILT)):
            return self._layout(repository).some_tags("", most)
        routes = self._routes(repository, "", False)
        found: dict[str, None] = {}
        complete = True
        silent: list[Route] = []
        for route in routes:
            try:
                if len(routes) > 1:
                    self._spare(route)
                tags, all_of_them = self._put(route, lambda store, name: store.some_tags(name, most))
            except Cancelled:
                raise
            except NotFound:
                continue
            except MirrorError:
                if route is routes[-1] and not found and not any(self._has_repository(each) for each in silent):
                    raise
                continue
            silent += [] if tags else [route]
            found.update(dict.fromkeys(tags))
            complete = complete and all_of_them
        return tuple(found), complete

    def _has_repository(self, route: Route) -> bool:
        return self._put(route, lambda store, name: store.tags(name)) is not None

    def capabilities_of(self, repository: str) -> Capabilities:
        """As far as they are known.  referrers: False only when none of the repository's places lists them."""
        if repository.startswith((LAYOUT, BUILT)):
            return self._layout(repository).capabilities
        host, _slash, path = repository.partition("/")
        routes = self._conf.routes(Reference(DOCKER, host, path))
        with self._lock:
            stores = [self._stores.get((route.host, route.insecure)) for route in routes]
        known = [store.capabilities.referrers if store is not None else None for store in stores]
        return replace(self.capabilities, referrers=False if all(listed is False for listed in known) else None)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        """Of the first place that knows any: a mirror may hold an image without what is attached to it.

        That one which has the image knows none is an answer too, where the last place gives none: there may be no way to the origin.
        """
        silent: list[tuple[Store, str]] = []

        def list_referrers(store: Store, name: str) -> tuple[Descriptor, ...]:
            found = store.referrers(name, digest)
            if not found:
                silent.append((store, name))
                raise NotFound(f"{repository} has no referrers of {digest}", subject=f"{repository}@{digest}")
            return found

        try:
            return self._ask(repository, digest, list_referrers)
        except NotFound:
            return ()
        except Cancelled:
            raise
        except MirrorError:
            if all(store.find_manifest(name, digest) is None for store, name in silent):
                raise
            return ()

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        wanted = set(digests)
        found: set[Digest] = set()

        def look(store: Store, name: str) -> None:
            found.update(store.blobs_present(name, wanted - found))
            if found != wanted:
                raise NotFound(f"{repository} lacks some blobs", subject=repository)

        with contextlib.suppress(NotFound):
            self._ask(repository, next(iter(wanted), ""), look, served_first=True)
        return found

    def blob_size(self, repository: str, blob: Descriptor) -> int | None:
        if repository.startswith(SCHEMES):
            return self._files(repository).blob_size(repository, blob)
        return super().blob_size(repository, blob)

    @property
    def requests(self) -> Mapping[str, int]:
        return sum((Counter(client.requests) for client in self._clients()), Counter())

    @property
    def retries(self) -> int:
        return sum(client.retries for client in self._clients())

    def cancel(self) -> None:
        for client in self._clients():
            client.cancel()

    def close(self) -> None:
        with self._lock:
            stores, self._stores = list(self._stores.values()), {}
        for store in stores:
            store.close()

    def _ask(self, repository: str, selector: str, question: Callable[[Store, str], _Answer], served_first: bool = False) -> _Answer:
        """Puts a question to one place after the other; raises what the last one said.

        served_first: begin with the place that answered for the repository before, where its blobs are.
        """
        if repository.startswith((LAYOUT, BUILT)):
            return question(self._layout(repository), "")
        routes = self._routes(repository, selector, served_first)
        tried: list[str] = []
        for route in routes[:-1]:
            try:
                return self._answer(repository, route, question)
            except Cancelled:
                raise
            except MirrorError as error:
                tried.append(f"{route.host} ({error.code})")
        try:
            if len(routes) > 1:
                self._spare(routes[-1])
            return self._answer(repository, routes[-1], question)
        except MirrorError as error:
            if tried:
                error.advice = f"{error.advice} Asked before: {', '.join(tried)}.".strip()
            raise

    def _answer(self, repository: str, route: Route, question: Callable[[Store, str], _Answer]) -> _Answer:
        """`_put`, remembering who has the repository."""
        answer = self._put(route, question)
        with self._lock:
            self._served[repository] = route
        return answer

    def _put(self, route: Route, question: Callable[[Store, str], _Answer]) -> _Answer:
        """Puts a question to one place; one that is out of reach rests for a while."""
        try:
            return question(self._store(route), route.repository)
        except Unreachable as error:
            with self._lock:
                self._resting[route.host] = (time.monotonic() + _REST, error.message)
            raise

    def _spare(self, route: Route) -> None:
        """Says again that a place is out of reach, instead of waiting for it again and again."""
        with self._lock:
            until, message = self._resting.get(route.host, _AWAKE)
        if until > time.monotonic():
            raise Unreachable(message, subject=f"{route.host}/{route.repository}", host=route.host)

    def _routes(self, repository: str, selector: str, served_first: bool) -> tuple[Route, ...]:
        host, slash, path = repository.partition("/")
        if not slash or not path:
            raise InputError("the repository names no registry", subject=repository, advice="Write host/repository.")
        tag, digest = ("", selector) if ":" in selector else (selector, "")
        *mirrors, last = self._conf.routes(Reference(DOCKER, host, path, tag, digest))
        with self._lock:
            now = time.monotonic()
            served = self._served.get(repository) if served_first else None
            wanted = ([served] if served else []) + mirrors
            awake = [route for route in wanted if route != last and self._resting.get(route.host, _AWAKE)[0] < now]
        return (last, *awake) if served == last else (*dict.fromkeys(awake), last)

    def _store(self, route: Route) -> Store:
        key = (route.host, route.insecure)
        with self._lock:
            if key not in self._stores:
                self._stores[key] = self._connect[route.insecure](route.host)
            return self._stores[key]

    def _files(self, repository: str) -> Store:
        if self._web is None:
            raise InputError("files of web servers are not read here", subject=repository.partition("?")[0])
        return self._web()

    def _layout(self, repository: str) -> Store:
        path = repository[len(LAYOUT) :] if repository.startswith(LAYOUT) else self._built(repository)
        key = (repository, False)
        with self._lock:
            if key not in self._stores:
                self._stores[key] = LayoutStore(path)
            return self._stores[key]

    def _open_built(self, repository: str, blob: Descriptor, offset: int) -> BlobReader:
        """What was made here is in the layout; what was built upon stays where it came from."""
        try:
            return self._layout(repository).open_blob("", blob, offset)
        except NotFound:
            try:
                origin = files.read(os.path.join(self._built(repository), ORIGIN)).decode("utf-8").strip()
            except FileNotFoundError:
                origin = ""
            if not origin or origin.startswith(BUILT):
                raise
            return self.open_blob(origin, blob, offset)

    def _built(self, repository: str) -> str:
        if self._workspace is None:
            raise InputError("the workspace has no such built image", subject=repository)
        return built_path(self._workspace, repository)


def is_here(repository: str) -> bool:
    """Whether what lies there, or the most of it, is read from a directory of this host."""
    return repository.startswith((LAYOUT[:4], BUILT[:6])) and not repository.startswith(BOOT_IMAGES)


def built_path(workspace: Workspace, repository: str) -> str:
    """The directory of a layout that was built in a workspace, by its name as a repository.  Raises InputError for no such name."""
    parts = repository[len(BUILT) :].split("/")
    if not all(_NAME.match(part) for part in parts):
        raise InputError("the workspace has no such built image", subject=repository)
    return workspace.path(workspace.content, *parts)
