# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The faces of archives: writing one, loading some, telling what they hold."""

from __future__ import annotations

import calendar
import os
import time
from typing import Any, Mapping, Optional, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, not_allowed
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination, directory_of
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import mirroring
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments import connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import MAX_FILES, Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.planning import plan_request, source_options, workspace_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import SigningKey, TrustedKeys
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead, TransferResult

Params = Mapping[str, Any]
_FILE = "file://"
# Options that mean nothing for a run between these ends.
_ONLY_WRITING = ("archive_size", "archive_for", "archive_signing_key", "archive_valid_days", "ignore_history", "since")
_ONLY_REGISTRY = ("shard",)
_MOST_DAYS = 36_500


def mirror_images(params: Params, check_mode: bool) -> Outcome:
    """image_mirror, by its ends."""
    writes = params["destination"].startswith(_FILE)
    if params["archive"] and writes:
        raise InputError("archive and destination are both directories", subject="destination", advice="Load an archive into a registry.")
    _refuse(params, () if writes else _ONLY_WRITING, "they are for a destination of file://")
    _refuse(params, () if params["archive"] else ("archive_trusted_keys",), "they are for loading an archive")
    _refuse(params, _ONLY_REGISTRY if writes or params["archive"] else (), "it is for runs from registry to registry")
    if params["archive"]:
        return load_archives(params, check_mode)
    return write_archive(params, check_mode) if writes else mirroring.mirror_images(params, check_mode)


def write_archive(params: Params, check_mode: bool) -> Outcome:
    """image_mirror with an archive as its destination."""
    folder = directory_of(params["destination"])
    run = mirror_to_disk(to_disk_request(params, folder), os.environ, check_mode)
    names = [os.path.join(folder, name) for name in run.volumes]
    contents = run.packing.contents
    result = run.result or TransferResult((), left_out=run.failures, ahead=Ahead(0, 0) if check_mode else None)
    problem = problem_of(not_allowed(run.failures, params["allow_failures"]), "The archive")
    if run.volumes and not run.archive_id:
        problem = f"{problem or 'The archive is not complete.'} It is unfinished: run it again to go on where it was{_or_allow(run.plan)}."
    return Outcome(
        changed=run.changed,
        values={
            **mirroring.result_values(result, run.path, workspace_of(params)),
            "sequences": [contents.sequence] if names else [],
            "archive_id": run.archive_id,
            "volumes": names[:MAX_FILES],
            "volumes_total": len(names),
        },
        failures=run.failures,
        warnings=run.warnings,
        problem=problem,
        diff=run.diff,
    )


def _or_allow(plan: Plan) -> str:
    return ", or let what cannot be had fail with allow_failures" if plan.failures else ""


def load_archives(params: Params, check_mode: bool) -> Outcome:
    """image_mirror with archives as its source."""
    run = disk_to_mirror(from_disk_request(params), os.environ, check_mode)
    problem = problem_of(not_allowed(run.failures, params["allow_failures"]), "The mirror")
    return Outcome(
        changed=run.changed,
        values={
            **mirroring.result_values(run.result, run.path, workspace_of(params)),
            "sequences": list(run.loaded),
        },
        failures=run.failures,
        warnings=run.warnings,
        problem=problem if not run.result.cancelled else mirroring.STOPPED,
        diff=run.diff,
    )


def archive_info(params: Params) -> Outcome:
    """archive_info."""
    path = params["path"]
    path = directory_of(path) if path.startswith(_FILE) else path
    archives = describe(path, trusted_keys(params["trusted_keys"], "trusted_keys"), params["check"], params["list_images"])
    return Outcome(changed=False, values={"archives": archives})


def to_disk_request(params: Params, folder: str) -> ToDiskRequest:
    size = params["archive_size"]
    if size is not None and size <= 0:
        raise InputError("archive_size is a number of GiB above 0", subject="archive_size")
    return ToDiskRequest(
        planning=plan_request(params),
        folder=folder,
        destination=str(Destination.parse(params["archive_for"], params["max_nested_paths"])) if params["archive_for"] else "",
        plan=params["plan"] or "",
        volume_size=int(size * GIB) if size is not None else 0,
        signing=_signing(params["archive_signing_key"]),
        valid_days=_valid(params["archive_valid_days"]),
        ignore_history=params["ignore_history"],
        since=_seconds(params["since"]),
        options=mirroring.transfer_options(params),
    )


def from_disk_request(params: Params) -> FromDiskRequest:
    return FromDiskRequest(
        workspace=workspace_of(params),
        archive=directory_of(params["archive"]),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        connections=connections(params),
        trusted=trusted_keys(params["archive_trusted_keys"]),
        planning=source_options(params),
        options=mirroring.transfer_options(params),
    )


def trusted_keys(given: Optional[Mapping[str, str]], option: str = "archive_trusted_keys") -> Optional[TrustedKeys]:
    """None when the option is not given.  Raises InputError when it is, and names no keys: that must not mean that any will do."""
    if given is None:
        return None
    if not given.get("path"):
        raise InputError("no keys are given", subject=option, advice="Give the file of keys as path, or leave the option out.")
    return TrustedKeys(given.get("kind") or "ssh", given["path"])


def _signing(given: Optional[Mapping[str, str]]) -> Optional[SigningKey]:
    return SigningKey(given["kind"], given["key"]) if given else None


def _valid(days: Optional[int]) -> int:
    if days is None:
        return 0
    if not 0 < days <= _MOST_DAYS:
        raise InputError(f"archive_valid_days is a number of days from 1 to {_MOST_DAYS}", subject="archive_valid_days")
    return days


def _seconds(date: Optional[str]) -> Optional[int]:
    """The beginning of a day in UTC."""
    if not date:
        return None
    try:
        return calendar.timegm(time.strptime(date, "%Y-%m-%d"))
    except ValueError as error:
        raise InputError(f"{date!r:.40} is not a date", subject="since", advice="Write YYYY-MM-DD.") from error


def _refuse(params: Params, names: Sequence[str], reason: str) -> None:
    given = [name for name in names if params[name] not in (None, False)]
    if given:
        raise InputError(f"{' and '.join(given)} cannot be given here: {reason}", subject=given[0])
