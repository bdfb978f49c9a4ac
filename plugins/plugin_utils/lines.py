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


class Lines:
    """Lines of progress, often enough to see that it lives and rarely enough to be read."""

    def __init__(self, host, interval):
        self._host = host
        self._interval = interval
        self._began = self._shown = time.monotonic()
        self._any = False

    def show(self, status, last=False):
        now = time.monotonic()
        wait = min(max(self._interval, (now - self._began) / 20), max(RAREST_LINE, self._interval))
        if (last and self._any) or (not last and now - self._shown >= wait):
            self._shown, self._any = now, True
            # What goes to the output besides the callback's own words breaks the documents that some callbacks write there.
            Display().display(shown.line(f"  {self._host}: {line(status, now - self._began)}"), stderr=True)


def line(status, seconds):
    """One line about a status document (`transfer.progress`), None for none yet."""
    try:
        return _line(status, seconds) if status else f"starting, {duration(seconds)} so far"
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        # A status that another version wrote, or somebody else.
        return f"running, {duration(seconds)} so far"


def _line(status, seconds):
    images, size = status["images"], status["bytes"]
    if not images["total"]:
        return f"{status['phase']}, {duration(seconds)} so far"
    parts = [f"{images['done']}/{images['total']} {'image' if images['total'] == 1 else 'images'}"]
    if size["total"]:
        parts.append(f"{amount(size['done'])} of {amount(size['total'])}")
    if status["rate"]:
        parts.append(f"{amount(status['rate'])}/s")
    if status["retries"]:
        parts.append(f"{status['retries']} retried")
    if images["failed"]:
        parts.append(f"{images['failed']} failed")
    if status.get("waiting"):
        parts.append(f"waiting for {status['waiting']['host']} for {duration(status['waiting']['seconds'])}")
    if status["eta"] is not None:
        parts.append(f"about {duration(status['eta'])} left")
    return f"{status['phase']}: {', '.join(parts)}"


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
