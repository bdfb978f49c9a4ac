# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A plan with all that another host needs to carry it out without asking the sources what things are.

A tar of `plan.json`, `plan-parts.tar` (what was built for it), `charts/NAME` and `manifests/ALGORITHM/HEX`, the shelf's own files.
Whoever takes it over checks the plan like any other; manifests, parts and content name themselves by their digests.
"""

from __future__ import annotations

import os
import re
from typing import BinaryIO

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import parts
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.chart_files import chart_files
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import read_plan, restored
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive import tar
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import Member, Seekable, TarFault, TarWalk

_PLAN, _PARTS, _MANIFESTS = "plan.json", "plan-parts.tar", "manifests/"
# A file of the shelf has a line before its manifest.
_LARGEST = limits.MANIFEST.size + limits.KIB
_SHELVED = re.compile(r"manifests/(sha256/[0-9a-f]{64}|sha512/[0-9a-f]{128})\Z")
_CHART = re.compile(r"charts/[A-Za-z0-9][A-Za-z0-9._+-]*\Z")


def hand_on(plan: Plan, place: Workspace, path: str) -> None:
    """Writes the file for another host.  Raises NotFound (planning left something out of the workspace), StorageError."""
    members = {_PLAN: files.json_bytes(plan.document()), **chart_files(plan, place)}
    with temporary_folder() as folder:
        kept = os.path.join(folder, _PARTS)
        parts.keep(plan, place, kept)
        if os.path.exists(kept):
            members[_PARTS] = files.read(kept)
    shelf = Shelf(place.manifests)
    digests = {manifest.digest for image in plan.images for manifest in shelved(image, shelf).manifests}
    for digest in digests:
        members[f"{_MANIFESTS}{digest.algorithm}/{digest.hex}"] = files.read(os.path.join(place.manifests, digest.algorithm, digest.hex))
    files.write(path, b"".join(_member(name, content) for name, content in sorted(members.items())) + tar.END)


def take_over(path: str, place: Workspace) -> Plan:
    """The plan, with what goes with it put into `place`; also from a `plan.json` with its parts beside it.

    Raises InputError (no such file, or a damaged one), Incompatible (the plan), CorruptContent (a part), StorageError.
    """
    try:
        with open(path, "rb") as file:
            if file.read(1) == b"{":
                return restored(read_plan(path), place, path)
            file.seek(0)
            return _Handed(file, path).put_into(place)
    except FileNotFoundError as error:
        raise InputError(
            f"there is no plan at {path}", subject=path, advice="Have it written with hand_on on the host that plans."
        ) from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error


class _Handed:
    """What `hand_on` wrote."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path
        try:
            walk = TarWalk(Seekable(file, os.path.getsize(path)), whole=True)
            self._members = {member.name: member for member in walk if member.is_file}
        except TarFault as error:
            raise self._refused(str(error)) from error

    def put_into(self, place: Workspace) -> Plan:
        plan = self._plan()
        for name, member in self._members.items():
            if _SHELVED.match(name) and member.size <= _LARGEST:
                # The shelf believes nothing that does not have its digest.
                self._put(member, os.path.join(place.manifests, name[len(_MANIFESTS) :]))
            elif _CHART.match(name) and member.size <= limits.CHART:
                self._put(member, os.path.join(place.charts, os.path.basename(name)))
        if _PARTS in self._members:
            with temporary_folder() as folder:
                kept = os.path.join(folder, _PARTS)
                files.write(kept, self._read(self._members[_PARTS]))
                parts.restore(plan, place, kept)
        return plan

    def _plan(self) -> Plan:
        member = self._members.get(_PLAN)
        if member is None or member.size > limits.RECORD.size:
            raise self._refused("there is no plan in it")
        try:
            return Plan.of(json_values.parse(self._read(member), limits.RECORD), self._path)
        except ValueError as error:
            raise self._refused(str(error)) from error

    def _put(self, member: Member, path: str) -> None:
        if not os.path.exists(path) or os.path.getsize(path) != member.size:
            files.write(path, self._read(member))

    def _read(self, member: Member) -> bytes:
        self._file.seek(member.offset)
        return self._file.read(member.size)

    def _refused(self, reason: str) -> InputError:
        return InputError(f"the plan of another host cannot be read: {reason}", subject=self._path, advice="Copy the file again.")


def _member(name: str, content: bytes) -> bytes:
    return tar.header(name, len(content)) + content + bytes(tar.padded(len(content)) - len(content))
