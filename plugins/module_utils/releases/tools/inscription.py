# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Tells a program of a release where its release image is and which version it has, as `oc adm release extract` does.

Programs are built once for all releases.  Each has room for both, found by a marker; what is written over the marker from its
beginning counts, up to a zero byte (openshift/installer, pkg/asset/releaseimage; openshift/oc, extract_tools.go).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

RELEASE_IMAGE, RELEASE_VERSION = b"\x00_RELEASE_IMAGE_LOCATION_\x00", b"\x00_RELEASE_VERSION_LOCATION_\x00"
_FILL = b"X"
# So many of it follow a marker at least: the text alone may be a message of the program.
_LEAST = 16
# More than any marker with its room.
_ROOM = 1024
_STEP = 1024 * 1024


def inscribe(file: BinaryIO, values: Mapping[bytes, str]) -> set[bytes]:
    """Writes values over the first place of each marker; gives the markers that were found.

    Raises InputError for a value that is longer than its room.
    """
    found: dict[bytes, tuple[int, int]] = {}
    file.seek(0)
    offset, window = 0, b""
    while len(found) < len(values):
        piece = file.read(_STEP)
        window += piece
        for marker in values.keys() - found.keys():
            room = _room(window, marker, last=not piece)
            if room is not None:
                found[marker] = (offset + room[0], room[1])
        if not piece:
            break
        kept = min(len(window), _ROOM)
        offset += len(window) - kept
        window = window[-kept:]
    for marker, (place, length) in found.items():
        _write(file, place, length, values[marker])
    return set(found)


def _room(window: bytes, marker: bytes, last: bool) -> tuple[int, int] | None:
    """Place and length of the first room in a window; one that may go on behind its end is left for the next window."""
    start = window.find(marker)
    while start >= 0:
        end = start + len(marker)
        while window[end : end + 1] == _FILL:
            end += 1
        if end == len(window) and not last:
            return None
        if end - start - len(marker) >= _LEAST and window[end : end + 1] == b"\x00":
            return start, end - start
        start = window.find(marker, start + 1)
    return None


def _write(file: BinaryIO, place: int, length: int, value: str) -> None:
    content = value.encode("utf-8") + b"\x00"
    if len(content) > length:
        raise InputError(f"{value!r:.300} has {len(content) - 1} bytes, and the program has room for {length - 1}")
    file.seek(place)
    file.write(content)
