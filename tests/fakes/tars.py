# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tars block by block: what libraries do not write, attackers do."""

from __future__ import annotations

BLOCK = 512
END = bytes(2 * BLOCK)


def number(value, width):
    return value if isinstance(value, bytes) else b"%0*o\0" % (width - 1, value)


def header(name=b"file", size=0, kind=b"0", mode=0o644, target=b"", magic=b"ustar\00000", prefix=b"", checksum=None, rest=b""):
    """One block.  size, mode: numbers, or the bytes of their fields.  rest: what stands from byte 386 on (holes)."""
    block = bytearray(BLOCK)
    block[0 : len(name)] = name
    block[100:108] = number(mode, 8)
    block[108:116] = block[116:124] = number(0, 8)
    block[124:136] = number(size, 12)
    block[136:148] = number(0, 12)
    block[156:157] = kind
    block[157 : 157 + len(target)] = target
    block[257 : 257 + len(magic)] = magic
    block[345 : 345 + len(prefix)] = prefix
    if rest:
        block[386 : 386 + len(rest)] = rest
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block) if checksum is None else checksum
    return bytes(block)


def padded(content):
    return content.ljust(-(-len(content) // BLOCK) * BLOCK, b"\0")


def member(name=b"file", content=b"", **fields):
    return header(name, **{"size": len(content), **fields}) + padded(content)


def records(**said):
    """The content of a pax header; underscores of names stand for dots."""
    out = b""
    for key, value in said.items():
        body = b" %s=%s\n" % (key.replace("_", ".").encode(), value if isinstance(value, bytes) else str(value).encode())
        length = len(body)
        while length != len(str(length)) + len(body) and len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        out += b"%d" % length + body
    return out


def pax(kind=b"x", content=b"", **said):
    return member(b"pax", content or records(**said), kind=kind)


def long_name(name, kind=b"L"):
    return member(b"././@LongLink", name + b"\0", kind=kind, magic=b"ustar  \0")
