# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A run that makes a cluster use a mirror: applies what was generated, says what that sets off, and waits for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents as yaml_documents
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Wishes, find_access
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.applying import Prepared, Wanted, carry_out, prepare
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.readiness import State
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource, applied_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.step import Change
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.waiting import Patience, Waiting
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals

_ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class ApplyRequest:
    """patience: how long to wait until all is in effect; None for not at all."""

    access: Wishes
    wanted: Wanted
    patience: Patience | None = None


@dataclass(frozen=True)
class ApplyRun:
    """changes: of every resource, made or (in check mode) predicted.  states: of what was waited for."""

    prepared: Prepared
    changes: tuple[Change, ...]
    failures: tuple[Failure, ...] = ()
    states: tuple[State, ...] = ()

    @property
    def changed(self) -> bool:
        return any(change.changed for change in self.changes)

    @property
    def stuck(self) -> list[State]:
        return [state for state in self.states if not state.ready]


def apply_to_cluster(request: ApplyRequest, environ: Mapping[str, str], check_mode: bool = False) -> ApplyRun:
    """In check mode the server's dry run is all that is done.

    Raises AccessDenied, ClusterError, InputError, StorageError, Unreachable.
    """
    with Api(find_access(request.access, environ), environ) as api, stopped_by_signals(lambda reason: api.cancel()):
        prepared = prepare(api, request.wanted)
        if check_mode:
            return ApplyRun(prepared, prepared.predicted)
        changes, failures = carry_out(api, prepared)
        if request.patience is None or failures:
            return ApplyRun(prepared, tuple(changes), tuple(failures))
        applied = [step.resource for step in prepared.steps]
        waiting = Waiting(api, applied, prepared.pools, prepared.rollout.changed)
        return ApplyRun(prepared, tuple(changes), (), waiting.until_ready(request.patience))


def read_resources(folder: str, documents: Sequence[Any] = ()) -> tuple[Resource, ...]:
    """The resources of the YAML and JSON files of a folder, and of documents that are given.

    Raises InputError (no folder, a document that is not applied here), StorageError.
    """
    given = [(f"resources[{number}]", document) for number, document in enumerate(documents)]
    return tuple(applied_resources([*(_of_folder(folder) if folder else ()), *given]))


def _of_folder(folder: str) -> Iterator[tuple[str, Any]]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(_ENDINGS) and not name.startswith("."))
    except FileNotFoundError as error:
        advice = "cluster_resources writes it, as do the workflows that mirror."
        raise InputError(f"there is no folder {folder}", subject="path", advice=advice) from error
    except OSError as error:
        raise StorageError(f"cannot read {folder}: {error.strerror}", subject=folder) from error
    for name in names:
        path = os.path.join(folder, name)
        for document in yaml_documents.load_all(files.read(path, limits.DOCUMENT.size), path):
            yield path, document
