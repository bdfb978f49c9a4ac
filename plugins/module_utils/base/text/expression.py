# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Regular expressions of users, which meet text of others.

Python's matching can take time that grows exponentially with the text, and nothing in the same process can interrupt it.
So an expression is used as it is only where its form shows that it takes no more than quadratic time.  Any other one is
matched by a process of its own, which the kernel ends when it has used up its seconds.
"""

from __future__ import annotations

import re
import sys
import threading
import weakref
from typing import TYPE_CHECKING

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported

if TYPE_CHECKING:
    from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.child import Child

# Ways to go on that are independent of each other multiply, at most by two each.
_CHOICES = 6
# A repeated group, a back-reference, and the flag that lets blanks stand anywhere.
_BEYOND = re.compile(r"\)\s*[*+{]|\\[1-9]|\(\?P=|\(\?[a-zA-Z]*x")
_PROGRAM = """
import re, resource, sys
text = lambda line: bytes.fromhex(line).decode("utf-8", "surrogatepass")
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
pattern = re.compile(text(sys.stdin.readline()), int(sys.argv[2]))
for line in sys.stdin:
    print(int(pattern.search(text(line)) is not None), flush=True)
"""


class Expression:
    """pattern: as the user wrote it.  flags: of `re`.  Raises what `re.compile` raises.

    May be used by several threads at once.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags
        self._compiled = re.compile(pattern, flags)
        self._quick = is_quick(pattern)
        self._lock = threading.Lock()
        self._matcher: Child | None = None

    def search(self, text: str) -> bool:
        """Whether it is found anywhere in a text.

        Raises InputError when it takes more than the seconds that it has for all texts together.
        """
        if self._quick and len(text) <= limits.EXPRESSION_TEXT:
            return self._compiled.search(text) is not None
        with self._lock:
            answer = self._asked(text)
        if not answer:
            raise InputError(
                f"the regular expression {self.pattern!r:.200} takes more than {limits.EXPRESSION_SECONDS} seconds",
                advice="Write it with fewer repetitions, and with none of what is repeated already.",
            )
        return answer == b"1\n"

    def _asked(self, text: str) -> bytes:
        """The matcher's answer; empty once it has used up its seconds."""
        if self._matcher is None:
            self._matcher = _start(self._flags)
            weakref.finalize(self, _end, self._matcher)
            _say(self._matcher, self.pattern)
        listens = _say(self._matcher, text)
        return self._matcher.stdout.readline() if listens and self._matcher.stdout else b""


def is_quick(pattern: str) -> bool:
    """Whether the form of a pattern shows that it takes no more than quadratic time: one repetition, of no group."""
    repetitions = sum(map(pattern.count, "*+{"))
    choices = pattern.count("|") + pattern.count("?") - pattern.count("(?")
    return repetitions <= 1 and choices <= _CHOICES and not _BEYOND.search(pattern)


def _start(flags: int) -> Child:
    # Hardly any expression needs it.
    from subprocess import DEVNULL, PIPE

    from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.child import Child

    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, str(limits.EXPRESSION_SECONDS), str(int(flags))]
    try:
        return Child(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    except OSError as error:
        raise Unsupported(f"{sys.executable} cannot be run: {error.strerror}") from error


def _say(matcher: Child, text: str) -> bool:
    """Whether somebody still listened."""
    line = text.encode("utf-8", "surrogatepass").hex().encode("ascii") + b"\n"
    try:
        if matcher.stdin:
            matcher.stdin.write(line)
            matcher.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _end(matcher: Child) -> None:
    matcher.end()
    matcher.wait()
    for pipe in (matcher.stdin, matcher.stdout):
        try:
            if pipe:
                pipe.close()
        except BrokenPipeError:
            continue
