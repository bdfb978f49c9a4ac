# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""image_mirror: registry to registry, into an archive, and out of archives."""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import KEY_KINDS, TRUSTED
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import (
    DESTINATION,
    FAILURES,
    PLANNING,
    PROGRESS,
    plan_source,
    workspace_of,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import MAX_FILES, Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, not_allowed
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination, directory_of, is_directory
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import latest_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import SigningKey
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead, TransferResult

Params = Mapping[str, Any]

TRANSFER: dict[str, Any] = {
    "plan": {"type": "path"},
    "check": {"type": "str", "choices": ["fast", "default", "deep"], "default": "default"},
    "tag_moves": {"type": "str", "choices": ["allow", "refuse"], "default": "allow"},
    "stop_on": {"type": "list", "elements": "str", "choices": ["release", "operator", "additional", "helm"], "default": []},
    "nearby": {"type": "list", "elements": "str", "default": []},
    "shard": {
        "type": "dict",
        "options": {
            "index": {"type": "int"},
            "count": {"type": "int", "required": True},
            "publish": {"type": "bool", "default": False},
        },
        "required_if": [["publish", False, ["index"]]],
    },
    **PROGRESS,
}

ARCHIVES: dict[str, Any] = {
    "archive": {"type": "str"},
    "archive_size": {"type": "float"},
    "archive_for": {"type": "str"},
    "archive_receipt": {"type": "path"},
    "archive_signing_key": {
        "type": "dict",
        "options": {
            "kind": {"type": "str", "choices": KEY_KINDS, "default": "ssh"},
            "key": {"type": "str", "no_log": False},
            "text": {"type": "str", "no_log": True},
        },
        "required_one_of": [["key", "text"]],
        "mutually_exclusive": [["key", "text"]],
        "no_log": False,
    },
    "archive_valid_days": {"type": "int"},
    "archive_checksums": {"type": "bool", "default": True},
    **TRUSTED,
    "ignore_history": {"type": "bool", "default": False},
    "since": {"type": "str"},
}
ARGUMENTS: dict[str, Any] = {**PLANNING, **DESTINATION, **FAILURES, **TRANSFER, **ARCHIVES}
STOPPED = "The run was stopped before it was complete. Run it again to resume."

# Options that mean nothing for a run between these ends.
_ONLY_WRITING = ("archive_size", "archive_for", "archive_receipt", "archive_signing_key", "archive_valid_days", "ignore_history", "since")
_ONLY_REGISTRY = ("shard", "nearby")
_MOST_DAYS = 36_500


def run(params: Params, check_mode: bool) -> Outcome:
    """image_mirror, by its ends."""
    writes = is_directory(params["destination"])
    if params["archive"] and writes:
        raise InputError("archive and destination are both directories", subject="destination", advice="Load an archive into a registry.")
    _refuse(params, () if writes else _ONLY_WRITING, "they are for a destination that is a directory of archives")
    _refuse(params, () if params["archive"] else ("archive_trusted_keys",), "they are for loading an archive")
    _refuse(params, _ONLY_REGISTRY if writes or params["archive"] else (), "it is for runs from registry to registry")
    if params["archive"]:
        return load_archives(params, check_mode)
    return write_archive(params, check_mode) if writes else mirror_registry(params, check_mode)


def result_values(result: TransferResult, path: str, workspace: Workspace) -> dict[str, Any]:
    """What every run of image_mirror returns.  path: of the document with every image's result."""
    return {
        "complete": result.complete,
        "counts": result.counts(),
        **({"forecast": {"pull": result.ahead.pull, "ship": result.ahead.ship}} if result.ahead is not None else {}),
        "requests": {end: sum(methods.values()) for end, methods in result.requests.items()},
        "duration": round(result.duration, 3),
        "result_path": path,
        "plan_path": latest_path(workspace),
    }


def mirror_request(params: Params) -> MirrorRequest:
    return MirrorRequest(
        planning=plan_source(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        nearby=tuple(params["nearby"]),
        options=transfer_options(params),
    )


def transfer_options(params: Params) -> TransferOptions:
    return TransferOptions(
        level=params["check"],
        parallel=params["parallel_layers"],
        stop_on=frozenset(params["stop_on"]),
        tag_moves=params["tag_moves"],
        shard=_shard(params["shard"]),
    )


def _shard(given: Mapping[str, Any] | None) -> Shard | None:
    return Shard(0 if given["publish"] else given["index"], given["count"], given["publish"]) if given else None


def mirror_registry(params: Params, check_mode: bool) -> Outcome:
    """image_mirror from registry to registry."""
    request = mirror_request(params)
    run = mirror(request, os.environ, check_mode)
    result = run.result
    problem = problem_of(not_allowed(run.failures, params["allow_failures"]), "The mirror")
    if result.cancelled:
        problem = STOPPED
    return Outcome(
        changed=result.changed,
        values={**result_values(result, run.path, request.workspace), **({"read": _read(run.read)} if request.nearby else {})},
        failures=run.failures,
        warnings=run.warnings,
        problem=problem,
        diff=run.diff,
    )


def _read(sizes: Mapping[str, int]) -> dict[str, Any]:
    """Bytes of what was read, by where."""
    return {"sources": sizes.get("", 0), "nearby": {name: size for name, size in sizes.items() if name}}


def write_archive(params: Params, check_mode: bool) -> Outcome:
    """image_mirror with an archive as its destination."""
    folder = directory_of(params["destination"])
    run = mirror_to_disk(to_disk_request(params, folder), os.environ, check_mode)
    names = [os.path.join(folder, name) for name in run.volumes]
    contents = run.packing.contents
    result = run.result or TransferResult((), left_out=run.failures, ahead=Ahead(0, 0) if check_mode else None)
    problem = problem_of(not_allowed(run.failures, params["allow_failures"]), "The archive")
    if run.volumes and not run.archive_id:
        problem = f"{problem or 'The archive is not complete.'} It is unfinished: run it again to resume{_or_allow(run.plan)}."
    return Outcome(
        changed=run.changed,
        values={
            **result_values(result, run.path, workspace_of(params)),
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
    return ", or accept unavailable images with allow_failures" if plan.failures else ""


def load_archives(params: Params, check_mode: bool) -> Outcome:
    """image_mirror with archives as its source."""
    run = disk_to_mirror(from_disk_request(params), os.environ, check_mode)
    problem = problem_of(not_allowed(run.failures, params["allow_failures"]), "The mirror")
    return Outcome(
        changed=run.changed,
        values={
            **result_values(run.result, run.path, workspace_of(params)),
            "sequences": list(run.loaded),
        },
        failures=run.failures,
        warnings=run.warnings,
        problem=problem if not run.result.cancelled else STOPPED,
        diff=run.diff,
    )


def to_disk_request(params: Params, folder: str) -> ToDiskRequest:
    size = params["archive_size"]
    if size is not None and size <= 0:
        raise InputError("archive_size must be a number of GiB above 0", subject="archive_size")
    return ToDiskRequest(
        planning=plan_source(params),
        folder=folder,
        destination=str(Destination.parse(params["archive_for"], params["max_nested_paths"])) if params["archive_for"] else "",
        volume_size=int(size * GIB) if size is not None else 0,
        signing=_signing(params["archive_signing_key"]),
        valid_days=_valid(params["archive_valid_days"]),
        checksums=params["archive_checksums"],
        ignore_history=params["ignore_history"],
        since=_seconds(params["since"]),
        receipt=params["archive_receipt"] or "",
        options=transfer_options(params),
    )


def from_disk_request(params: Params) -> FromDiskRequest:
    return FromDiskRequest(
        planning=plan_source(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        options=transfer_options(params),
    )


def _signing(given: Mapping[str, str | None] | None) -> SigningKey | None:
    return SigningKey(given["kind"] or "ssh", given["key"] or "", given["text"] or "") if given else None


def _valid(days: int | None) -> int:
    if days is None:
        return 0
    if not 0 < days <= _MOST_DAYS:
        raise InputError(f"archive_valid_days must be a number of days from 1 to {_MOST_DAYS}", subject="archive_valid_days")
    return days


def _seconds(date: str | None) -> int | None:
    """The beginning of a day in UTC."""
    if not date:
        return None
    try:
        return calendar.timegm(time.strptime(date, "%Y-%m-%d"))
    except ValueError as error:
        raise InputError(f"{date!r:.40} is not a date", subject="since", advice="Write YYYY-MM-DD.") from error


def _refuse(params: Params, names: Sequence[str], reason: str) -> None:
    given = [name for name in names if params[name] not in (None, False, [])]
    if given:
        raise InputError(f"{' and '.join(given)} cannot be given here: {reason}", subject=given[0])
