# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of progress: what they say, and how often."""

from __future__ import annotations

import time

from ansible.utils.display import Display

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text import shown

# Lines become rarer in long runs, up to one in so many seconds.
RAREST_LINE = 30.0
# Seconds until the first one, which says that something is done and what.
FIRST_LINE = 1.5


class Lines:
    """Lines of progress, often enough to see that it lives and rarely enough to be read."""

    def __init__(self, host, interval):
        self._host = host
        self._interval = interval
        self._began = self._shown = time.monotonic()
        self._said = ""

    def show(self, status, last=False):
        now = time.monotonic()
        wait = min(max(self._interval, (now - self._began) / 20), max(RAREST_LINE, self._interval)) if self._said else FIRST_LINE
        said = line(status, now - self._began)
        if (last and self._said not in ("", said)) or (not last and now - self._shown >= wait):
            self._shown, self._said = now, said
            # What goes to the output besides the callback's own words breaks the documents that some callbacks write there.
            Display().display(shown.line(f"  {self._host}: {said}"), stderr=True)


def line(status, seconds):
    """One line about a status document (`transfer.progress`), None for none yet."""
    try:
        return _line(status, seconds) if status else f"starting, {duration(seconds)} so far"
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        # A status that another version wrote, or somebody else.
        return f"running, {duration(seconds)} so far"


def _line(status, seconds):
    images, layers, size = status["images"], status["blobs"], status["bytes"]
    if status.get("planning"):
        return f"plan: {_planning(**status['planning'])}{_waiting(status)}, {duration(seconds)} so far"
    if not images["total"]:
        return f"{status['phase']}{_waiting(status)}, {duration(seconds)} so far"
    parts = [f"{images['done']}/{images['total']} {'image' if images['total'] == 1 else 'images'}"]
    if layers["total"]:
        parts.append(f"{layers['done']}/{layers['total']} {'layer' if layers['total'] == 1 else 'layers'}")
    if size["total"]:
        parts.append(f"{amount(size['done'])} of {amount(size['total'])}")
    if status["rate"]:
        parts.append(f"{amount(status['rate'])}/s")
    if status["retries"]:
        parts.append(f"{status['retries']} retried")
    if images["failed"]:
        parts.append(f"{images['failed']} failed")
    left = f", about {duration(status['eta'])} left" if status["eta"] is not None else ""
    return f"{status['phase']}: {', '.join(parts)}{_waiting(status)}{left}"


def _planning(stage, done, total):
    return f"{done} of {total} {stage} {'resolved' if stage == 'images' else 'read'}" if total else f"reading {stage}"


def _waiting(status):
    waiting = status.get("waiting")
    return f", waiting for {waiting['host']} for {duration(waiting['seconds'])}" if waiting else ""


def amount(size):
    """Bytes in the largest unit that keeps them above one."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def duration(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
