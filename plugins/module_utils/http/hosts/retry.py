# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When a request is made again, and how long to wait before (user-needs P09, G19).

The class is decided by the status alone; bodies of errors come in too many shapes.
"""

from __future__ import annotations

import random
import time

from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Retries

RETRIED = frozenset((429, 500, 502, 503, 504))


def backoff(attempt: int, retries: Retries) -> float:
    """Seconds before the next attempt, after `attempt` failed ones (1, 2, ...): doubling, a quarter more or less at random."""
    delay = min(retries.max_delay, retries.delay * 2.0 ** min(attempt - 1, 30))
    return delay * random.uniform(0.75, 1.25)


def patience(retries: Retries) -> float:
    """Seconds after which a host that answers nothing good any more is not waited for.

    All delays of one request and half of them again, half a minute at least: requests take time, too.
    """
    return max(30.0, 1.5 * sum(min(retries.max_delay, retries.delay * 2.0**number) for number in range(min(retries.times, 64))))


def first_patience(retries: Retries) -> float:
    """Seconds after which a host that no connection leads to, and that never answered, is given up: the delays of half the attempts."""
    return sum(min(retries.max_delay, retries.delay * 2.0**number) for number in range(min((retries.times + 1) // 2, 64)))


def retry_after(text: str | None, now: float | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks for, as a number or as a date; None without a readable one."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))
