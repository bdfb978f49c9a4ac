# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How an exchange breaks, as one error that the layers above mend or report."""

from __future__ import annotations

import socket


class Interrupted(Exception):
    """The exchange broke: refused, reset, silent, truncated or malformed.

    reason: in words, for messages.  untouched: no byte of an answer had arrived.
    lasting: trying again cannot help.
    """

    def __init__(self, reason: str, untouched: bool = False, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.untouched = untouched
        self.lasting = lasting


def reason_of(error: Exception) -> str:
    """An error of the operating system, or of http.client, in a few words."""
    if isinstance(error, socket.timeout):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class Silent(Interrupted):
    """Nothing of an answer came in its time."""


class Oversized(Interrupted):
    """The answer is larger than what is accepted."""


class Unreached(Interrupted):
    """No connection came about.  end: whom it was to lead to, a host or the proxy before it; advice: what to do about it."""

    def __init__(self, reason: str, end: str, advice: str, lasting: bool = False) -> None:
        super().__init__(reason, untouched=True, lasting=lasting)
        self.end = end
        self.advice = advice
