# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A request whose body is written piece by piece."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.host import Host
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Guarded
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

_SMALL = 64 * 1024
# How long to look for the answer of a server that hung up on us, in seconds.
_LAST_WORDS = 2.0


class Outgoing:
    """Between `Http.start` and its answer.  Used by one thread at a time.

    sent: the Authorization header that went along.  started: when (monotonic seconds).
    early: the answer of a server that did not want to hear the rest.
    """

    def __init__(self, host: Host, connection: Guarded, request: Request, head: bytes, sent: str, started: float) -> None:
        self.request = request
        self.sent = sent
        self.started = started
        self.early: Response | None = None
        self._host = host
        self._connection: Guarded | None = connection
        self._head = head

    def write(self, view: memoryview) -> None:
        """The next bytes of the body.  Raises Interrupted; `early` then has the answer, if there was one."""
        connection = self._live()
        try:
            if not self._head:
                if connection.waiting():
                    raise Interrupted("the other side stopped reading before the end")
                connection.send(view)
            elif len(view) <= _SMALL:
                connection.send(self._head + view)
            else:
                connection.send(self._head)
                connection.send(view)
            self._head = b""
        except Interrupted:
            self._listen(connection)
            raise

    def finish(self, size: int = 0) -> Response:
        """The answer's head, all bytes of the body having been written; its body is unread.  Raises Interrupted.

        size: bytes that the other side has to look through before it answers.
        """
        connection = self._live()
        try:
            if self._head:
                connection.send(self._head)
                self._head = b""
            with self._host.waits.waiting(slow=True):
                response = connection.receive(self._host.waits.limit(size))
            response.origin = self.request.origin
        except BaseException:
            self.abort()
            raise
        self._connection = None
        response.on_done(self._host.give)
        return response

    def abort(self) -> None:
        """Hangs up; may be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _live(self) -> Guarded:
        if self._connection is None:
            raise Interrupted("the connection was abandoned")
        return self._connection

    def _listen(self, connection: Guarded) -> None:
        try:
            self.early = connection.receive(_LAST_WORDS)
            self.early.origin = self.request.origin
            self.early.on_done(lambda used, _reusable: used.close())
            self._connection = None
        except Interrupted:
            self.abort()
