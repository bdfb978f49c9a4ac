# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Archives of any maker, as one kind of value: a store, a plan, a history.

Ours are proved byte by byte and may be signed.  Those of oc-mirror carry no checksums, so what
they declare is all that can be checked: the parts are there, and every blob is hashed while it
is pushed.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import IMAGE_SET
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import RegistryMemory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.sequence import follows
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.takeover import history_of, plan_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.takeover_catalogs import with_catalogs
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.carried import carried, plannable
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.check import require_sound
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys, require
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy import v1, v2
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.archive import LegacyArchive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.archive_over_registry import WithMirror
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import first_name
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_import import opened

OURS, OC_MIRROR_V1, OC_MIRROR_V2 = "disconnected.mirror", "oc-mirror v1", "oc-mirror v2"
# The first sequence that a history may begin with where the destination has none: oc-mirror v1 counted runs, and its history goes on.
_FIRST = 10_000
# What archives carry for people; nothing else of them becomes a file of the results.
_EXTRA = re.compile(r"(charts|release-signatures)/[A-Za-z0-9][A-Za-z0-9._+=@:-]*\Z")
_GRAPH = re.compile(r"working-dir/hold-release/cincinnati-graph-data/([A-Za-z0-9][A-Za-z0-9._-]*\.json)\Z")
_SIGNATURE = re.compile(r"working-dir/signatures/[^/]*(sha256-[0-9a-f]{64})\Z")
# The archive files it by its path alone; the host is a name that nobody can have (RFC 2606).
_GRAPH_IMAGE = "archive.invalid/openshift/graph-image:latest"


@dataclass(frozen=True)
class FoundArchive:
    """paths: of its volumes.  holds: whether a digest is in it.  read: a document by its name.

    extra_names: of documents for people, such as charts.
    maker: what wrote it.  archive_id: of ours.  signature: its kind, empty for none.
    brought: the images of the plan that it has to bring, None for all of them; the others are the matter of earlier archives.
    homes: paths where earlier archives brought a digest, as far as this one tells.
    recorded: whether its sequence means anything, so that the registry is told.
    sizes: bytes of each digest in it, for ours.  expires: seconds since 1970 from when on it is not loaded any more, 0 for never.
    """

    name: str
    paths: tuple[str, ...]
    store: Store
    plan: Plan
    history: History
    follows: int
    holds: Callable[[Digest], bool]
    read: Callable[[str], bytes]
    extra_names: tuple[str, ...] = ()
    maker: str = OURS
    archive_id: str = ""
    signature: str = ""
    recorded: bool = True
    brought: tuple[PlanImage, ...] | None = None
    homes: Callable[[Digest], tuple[str, ...]] = field(default=lambda digest: (), repr=False)
    sizes: Mapping[Digest, int] = field(default_factory=dict, repr=False)
    expires: int = 0

    @property
    def cargo(self) -> Plan:
        """The plan, as far as this archive has to bring it."""
        return self.plan if self.brought is None else replace(self.plan, images=self.brought, whole=False)

    def extra(self) -> dict[str, bytes]:
        """The documents for people, by name."""
        return {name: self.read(name) for name in self.extra_names}

    @property
    def uid(self) -> str:
        return self.history.uid

    @property
    def sequence(self) -> int:
        return self.history.sequence

    @property
    def holds_everything(self) -> bool:
        """Whether nothing that it stands for was left to earlier archives."""
        return all(self.holds(Digest(digest)) for entry in self.history.associations for digest in entry.digests)

    @property
    def identity(self) -> str:
        """Tells it from other archives."""
        return self.archive_id or f"{self.maker} {self.uid} {self.sequence}"

    def require_fresh(self, now: float) -> None:
        """Raises Incompatible when it has expired."""
        if self.expires and now >= self.expires:
            day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.expires))
            raise Incompatible(
                f"the archive expired on {day}",
                subject=self.name,
                advice="Get a later one. archive_valid_days sets the time when an archive is written.",
            )

    def require_follows(self, current: int) -> None:
        """Raises Incompatible when the destination lacks the sequence before, or this one is further on than anything explains.

        A full set may come at any time, as long as its history goes back to what the destination has.
        """
        if self.follows:
            follows(self.sequence, current, subject=self.name)
        first = self.history.runs[0].sequence if self.history.runs else self.sequence
        if self.recorded and first > (current + 1 if current else _FIRST):
            has = f"has sequence {current}" if current else "has none"
            raise Incompatible(
                f"sequence {self.sequence} leaves a gap: its history starts at {first}, and the destination {has}",
                subject=self.name,
                advice="Find out where this archive comes from: archives after it would count as loaded.",
            )

    def stored_history(self, memory: RegistryMemory) -> History | None:
        """What the registry has of this archive's history, by our record or by that of oc-mirror v1, whichever is later.

        A record whose content is lost is none: the archives are loaded from the first one on.  Raises CorruptContent.
        """
        subject = f"history of {self.uid} at the registry"
        try:
            stored = memory.read(self.uid)
            known = [History.parse(stored, subject)] if stored is not None else []
        except NotFound:
            known = []
        except (CorruptContent, InputError) as error:
            raise CorruptContent(
                f"the registry's record of what was loaded cannot be used: {error.message}",
                subject=memory.place_of(self.uid),
                advice="Remove that tag, and load the archives from the first one on; what is there is not pushed again.",
            ) from error
        encoded = memory.read_v1(self.uid)
        known += [history_of(Metadata.decode(encoded, subject))] if encoded is not None else []
        return max(known, key=lambda history: history.sequence, default=None)


