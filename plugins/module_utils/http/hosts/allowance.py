# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a host says of its rate limit besides `Retry-After`, in the forms that registries and what stands before them send.

    RateLimit-Limit: 100;w=60         RateLimit-Policy: "burst";q=100;w=60      X-RateLimit-Limit: 100
    RateLimit-Remaining: 0;w=60       RateLimit: "burst";r=0;t=7                X-RateLimit-Remaining: 0
    RateLimit-Reset: 7                RateLimit: limit=100, remaining=0, reset=7    X-RateLimit-Reset: 1700000000

Drafts of the IETF (draft-ietf-httpapi-ratelimit-headers, 03 to 09), Docker Hub, GitHub and GitLab.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

# A longer window (seconds) is a budget to be used up, not a pace.
_LONGEST_WINDOW = 60
# Longer than this (seconds) is not waited for on the word of these headers alone.
_LONGEST_WAIT = 60.0
# A larger number is a point in time, in seconds since 1970.
_MOMENTS = 100_000_000
_LONGEST_TEXT = 500
_NUMBER = re.compile(r"\s*([0-9]{1,12})\b")
_PARAMETER = re.compile(r"\b(limit|remaining|reset|q|r|t|w)=\"?([0-9]{1,12})\b")


class Allowance(NamedTuple):
    """rate: requests a second that are allowed on and on, None where it is not said.  wait: seconds until there are any again."""

    rate: float | None = None
    wait: float | None = None


def allowance(headers: Mapping[str, str], now: float | None = None) -> Allowance:
    """headers: by lower-case name.  What cannot be read, or makes no sense, says nothing."""
    if not any("ratelimit" in name for name in headers):
        return Allowance()
    said = _parameters(headers.get("ratelimit", ""))
    left = _first(headers, "remaining", said.get("remaining", said.get("r")))
    reset = _first(headers, "reset", said.get("reset", said.get("t")))
    if reset is not None and reset >= _MOMENTS:
        reset = max(0, reset - int(time.time() if now is None else now))
    wait = float(reset) if reset is not None and not left and reset <= _LONGEST_WAIT else None
    return Allowance(_rate(headers), wait)


def _rate(headers: Mapping[str, str]) -> float | None:
    """The slowest of all policies."""
    rates = []
    for name in ("ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit"):
        for policy in headers.get(name, "")[:_LONGEST_TEXT].split(","):
            found = _parameters(policy)
            number = _NUMBER.match(policy)
            quota = found.get("q", int(number.group(1)) if number else 0)
            window = found.get("w", 0)
            if quota and 0 < window <= _LONGEST_WINDOW:
                rates.append(quota / window)
    return min(rates, default=None)


def _first(headers: Mapping[str, str], what: str, said: int | None) -> int | None:
    for name in (f"ratelimit-{what}", f"x-ratelimit-{what}"):
        match = _NUMBER.match(headers.get(name, ""))
        if match:
            return int(match.group(1))
    return said


def _parameters(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in _PARAMETER.findall(text[:_LONGEST_TEXT])}
