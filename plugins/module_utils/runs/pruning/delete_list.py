# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A DeleteImageSetConfiguration into a list to review: what the mirror holds of what it names (mirroring 5.4)."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import split
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import DELETE_IMAGE_SET, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATALOG, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.entries import COPY, SKIP
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import PlanOptions, build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.compatibility import with_v1_tags
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.delete_list import Item, document_of, items_of
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.mirrored_charts import with_planned_charts
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.reasons import Reasons, still_wanted, told
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.serialize import yaml_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import kept_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.recorded import remembered
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.mirrored_origins import Held, Mirrored
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Phase

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@dataclass(frozen=True)
class GenerateRequest:
    """planning: with a DeleteImageSetConfiguration.

    name: part of the files' names, empty for none.  signatures: whether attachments are listed too.
    v1_images: whether the destinations are those that oc-mirror v1 used.
    """

    planning: PlanSource
    destination: Destination
    name: str = ""
    signatures: bool = False
    v1_images: bool = False

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace

    @property
    def list_path(self) -> str:
        return os.path.join(self.workspace.delete, f"delete-images{self._suffix}.yaml")

    @property
    def config_path(self) -> str:
        return os.path.join(self.workspace.delete, f"delete-imageset-config{self._suffix}.yaml")

    @property
    def _suffix(self) -> str:
        return f"-{self.name}" if self.name else ""


@dataclass(frozen=True)
class GenerateRun:
    """items: of the list.  left_out: a sentence for each image that the last plan wants for another reason.

    path: of the list, empty when there is nothing to list.  before: the list that was there.
    """

    items: tuple[Item, ...]
    left_out: tuple[str, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    path: str = ""
    config_path: str = ""
    before: bytes = b""
    after: bytes = b""

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def diff(self) -> dict[str, str]:
        """`before` and `after`, as Ansible shows them; the list as it was and is."""
        return {"before": self.before.decode("utf-8", "replace"), "after": self.after.decode("utf-8", "replace")}


def generate_list(request: GenerateRequest, environ: Mapping[str, str], check_mode: bool = False) -> GenerateRun:
    """Writes the list for review, and the configuration beside it; in check mode says what it would list.

    No source is asked anything: names mean what the history and the last plan say they meant, content is read from the
    mirror.  What was never there is in the failures, what is gone already in the warnings; the rest is listed.
    Raises InputError, StorageError, Incompatible, and what the registry raises.
    """
    if request.name and not _ID.match(request.name):
        message = f"{request.name!r:.100} cannot be part of a file's name"
        raise InputError(message, subject="delete_id", advice="Use letters, digits, dashes, dots and underscores.")
    imageset = request.planning.load((DELETE_IMAGE_SET,))
    # Nothing is kept of this but the list, so that it works in a copy as check mode does.
    with session(request.workspace, request.planning.connections, "image_prune", environ, check_mode=True) as run:
        run.progress(Phase("plan"))
        last = kept_plan(request.workspace) or Plan()
        history = remembered(request.workspace, request.destination, last, run.network).load()
        plan = _plan(request, imageset, last, history, run)
        kept, left_out = _decided(plan, last)
        plan = _without_gone(plan, last, history)
        plan = replace(plan, images=with_v1_tags(kept, plan.config) if request.v1_images else kept)
        items = items_of(plan, request.destination, request.signatures)
    return _written(request, plan, items, left_out, check_mode)


def _plan(request: GenerateRequest, imageset: ImageSet, last: Plan, history: History, run: Session) -> Plan:
    mirror = run.network.mirror(request.destination, writing=False)
    place = request.destination.repository
    store = Mirrored(records(last, history, place), mirror, run.network.upstream(run.place), lambda name: place(name.split("/", 1)[-1]))
    context = Context(store, run.place, request.planning.options, request.planning.parallel, fetch=run.network.fetch)
    options = PlanOptions(COPY if request.signatures else SKIP)
    return build_plan(imageset, context, with_planned_charts(last), options=options)


def _without_gone(plan: Plan, last: Plan, history: History) -> Plan:
    """What was mirrored and is not there any more needs no deletion: that is told, and no failure."""
    known = {_named(name) for name in (*(entry.name for entry in history.associations), *(image.origin for image in last.images))}
    gone = [failure for failure in plan.failures if failure.code == NotFound.code and _named(failure.subject) in known]
    sentences = (f"{failure.subject} is no longer in the mirror; it is not listed." for failure in gone)
    return replace(
        plan,
        failures=tuple(failure for failure in plan.failures if failure not in gone),
        warnings=tuple(dict.fromkeys((*plan.warnings, *sentences))),
    )


def _named(origin: str) -> tuple[str, str]:
    """Repository and digest, or tag where there is none."""
    name, tag, digest, _transport = split(origin)
    return name, digest or tag


def records(plan: Plan, history: History, place: Callable[[str], str]) -> tuple[Held, ...]:
    """What is recorded about the mirror; what the plan means by a name goes before what earlier ones meant."""
    known = {(image.destination, image.digest, image.origin) for image in plan.images}
    entries = sorted(history.associations, key=lambda entry: entry.key not in known)
    return tuple(_held(entry, place(entry.path)) for entry in entries)


def _held(entry: Association, place: str) -> Held:
    name, tag, _digest, transport = split(entry.name)
    repository = f"oci://{name}" if transport == "oci" else name
    attached = tuple(tag for tag in entry.tags if entry.subject)
    content = frozenset((*entry.manifests, *entry.blobs))
    return Held(repository, tuple(filter(None, {tag, *attached})), entry.id, place, content, entry.subject)


def _decided(plan: Plan, last: Plan) -> tuple[tuple[PlanImage, ...], tuple[str, ...]]:
    """The images to list, and a sentence for each that something else needs; catalogs themselves never go (mirroring 5.4)."""
    kept: list[PlanImage] = []
    left_out: list[str] = []
    given_up, wanted = Reasons(plan), Reasons(last)
    for image in plan.images:
        if image.type == CATALOG:
            continue
        reasons = still_wanted(image, given_up, wanted)
        if reasons:
            left_out.append(f"{image.origin} is left out of the list, for the last plan wants it for {told(reasons)} as well.")
        else:
            kept.append(image)
    return tuple(kept), tuple(left_out)


def _written(request: GenerateRequest, plan: Plan, items: tuple[Item, ...], left_out: tuple[str, ...], check_mode: bool) -> GenerateRun:
    if not items:
        return GenerateRun((), left_out, plan.failures, plan.warnings)
    content = yaml_bytes([document_of(items)])
    before = b""
    with contextlib.suppress(FileNotFoundError):
        before = files.read(request.list_path)
    if not check_mode:
        files.write(request.list_path, content)
        files.write(request.config_path, yaml_bytes([plan.config]))
    return GenerateRun(items, left_out, plan.failures, plan.warnings, request.list_path, request.config_path, before, content)