@dataclass(frozen=True)
class Unplanned:
    """What it takes to plan an archive that carries no plan.

    place: a workspace to plan in.  options: of content sources, as `imageset.wanted.Context` has them.
    registry, destination: where earlier archives were loaded, None for nowhere.
    """

    place: Workspace
    options: Mapping[str, Any] = field(default_factory=dict)
    registry: Store | None = None
    destination: Destination | None = None


@contextmanager
def opened_archives(
    path: str, unplanned: Unplanned, trusted: TrustedKeys | None, parallel: int, check: bool = True
) -> Iterator[tuple[FoundArchive, ...]]:
    """`find_archives` for the length of a block; their files are closed at its end."""
    archives = find_archives(path, unplanned, trusted, parallel, check)
    try:
        yield archives
    finally:
        for archive in archives:
            archive.store.close()


@contextmanager
def last_archive(source: PlanSource, unplanned: Unplanned) -> Iterator[FoundArchive]:
    """The last archive of a folder, whose plan counts whether it was loaded or not; only its names and sizes are proved.

    Raises what `find_archives` raises, Incompatible (it has expired).
    """
    with opened_archives(source.archive, unplanned, source.trusted, source.parallel, check=False) as archives:
        archives[-1].require_fresh(time.time())
        yield archives[-1]


def find_archives(
    path: str, unplanned: Unplanned, trusted: TrustedKeys | None, parallel: int, check: bool = True
) -> tuple[FoundArchive, ...]:
    """All archives of a folder, or the one that a volume belongs to, proved as far as they can be; by sequence.

    trusted: keys one of which must have signed each archive, before anything else of it is looked at.
    check: prove every byte, not only names and sizes.
    Raises NotFound, CorruptContent, Incompatible, StorageError.
    """
    if not os.path.exists(path):
        raise NotFound("there is no such archive", subject=path)
    first, second = _v1_volumes(path), _v2_volumes(path)
    if (first or second) and trusted is not None:
        raise CorruptContent("a signature is required, and archives of oc-mirror have none", subject=path)
    if second:
        return (_v2_archive(second, unplanned, parallel),)
    if first:
        return tuple(_v1_archive(volumes, unplanned.place) for volumes in first)
    archives = []
    for found in find(path, require(trusted) if trusted is not None else None):
        reader = ArchiveReader(found)
        if check:
            require_sound(reader, max(2, min(parallel, os.cpu_count() or 2)))
        archives.append(_ours(reader))
    return tuple(archives)


def _ours(reader: ArchiveReader) -> FoundArchive:
    load = opened(reader)
    contents = reader.contents
    config, warnings = carried(load.plan.config)
    return FoundArchive(
        name=reader.name,
        paths=reader.paths,
        store=reader,
        plan=replace(load.plan, config=config, warnings=(*load.plan.warnings, *warnings)),
        history=load.history,
        follows=contents.follows,
        holds=reader.segments.__contains__,
        extra_names=tuple(name for name in reader.documents if _EXTRA.match(name)),
        read=reader.document,
        archive_id=reader.archive_id,
        signature=contents.signature,
        sizes={digest: segments[0].content.size for digest, segments in reader.segments.items()},
        expires=contents.expires,
    )


