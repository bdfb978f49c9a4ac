# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as a process of its own, for benchmarks and fault campaigns: mirrors a list of images.

    python engine.py --images list.json --source 127.0.0.1:5000 --destination 127.0.0.1:5001 --state /tmp/state

`list.json` holds {"images": [{"repo": ..., "tag": ..., "digest": ...}]}.  Planning is reduced to what is
needed: a tag costs one GET, or one HEAD when the state directory has its manifest; with --pinned the digest
is taken from the list.  A destination that is a directory (`--layout`) gets an OCI layout.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.lock import EXPIRE, RENEW, WorkspaceLock
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Listener, ignore
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stop import Stop
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.worker_pool import Crew


class Resolver:
    """From tags to digests, by the fewest requests.  known: what tags meant before, by `repo:tag`."""

    def __init__(self, source: Store, shelf: Shelf, known: dict[str, str], pinned: bool) -> None:
        self._source = source
        self._shelf = shelf
        self._known = known
        self._pinned = pinned

    def place(self, entry: dict[str, Any]) -> PlacedImage:
        digest = Digest.parse(entry["digest"]) if self._pinned else self._resolve(entry["repo"], entry["tag"])
        self._known[f"{entry['repo']}:{entry['tag']}"] = digest
        image = PlanImage(
            type="generic",
            origin=f"{entry['repo']}:{entry['tag']}",
            source=entry["repo"],
            digest=digest,
            media_type="",
            size=0,
            destination=entry["repo"],
            tags=(entry["tag"],),
        )
        return PlacedImage(image, entry["repo"], image.tags)

    def _resolve(self, repository: str, tag: str) -> Digest:
        before = self._known.get(f"{repository}:{tag}")
        if before and self._shelf.has(Digest.parse(before)):
            found = self._source.find_manifest(repository, tag)
            if found is not None and found.digest == before:
                return found.digest
        manifest = self._source.fetch_manifest(repository, tag)
        self._shelf.put(manifest)
        return manifest.digest


def plan(entries: Sequence[dict[str, Any]], source: Store, shelf: Shelf, state: str, pinned: bool, parallel: int) -> list[PlacedImage]:
    path = os.path.join(state, "tags.json")
    known: dict[str, str] = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            known = json.load(file)
    before = dict(known)
    resolver = Resolver(source, shelf, known, pinned)
    crew = Crew(parallel, 0, Stop(), lambda: None, lambda: None)
    placed: dict[int, PlacedImage] = {}
    if pinned:
        placed = {number: resolver.place(entry) for number, entry in enumerate(entries)}
    else:
        tasks = (
            lambda _buffer, number=number: placed.__setitem__(number, resolver.place(entries[number])) for number in range(len(entries))
        )
        crew.add((0, 0), *tasks)
    crew.drain()
    crew.end()
    if known != before:
        os.makedirs(state, exist_ok=True)
        with open(f"{path}.part", "w", encoding="utf-8") as file:
            json.dump(known, file)
        os.replace(f"{path}.part", path)
    return [placed[number] for number in range(len(entries))]


def open_stores(arguments: SimpleNamespace) -> list[Store]:
    host = HostSettings(plain_http=not arguments.tls, verify=not arguments.tls)
    source = RegistryStore(arguments.source, Http(Settings(default=host)))
    if arguments.layout:
        from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore

        return [source, LayoutStore(arguments.destination)]
    return [source, RegistryStore(arguments.destination, Http(Settings(default=host)), writing=True)]


DEFAULTS: dict[str, Any] = {
    "images": "",
    "source": "",
    "destination": "",
    "state": "",
    "level": "default",
    "parallel": 8,
    "renew": RENEW,
    "expire": EXPIRE,
    **dict.fromkeys(("pinned", "tls", "layout", "check", "result", "no_journal", "no_progress"), False),
}


def parse(argv: Sequence[str]) -> SimpleNamespace:
    """`--name value`, and flags without a value.  By hand: argparse takes as long to load as a small run takes."""
    values = dict(DEFAULTS)
    rest = list(argv)
    while rest:
        name = rest.pop(0)[2:].replace("-", "_")
        if name not in DEFAULTS:
            sys.exit(__doc__)
        default = DEFAULTS[name]
        values[name] = True if isinstance(default, bool) else type(default)(rest.pop(0))
    return SimpleNamespace(**values)


def run(arguments: SimpleNamespace) -> int:
    with open(arguments.images, encoding="utf-8") as file:
        entries = json.load(file)["images"]
    workspace = Workspace(arguments.state)
    with WorkspaceLock(workspace.lock, "benchmark", arguments.renew, arguments.expire) as lock:
        stop = Stop(lock.lost)
        signal.signal(signal.SIGTERM, lambda *_signal: stop.set())
        source, destination = open_stores(arguments)
        shelf = Shelf(workspace.manifests)
        placed = plan(entries, source, shelf, arguments.state, arguments.pinned, arguments.parallel)
        journal = None if arguments.no_journal else Journal.open(workspace.journal, destination.name, writable=not arguments.check)
        listener: Listener = ignore if arguments.no_progress else Progress(workspace.status)
        act = predict if arguments.check else transfer
        options = TransferOptions(level=arguments.level, parallel=arguments.parallel)
        result = act(placed, Ends(source, destination, shelf, journal), options, listener, stop)
        source.close()
        destination.close()
    document = result.document()
    if not arguments.result:
        document.pop("images")
    json.dump(document, sys.stdout)
    print()
    return 130 if result.cancelled else 0 if result.complete else 1


def main() -> int:
    started = time.monotonic()
    try:
        return run(parse(sys.argv[1:]))
    except MirrorError as error:
        print(f"{error} (after {time.monotonic() - started:.1f} s)", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
