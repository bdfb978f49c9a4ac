# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a host keeps the core between tasks: `~/.cache/disconnected.mirror/DIGEST`, a directory for each version of it.

Code that is kept and run later must have been out of everybody else's reach all the time: a directory that another user
could change, or put another one in the place of, is none.
"""

from __future__ import annotations

import contextlib
import grp
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping

# Seconds after which a version that nobody used is removed.
KEPT = 30 * 24 * 3600
# A version that is in use says so at most so often, in seconds.
TOLD = 24 * 3600


def digest_of(sources: Iterable[tuple[str, bytes]]) -> str:
    """The name of a version of the core: of the paths below `module_utils` and the contents of its files."""
    whole = hashlib.sha256()
    for path, content in sorted(sources):
        whole.update(f"{path}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()[:32]


def find(digest: str, environ: Mapping[str, str]) -> str:
    """The directory of this version, empty when the host does not keep it."""
    path = os.path.join(_base(environ), digest)
    if not os.path.isdir(path) or not private(path):
        return ""
    _tell(path)
    return path


def keep(digest: str, archive: str, environ: Mapping[str, str]) -> str:
    """Unpacks a zip of this version; empty where the directory is not private, or nothing can be written.

    What lost a file is replaced.  Raises ValueError when the zip is not that version.
    """
    base = _base(environ)
    try:
        os.makedirs(base, 0o700, exist_ok=True)
        return _unpack(digest, archive, base) if private(base) else ""
    except OSError:
        return ""


def private(path: str) -> bool:
    """Whether nobody but this user and root can change what is in a directory, or put another one in its place."""
    path = os.path.realpath(path)
    try:
        own = os.lstat(path)
        if own.st_uid != os.geteuid() or own.st_mode & 0o022:
            return False
        while path != os.path.dirname(path):
            path = os.path.dirname(path)
            if not _guarded(os.lstat(path)):
                return False
    except OSError:
        return False
    return True


def _guarded(above: os.stat_result) -> bool:
    """A directory in which nobody else can rename what is ours.  The sticky bit leaves that to the owner of what is renamed."""
    if above.st_uid not in (0, os.geteuid()):
        return False
    if above.st_mode & stat.S_ISVTX:
        return True
    return not above.st_mode & 0o002 and (not above.st_mode & 0o020 or above.st_gid in _own_groups())


def _own_groups() -> Iterator[int]:
    """Root's, whose members are as good as root, and one that is this user's alone by its name."""
    yield 0
    with contextlib.suppress(KeyError):
        user = pwd.getpwuid(os.geteuid())
        if grp.getgrgid(user.pw_gid).gr_name == user.pw_name:
            yield user.pw_gid


def _base(environ: Mapping[str, str]) -> str:
    """Of this user: after `become` the environment's home may still be that of another one."""
    cache, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    with contextlib.suppress(KeyError, OSError):
        if not os.path.isabs(home) or os.stat(home).st_uid != os.geteuid():
            cache, home = "", pwd.getpwuid(os.geteuid()).pw_dir
    return os.path.join(cache if os.path.isabs(cache) else os.path.join(home or "/", ".cache"), "disconnected.mirror")


def _unpack(digest: str, archive: str, base: str) -> str:
    """In a directory of its own first, so that a version is there whole or not at all."""
    path = os.path.join(base, digest)
    new = tempfile.mkdtemp(prefix="new-", dir=base)
    try:
        if not _extract(archive, new) or digest_of(_sources(new)) != digest:
            raise ValueError("the core was damaged on its way to this host")
        _put(new, path, digest)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _tidy(base, path)
    return path


def _extract(archive: str, folder: str) -> bool:
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    except zipfile.BadZipFile:
        return False
    return True


def _put(new: str, path: str, digest: str) -> None:
    """Many tasks may do so at once, and others may be running what is there: only what lost something is replaced."""
    try:
        os.rename(new, path)
    except OSError:
        if digest_of(_sources(path)) == digest:
            return
        os.rename(path, os.path.join(tempfile.mkdtemp(prefix="old-", dir=os.path.dirname(path)), "core"))
        os.rename(new, path)


def _sources(root: str) -> Iterator[tuple[str, bytes]]:
    """Files of a version by their paths, without what Python made of them."""
    for folder, _folders, names in os.walk(root):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    yield os.path.relpath(path, root), file.read()


def _tell(path: str) -> None:
    """Marks a version as used, for `_tidy`."""
    with contextlib.suppress(OSError):
        if time.time() - os.stat(path).st_mtime > TOLD:
            os.utime(path)


def _tidy(base: str, path: str) -> None:
    """Removes what nobody used for long, with what an unpacking that was killed left."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(base):
            old = entry.name.startswith("old-") or time.time() - entry.stat(follow_symlinks=False).st_mtime > KEPT
            if entry.path != path and old:
                shutil.rmtree(entry.path, ignore_errors=True)
