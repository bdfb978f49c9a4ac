# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Deleting what a reviewed list names, and nothing that anything else needs (mirroring 5.4; user-needs P05, G09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import Candidate
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.delete_list import Item, placed, read_list
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.protection import Judgement, Spared
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.stale import kept_images
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Deleting, DeletionRun, Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import kept_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Phase

UNRECORDED = "this workspace has not mirrored it"


@dataclass(frozen=True)
class DeleteRequest:
    """path: of the reviewed list.  unrecorded: delete also what the history does not know, such as what other tools mirrored."""

    workspace: Workspace
    destination: Destination
    path: str
    connections: Connections = Connections()
    guards: Guards = Guards()
    unrecorded: bool = False
    parallel: int = 8


@dataclass(frozen=True)
class _Named:
    """A manifest that the list names by one or more of its names.  digest: None when it is not there (any more)."""

    item: Item
    repository: str
    selector: str
    digest: Digest | None


def delete_listed(request: DeleteRequest, environ: Mapping[str, str], check_mode: bool = False) -> DeletionRun:
    """Deletes the images of a list, with the instances of those that are indexes; in check mode lists what would go.

    The list says what is not wanted any more, so the last plan keeps only what it names besides.
    Raises InputError (no such list, not a list, limits), Locked, StorageError, and what the registry raises when it cannot
    be read: then nothing is deleted.
    """
    try:
        items = read_list(files.read(request.path), request.path)
    except FileNotFoundError:
        raise InputError("there is no such list", subject=request.path, advice="Generate one from a DeleteImageSetConfiguration.") from None
    inside, outside = placed(items, request.destination)
    with session(request.workspace, request.connections, "image_prune", environ, check_mode) as run:
        run.progress(Phase("look"))
        plan = kept_plan(request.workspace) or Plan()
        work = Deleting(run, request.destination, plan, request.guards, request.parallel, environ)
        named = _named(inside, work.registry, request.parallel)
        gone, others, known = _given_up(named, work.history, request)
        kept = (*kept_images(_not_listed(plan, named, request.destination), work.history, work.shelf), *others)
        done = work.carry_out(gone, kept, known)
        return replace(done, left_alone=(*outside, *_needed(named, done, kept, request.destination)), warnings=_planned(plan, gone))


def _named(inside: Sequence[tuple[Item, Reference, str]], registry: Store, parallel: int) -> list[_Named]:
    """One question for each name."""

    def look(entry: tuple[Item, Reference, str]) -> _Named:
        item, reference, repository = entry
        found = registry.find_manifest(repository, reference.selector)
        return _Named(item, repository, reference.selector, found.digest if found else None)

    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        return list(pool.map(look, inside))


def _given_up(named: Sequence[_Named], history: History, request: DeleteRequest) -> tuple[list[Association], list[Association], Judgement]:
    """What is to go and what has the same content under other names, as both were recorded; what of the list is spared or absent."""
    recorded: dict[tuple[str, str], list[Association]] = {}
    for entry in history.associations:
        if entry.found:
            continue
        recorded.setdefault((request.destination.repository(entry.path), entry.id), []).append(entry)
    gone: list[Association] = []
    others: list[Association] = []
    spared: list[Spared] = []
    absent: list[Candidate] = []
    for (repository, digest), names in _by_content(named).items():
        item = names[0].item
        listed = {name.selector for name in names}
        tags = tuple(sorted(selector for selector in listed if ":" not in selector))
        if digest is None:
            # What was asked for stands where the digest would: there is none.
            absent += [Candidate(repository, Digest(name.selector), name.item.origin, name.item.type) for name in names]
            continue
        entries = recorded.get((repository, digest), [])
        for entry in entries:
            (gone if listed.issuperset(entry.tags or (digest,)) else others).append(entry)
        if not entries and request.unrecorded:
            gone.append(Association(_path(repository, request.destination), digest, item.origin, item.type, tags))
        elif not entries:
            spared.append(Spared(Candidate(repository, digest, item.origin, item.type, tags), UNRECORDED))
    return gone, others, Judgement((), tuple(spared), tuple(absent))


def _by_content(named: Sequence[_Named]) -> dict[tuple[str, Digest | None], list[_Named]]:
    groups: dict[tuple[str, Digest | None], list[_Named]] = {}
    for name in named:
        groups.setdefault((name.repository, name.digest), []).append(name)
    return groups


def _path(repository: str, destination: Destination) -> str:
    """The path of a plan that leads to a repository."""
    return repository[len(destination.namespace) + 1 :] if destination.namespace else repository


def _not_listed(plan: Plan, named: Sequence[_Named], destination: Destination) -> tuple[PlanImage, ...]:
    """Images of the last plan of which a name is not listed."""
    listed = {(name.repository, name.selector) for name in named}

    def stays(image: PlanImage) -> bool:
        repository = destination.repository(image.destination)
        return any((repository, name) not in listed for name in image.tags or (image.digest,))

    fitting = (image for image in plan.images if destination.fits(image.destination))
    return tuple(image for image in fitting if stays(image))


def _needed(named: Sequence[_Named], done: DeletionRun, kept: Sequence[Association], destination: Destination) -> list[str]:
    """A sentence for each listed image that stays because something that is wanted has the same content, by its name."""
    judgement = done.judgement
    judged = {(candidate.repository, candidate.digest) for candidate in judgement.doomed}
    judged |= {(spared.candidate.repository, spared.candidate.digest) for spared in judgement.spared}
    stays = [name for name in named if name.digest is not None and (name.repository, name.digest) not in judged]
    users: dict[tuple[str, str], set[str]] = {}
    for entry in kept:
        for digest in (entry.id, *entry.manifests) if destination.fits(entry.path) else ():
            users.setdefault((destination.repository(entry.path), digest), set()).add(entry.name)
    return [_stays(name, sorted(users.get((name.repository, str(name.digest)), ()))) for name in stays]


def _stays(name: _Named, users: Sequence[str]) -> str:
    more = f" and {len(users) - 3} more" if len(users) > 3 else ""
    who = f"{', '.join(users[:3])}{more}, which" if users else "another image that was mirrored, and"
    need = "need" if len(users) > 1 else "needs"
    return f"{name.item.reference} stays, for {who} is not listed, {need} {name.digest}."


def _planned(plan: Plan, gone: Sequence[Association]) -> tuple[str, ...]:
    """The next run would bring back what its configuration still names."""
    keys = {(image.destination, image.digest) for image in plan.images}
    names = sorted({entry.name for entry in gone if (entry.path, entry.id) in keys})
    if not names:
        return ()
    return (
        f"The last plan names {len(names)} of the listed images ({', '.join(names[:3])}): "
        "the next run mirrors them again unless the ImageSetConfiguration loses them.",
    )
