# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An answer as the rest of the program sees it."""

from __future__ import annotations

from http.client import HTTPException, IncompleteRead
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.answer import Answer
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, Oversized, reason_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.stream import Stream


class Response:
    """An answer: `status`, `headers` (lower-case names) and a body that is read once.

    length: bytes of the body, None when only its end will tell.
    body: what `read` read.  origin: who answered, set by the session.
    """

    __slots__ = (
        *("_answer", "_connection", "_done", "_failure", "_on_done", "_stream"),
        *("body", "headers", "length", "origin", "status"),
    )

    def __init__(self, connection: Any, stream: Stream, answer: Answer) -> None:
        self.status = answer.status
        self.headers = answer.fields
        self.length: int | None = None if answer.chunked else answer.length
        self.body = b""
        self.origin: Any = None
        self._connection = connection
        self._stream = stream
        self._answer = answer
        self._on_done: Callable[[Any, bool], None] | None = None
        self._failure: Interrupted | None = None
        self._done = False
        if self.length == 0:
            self._finish(answer.reusable)

    def on_done(self, call: Callable[[Any, bool], None]) -> None:
        """`call(connection, reusable)` once, when the body has been read or given up."""
        self._on_done = call
        if self._done:
            call(self._connection, self._answer.reusable)

    def readinto(self, view: memoryview) -> int:
        """Fills `view` as far as the body goes; 0 at its end.

        Raises Interrupted when it breaks off or crawls, after all bytes that had come were given out.
        """
        if self._failure is not None:
            raise self._failure
        if self._done or not len(view):
            return 0
        try:
            filled = self._answer.readinto(view)
            if self._answer.isclosed():
                self._end()
        except IncompleteRead as error:
            filled = len(error.partial)
            self._fail(Interrupted("the answer broke off before its end"))
        except Interrupted as error:
            filled = 0
            self._fail(error)
        except (HTTPException, OSError, ValueError) as error:
            filled = 0
            self._fail(Interrupted(reason_of(error)))
        if self._failure is not None and not filled:
            raise self._failure
        return int(filled)

    def read(self, limit: int) -> bytes:
        """The whole body, kept in `body`.  Raises Interrupted, also when it is longer than `limit`."""
        if self._done and self._failure is None:
            return self.body
        if self.length is not None and self.length > limit:
            self.close()
            raise Oversized(f"the answer has {self.length} bytes, more than the {limit} that are accepted", lasting=True)
        pieces = []
        filled = 0
        while not self._done or self._failure is not None:
            room = self.length - filled if self.length is not None else min(65536 + filled, limit + 1 - filled)
            buffer = bytearray(room)
            size = self.readinto(memoryview(buffer))
            pieces.append(bytes(buffer) if size == room else bytes(buffer[:size]))
            filled += size
            if filled > limit:
                self.close()
                raise Oversized(f"the answer is longer than the {limit} bytes that are accepted", lasting=True)
        self.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return self.body

    def close(self) -> None:
        """Gives the connection back; one with an unread body is of no more use."""
        self._finish(False)

    def _end(self) -> None:
        """http.client saw an end: that of the body, or of the connection."""
        if self._stream.failure is not None:
            self._fail(self._stream.failure)
        elif self._answer.length and not self._answer.chunked:
            self._fail(Interrupted(f"the answer broke off {self._answer.length} bytes before its end"))
        else:
            self._finish(self._answer.reusable)

    def _fail(self, failure: Interrupted) -> None:
        self._failure = self._stream.failure or failure
        self._finish(False)

    def _finish(self, reusable: bool) -> None:
        if not self._done:
            self._done = True
            self._answer.close()
            self._answer.reusable = reusable and self._stream.end()
            if self._on_done is not None:
                self._on_done(self._connection, self._answer.reusable)
