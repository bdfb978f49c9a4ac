# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Tar blocks as bytes: every header of an archive is a function of name and size.

Because a header never holds anything else (owner, mode and time are fixed), a reader can
compute what each block outside the content must be, and a flipped bit anywhere is seen.
POSIX.1-1988 ustar; sizes of 8 GiB and more in the base-256 form that GNU tar, bsdtar and
Python read.
"""

from __future__ import annotations

BLOCK = 512
# Two zero blocks close an archive.
END = bytes(2 * BLOCK)
_OCTAL_LIMIT = 8**11
_NAME_LIMIT = 100


def padded(size: int) -> int:
    """Bytes that content of `size` takes, without its header."""
    return -(-size // BLOCK) * BLOCK


def header(name: str, size: int) -> bytes:
    """All header blocks of a regular file: one, or three where the name needs GNU tar's long form (sha512 blobs).

    Raises ValueError for names that do not fit.
    """
    encoded = name.encode("ascii")
    if not 0 < len(encoded) < BLOCK:
        raise ValueError(f"a member name has 1 to {BLOCK - 1} characters: {name}")
    if len(encoded) <= _NAME_LIMIT:
        return _block(encoded, size, b"0")
    return _block(b"././@LongLink", len(encoded) + 1, b"L") + encoded.ljust(BLOCK, b"\0") + _block(encoded[:_NAME_LIMIT], size, b"0")


def header_size(name: str) -> int:
    """Bytes of `header(name, ...)`."""
    return BLOCK if len(name) <= _NAME_LIMIT else 3 * BLOCK


def _block(name: bytes, size: int, kind: bytes) -> bytes:
    large = size >= _OCTAL_LIMIT
    block = bytearray(BLOCK)
    block[0 : len(name)] = name
    block[100:108] = b"0000644\0"
    block[108:116] = block[116:124] = b"0000000\0"
    block[124:136] = b"\x80" + size.to_bytes(11, "big") if large else b"%011o\0" % size
    block[136:148] = b"%011o\0" % 0
    block[156:157] = kind
    block[257:265] = b"ustar  \0" if large or kind == b"L" else b"ustar\00000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def first_member(block: bytes) -> tuple[str, int]:
    """Name and size that a header block claims; ("", 0) when it is not one of ours."""
    name = block[:_NAME_LIMIT].rstrip(b"\0").decode("ascii", "replace")
    field = block[124:136]
    try:
        size = int.from_bytes(field[1:], "big") if field[:1] == b"\x80" else int(field.rstrip(b"\0 ") or b"x", 8)
        matches = header(name, size) == block
    except (ValueError, UnicodeEncodeError, OverflowError):
        return "", 0
    return (name, size) if matches else ("", 0)
