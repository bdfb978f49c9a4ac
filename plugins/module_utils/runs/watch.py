# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A look at what is mirrored from: whether update graphs, images and tags are still what they were at the last look.

Nothing is downloaded that did not change where the server can tell: graphs are asked for by their entity tag, images with
HEAD requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits, reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import NAME
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.selection import ARCHITECTURES
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import UPDATE_URL
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.update_service import query
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections, Network

# Names that one change tells; how many there are it always says.
TOLD = 50
_FORM = 1
_TEMPLATE = re.compile(r"[{}%]")

Seen = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """channels: of OpenShift, on each of the architectures.  images: by tag.  repositories: whose tags are listed.

    connections: how all of them are reached.
    """

    channels: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ("amd64",)
    images: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    update_url: str = UPDATE_URL
    connections: Connections = field(default_factory=Connections)

    def check(self) -> None:
        """Raises InputError for what cannot be watched."""
        if not (self.channels or self.images or self.repositories):
            raise InputError("there is nothing to watch", subject="channels", advice="Name channels, images or repositories.")
        for name in self.channels:
            if not NAME.match(name) or name.startswith("."):
                raise InputError("invalid channel name", subject=f"channels: {name!r:.80}", advice="Write a name such as stable-4.18.")
        for name in self.architectures:
            if name not in ARCHITECTURES:
                raise InputError("not an architecture of releases", subject=f"{name!r:.80}", advice=f"Write {', '.join(ARCHITECTURES)}.")
        for name in self.images:
            parsed = reference.parse(name)
            if not parsed.tag or parsed.transport == OCI:
                raise InputError("a watched image needs a tag", subject=name, advice="Write host/repository:tag.")
        for name in self.repositories:
            _repository(name)
        query(self.update_url)


@dataclass(frozen=True)
class Change:
    """kind: graph, image, tags, or failure for what cannot be looked at any more (and `recovered` when it can again).

    subject: what changed, as it is watched.  details: what is new, in names that are safe to hand on.
    """

    kind: str
    subject: str
    summary: str
    details: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        return {"kind": self.kind, "subject": self.subject, "summary": self.summary, **self.details}


@dataclass(frozen=True)
class Looked:
    """memory: for the next look.  failed: how many of the watched things could not be looked at."""

    changes: tuple[Change, ...]
    memory: dict[str, Seen]
    failed: int


def look(watched: Watched, memory: Mapping[str, Seen], network: Network) -> Looked:
    """What differs from what an earlier look remembered; what is new to it is remembered and is no change."""
    changes: list[Change] = []
    after: dict[str, Seen] = {}
    for key, subject, see in _things(watched, network):
        before = memory.get(key, {})
        try:
            seen, change = see(before)
            after[key] = seen
            changes += [Change("recovered", subject, f"{subject} can be queried again", {})] if before.get("failing") else []
            changes += [change] if change else []
        except MirrorError as error:
            after[key] = {**before, "failing": True}
            reason = _plain(error.message)
            failure = Change("failure", subject, f"{subject}: {reason}", {"reason": reason, "code": error.code})
            changes += [] if before.get("failing") else [failure]
    return Looked(tuple(changes), after, sum(1 for seen in after.values() if seen.get("failing")))


_See = Callable[[Seen], "tuple[Seen, Change | None]"]


def _things(watched: Watched, network: Network) -> Iterable[tuple[str, str, _See]]:
    for channel in watched.channels:
        for architecture in watched.architectures:
            look_at = _Graph(watched.update_url, channel, architecture, network)
            yield f"graph {architecture} {channel}", look_at.subject, look_at
    upstream = network.upstream(Workspace(""))
    for name in watched.images:
        yield f"image {name}", name, _Image(name, upstream)
    for name in watched.repositories:
        yield f"tags {name}", name, _Tags(name, upstream)


