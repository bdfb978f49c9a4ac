# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Processes of this host: told from later ones that have the same number, and run within bounds."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported

if TYPE_CHECKING:
    from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.child import Child

# Seconds between two looks at whether a program has ended whose output is still held open.
_LOOK = 0.1
_PIECE = 64 * 1024
# A shell sets the bound, since it holds for the program from its first moment on; POSIX counts it in blocks of 512 bytes.
_BOUNDED = ("/bin/sh", "-c", 'ulimit -f "$0" && exec "$@"')


def born(pid: int) -> str | None:
    """When a process started, in ticks since boot; empty when there is none, None when it cannot be known."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return "" if os.path.isdir("/proc/self") else None
    # A zombie does nothing any more.
    return "" if fields[0] in "ZX" else fields[19]


class Done(NamedTuple):
    """How a program ended.  errors: the end of what it said besides its output."""

    status: int
    output: bytes
    errors: bytes


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    content: bytes = b"",
    seconds: float = limits.PROGRAM_SECONDS,
    output: int = limits.PROGRAM_OUTPUT,
    file: int = 0,
) -> Done:
    """Runs a program with `content` as its input, in a session of its own.

    seconds: until it must have ended.  output: bytes that it may say.  file: bytes of each file that it may write, 0 for any.
    Raises Unsupported when it cannot be started, or goes beyond its bounds; it is ended then, with all that it started.
    """
    # Only who runs programs needs them, and they take long to load.
    import tempfile
    from subprocess import PIPE

    from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.child import Child

    name = os.path.basename(command[0])
    bounded = (*_BOUNDED, str(-(-file // 512)), *command) if file else command
    with tempfile.TemporaryFile() as given:
        given.write(content)
        given.seek(0)
        try:
            process = Child(bounded, stdin=given, stdout=PIPE, stderr=PIPE, env=dict(environment))
        except OSError as error:
            raise Unsupported(f"{name} cannot be run: {error.strerror}", subject=name) from error
    with process:
        try:
            return _collected(process, name, seconds, output)
        except BaseException:
            process.end()
            raise


def _collected(process: Child, name: str, seconds: float, most: int) -> Done:
    import selectors

    deadline = time.monotonic() + seconds
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        for pipe, said in ((process.stdout, output), (process.stderr, errors)):
            if pipe is not None:
                waiting.register(pipe, selectors.EVENT_READ, said)
        while waiting.get_map():
            ready = waiting.select(_LOOK)
            for key, _events in ready:
                piece = os.read(key.fd, _PIECE)
                if not piece:
                    waiting.unregister(key.fileobj)
                key.data.extend(piece)
            # Of errors the end is of interest.
            del errors[: -limits.ERROR_BODY]
            if len(output) > most:
                raise Unsupported(f"{name} said more than the {most} bytes that are accepted", subject=name)
            if time.monotonic() > deadline:
                raise Unsupported(f"{name} did not end within {seconds:g} seconds", subject=name)
            if not ready and process.poll() is not None:
                # What it left running holds its output open.
                break
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise Unsupported(f"{name} did not end within {seconds:g} seconds", subject=name)
        time.sleep(_LOOK / 10)
    return Done(process.returncode, bytes(output), bytes(errors))
