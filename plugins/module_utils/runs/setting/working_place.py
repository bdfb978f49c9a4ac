# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a run works: the user's workspace under its lock, or in check mode a throw-away one that reads the user's caches."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.lock import WorkspaceLock
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace

Place = tuple[Workspace, Callable[[], bool]]


# Tells a workspace that stands in for another from any other directory.
_FURNISHED = "stands-in"


def never_lost() -> bool:
    return False


def working_place(kept: Workspace, owner: str, check_mode: bool) -> AbstractContextManager[Place]:
    """The workspace to write to, and what says whether the right to write was lost.

    kept: the user's.  owner: what other runs are told when they find it in use.
    Entering raises Locked, StorageError, InputError (what stands in for it).
    """
    if not check_mode:
        return _locked(kept, owner)
    return _stand_in(kept) if kept.stand_in else _throw_away(kept)


@contextmanager
def _locked(kept: Workspace, owner: str) -> Iterator[Place]:
    files.check_private(kept.root)
    lock = WorkspaceLock(kept.lock, owner)
    lock.acquire()
    try:
        yield kept, lock.lost
    finally:
        lock.release()


@contextmanager
def _throw_away(kept: Workspace) -> Iterator[Place]:
    """A temporary workspace that is gone afterwards."""
    try:
        root = tempfile.mkdtemp(prefix="disconnected-mirror-")
    except OSError as error:
        raise StorageError(f"cannot make a temporary directory: {error.strerror}", subject=tempfile.gettempdir()) from error
    try:
        yield _furnished(kept, root), never_lost
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _stand_in(kept: Workspace) -> Iterator[Place]:
    """The one that the steps of a check share; whoever gave it removes it."""
    root = os.path.realpath(kept.stand_in)
    if root == os.path.realpath(kept.root):
        raise InputError("the workspace cannot replace itself", subject=kept.stand_in, advice="Name an empty directory.")
    try:
        os.makedirs(root, 0o700, exist_ok=True)
        used = os.listdir(root)
    except OSError as error:
        raise StorageError(f"cannot use {root}: {error.strerror}", subject=kept.stand_in) from error
    if used and _FURNISHED not in used:
        raise InputError("there are files in it that no check has left", subject=kept.stand_in, advice="Name an empty directory.")
    yield Workspace(root) if used else _furnished(kept, root), never_lost


def _furnished(kept: Workspace, root: str) -> Workspace:
    """A workspace in which manifests, catalogs, charts and what was built are found, by link; nothing is written through."""
    workspace = Workspace(root)
    for source, target in zip(kept.caches, workspace.caches):
        if os.path.isdir(source):
            _link_files(source, target)
        elif os.path.exists(source):
            os.symlink(os.path.abspath(source), target)
    files.write(workspace.path(_FURNISHED), b"")
    return workspace


def _link_files(source: str, target: str) -> None:
    for folder, _folders, names in os.walk(os.path.abspath(source)):
        below = os.path.join(target, os.path.relpath(folder, os.path.abspath(source)))
        os.makedirs(below, exist_ok=True)
        for name in names:
            os.symlink(os.path.join(folder, name), os.path.join(below, name))