class _Graph:
    def __init__(self, url: str, channel: str, architecture: str, network: Network) -> None:
        self.subject = f"{channel} ({architecture})"
        self._where = {"channel": channel, "architecture": architecture}
        self._url = query(url, architecture, channel)
        self._network = network

    def __call__(self, before: Seen) -> tuple[Seen, Change | None]:
        content, known = self._network.newer(self._url, "application/json", limits.GRAPH.size, before.get("entity_tag", ""))
        if content is None:
            return {key: value for key, value in before.items() if key != "failing"}, None
        graph = graphs.parse(content, self.subject)
        versions = [str(version) for version in graph.versions()]
        updates = sum(map(len, graph.successors)) + len(graph.conditional)
        seen = {"entity_tag": known, "versions": versions, "updates": updates}
        if "versions" not in before:
            return seen, None
        moved = _moved(before["versions"], versions)
        more = updates - before.get("updates", updates)
        if not any(moved.values()) and not more:
            return seen, None
        summary = f"{self.subject}: {moved['added_total']} releases new, {moved['removed_total']} gone, {more:+d} updates"
        return seen, Change("graph", self.subject, summary, {**self._where, **moved, "updates": updates, "updates_before": updates - more})


class _Image:
    def __init__(self, name: str, upstream: Any) -> None:
        self._name = name
        self._reference = reference.parse(name)
        self._upstream = upstream

    def __call__(self, before: Seen) -> tuple[Seen, Change | None]:
        found = self._upstream.find_manifest(self._reference.repository, self._reference.tag)
        if found is None:
            raise NotFound("there is no such image", subject=self._name)
        seen = {"digest": str(found.digest)}
        was = before.get("digest", "")
        if was in ("", seen["digest"]):
            return seen, None
        return seen, Change("image", self._name, f"{self._name} is {seen['digest']} now", {"image": self._name, "before": was, **seen})


class _Tags:
    def __init__(self, name: str, upstream: Any) -> None:
        self._name = name
        self._origin = _repository(name)
        self._upstream = upstream

    def __call__(self, before: Seen) -> tuple[Seen, Change | None]:
        tags = self._upstream.tags(self._origin)
        if tags is None:
            raise NotFound("there is no such repository", subject=self._name)
        # Others are no tags, whatever the registry says, and would be handed on to playbooks.
        seen = {"tags": sorted({tag for tag in tags if reference.TAG.match(tag)})}
        moved = _moved(before.get("tags", seen["tags"]), seen["tags"])
        if not any(moved.values()):
            return seen, None
        summary = f"{self._name}: {moved['added_total']} tags new, {moved['removed_total']} gone"
        return seen, Change("tags", self._name, summary, {"repository": self._name, **moved})


def _moved(before: Sequence[str], now: Sequence[str]) -> dict[str, Any]:
    old, new = set(before), set(now)
    added, removed = [name for name in now if name not in old], [name for name in before if name not in new]
    return {"added": added[-TOLD:], "added_total": len(added), "removed": removed[-TOLD:], "removed_total": len(removed)}


def _repository(name: str) -> str:
    """The origin of a repository that is named without tag and digest.  Raises InputError."""
    return reference.parse(f"{name}:latest").repository


def _plain(text: str) -> str:
    """Of servers and their errors: without what playbooks, which such texts are handed on to, would take for a template."""
    return _TEMPLATE.sub("?", text)


def read(path: str) -> tuple[dict[str, Seen], float]:
    """What an earlier look remembered, and when that was, in seconds since the epoch; nothing where no file is.

    Raises InputError for a file that holds something else.
    """
    try:
        document = files.read_json(path, limits.RECORD)
    except FileNotFoundError:
        return {}, 0.0
    form = document if isinstance(document, dict) else {}
    seen, looked = form.get("seen"), form.get("looked")
    if form.get("form") != _FORM or not isinstance(seen, dict) or not isinstance(looked, float) or not all(map(_sound, seen.values())):
        raise InputError("the file holds no state of a watch", subject=path, advice="Name another file, or remove it to begin anew.")
    return seen, looked


def _sound(seen: Any) -> bool:
    kinds = {"entity_tag": str, "digest": str, "versions": list, "tags": list, "updates": int, "failing": bool}
    if not isinstance(seen, dict) or not all(isinstance(value, kinds.get(key, ())) for key, value in seen.items()):
        return False
    return all(isinstance(name, str) for key in ("versions", "tags") for name in seen.get(key, ()))


def write(path: str, memory: Mapping[str, Seen], looked: float) -> None:
    """Raises StorageError."""
    files.write_json(path, {"form": _FORM, "looked": looked, "seen": dict(memory)}, 0o600)