def _v1_archive(volumes: tuple[str, ...], place: Workspace) -> FoundArchive:
    archive = v1.V1Archive(volumes)
    metadata = archive.metadata
    alone = metadata.single_use or metadata.sequence <= 1
    plan = with_catalogs(plan_of(archive, Shelf(place.manifests)), archive, place)
    return FoundArchive(
        name=archive.name,
        paths=volumes,
        store=Upstream(lambda host: archive, workspace=place),
        plan=replace(plan, config=_v1_configuration(metadata)),
        history=history_of(metadata),
        follows=0 if alone else metadata.sequence - 1,
        holds=_with_built(archive, place),
        extra_names=tuple(sorted(name for name in archive.index.entries if _EXTRA.match(name))),
        read=archive.index.read,
        maker=OC_MIRROR_V1,
        recorded=not metadata.single_use,
        # What is known by its record alone came with earlier archives.
        brought=tuple(image for image in plan.images if image.media_type),
    )


def _v2_archive(volumes: tuple[str, ...], unplanned: Unplanned, parallel: int) -> FoundArchive:
    """Planned from its own configuration, with the archive in the place of the internet."""
    archive, place = v2.V2Archive(volumes), unplanned.place
    subject = f"configuration of {archive.name}"
    config, left_out = plannable(configuration.parse_bytes(archive.configuration, (IMAGE_SET,), subject).document())
    imageset = configuration.parse(config, (IMAGE_SET,), subject)
    graphs = os.path.join(place.root, "graphs")
    for name in archive.index.entries:
        graph, signature = _GRAPH.match(name), _SIGNATURE.match(name)
        if graph:
            files.write(os.path.join(graphs, graph.group(1)), archive.index.read(name))
        elif signature:
            files.write(os.path.join(place.signatures, f"{signature.group(1)}-1"), archive.index.read(name), mode=0o600)
    content: Store = archive
    if unplanned.registry is not None and unplanned.destination is not None:
        content = WithMirror(archive, unplanned.registry, unplanned.destination.repository)
    # What is rebuilt here, such as catalogs, lies in the workspace.
    store = Upstream(lambda host: content, workspace=place)
    options = {**unplanned.options, "graph_file": graphs, "graph_image": _GRAPH_IMAGE}
    plan = build_plan(imageset, Context(store, place, options, parallel))
    plan = replace(plan, failures=(*plan.failures, *left_out))
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, "".join(image.digest for image in plan.images)))
    history = History("", "", uid).record(plan, Shelf(place.manifests), 0)
    holds = _with_built(archive, place)
    return FoundArchive(
        name=archive.name,
        paths=volumes,
        store=store,
        plan=plan,
        history=history,
        follows=0,
        holds=holds,
        read=archive.index.read,
        maker=OC_MIRROR_V2,
        recorded=False,
        homes=archive.homes,
    )


def _v1_configuration(metadata: Metadata) -> dict[str, Any]:
    """What the archive was made from, as far as its metadata tells."""
    config, _warnings = carried({"apiVersion": Generation.V1.api_version, "kind": IMAGE_SET, "mirror": metadata.mirror})
    return config


def _with_built(archive: LegacyArchive, place: Workspace) -> Callable[[Digest], bool]:
    """Whether a digest is in the archive, or was made of it just now."""

    def holds(digest: Digest) -> bool:
        return archive.holds(digest) or digest in built

    built = {
        Digest(f"{os.path.basename(folder)}:{name}")
        for folder, _folders, names in os.walk(place.content)
        if os.path.basename(os.path.dirname(folder)) == "blobs"
        for name in names
    }
    return holds


def _v1_volumes(path: str) -> list[tuple[str, ...]]:
    """Volumes of oc-mirror v1, which have the names of ours, by sequence; empty where there are none."""
    by_sequence: dict[int, list[str]] = {}
    for name, match in _matching(path, v1.NAME):
        by_sequence.setdefault(int(match.group(1)), []).append(name)
    chosen = [volumes for _sequence, volumes in sorted(by_sequence.items()) if _chosen(path, volumes)]
    return [tuple(volumes) for volumes in chosen if first_name(volumes[0]) == v1.METADATA]


def _v2_volumes(path: str) -> tuple[str, ...]:
    volumes = [name for name, _match in _matching(path, v2.NAME)]
    return tuple(volumes) if volumes and _chosen(path, volumes) else ()


def _matching(path: str, form: re.Pattern[str]) -> list[tuple[str, re.Match[str]]]:
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    found = [(os.path.join(folder, name), form.match(name)) for name in sorted(os.listdir(folder))]
    return [(name, match) for name, match in found if match is not None]


def _chosen(path: str, volumes: list[str]) -> bool:
    """A folder means all of its archives, a file its own."""
    return os.path.isdir(path) or os.path.join(os.path.dirname(path) or ".", os.path.basename(path)) in volumes
