# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The members of a tar from outside, one header after the other: the one reader of tars.

POSIX.1-2001 (ustar and pax) and the forms of GNU tar.  Python's own reader takes a damaged header for the end, reads headers of
any size and in chains without end, and does each of it differently with every version; here every size, name and chain is
bounded before it is believed, and what readers understand in different ways is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits

BLOCK = 512
FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"

_ZERO = bytes(BLOCK)
_KINDS = {b"0": FILE, b"\0": FILE, b"7": FILE, b"S": FILE, b"5": FOLDER, b"2": LINK}
# Hard links, links, devices, folders and pipes have no content, whatever size their header names.
_WITHOUT_CONTENT = b"123456"
_OCTAL = b"01234567"
_PATH, _TARGET, _SIZE, _SPARSE = "path", "linkpath", "size", "GNU.sparse."
_REAL_NAME = "GNU.sparse.name"
_STEP = 64 * 1024


class TarFault(ValueError):
    """Why this is no tar that is read here."""


class Member(NamedTuple):
    """name: as it is written, of any form.  kind: FILE, FOLDER, LINK (symbolic) or OTHER.

    size: bytes of its content in the tar, which begins at `offset`.  target: of links.  sparse: stored with holes; never read.
    """

    name: str
    kind: str
    size: int
    mode: int
    target: str
    offset: int
    sparse: bool = False

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file whose content lies there as it is."""
        return self.kind == FILE and not self.sparse


class Source(Protocol):
    """Where the bytes of a tar come from."""

    def read(self, size: int) -> bytes:
        """As many bytes, fewer only at the end."""

    def skip(self, size: int) -> bool:
        """Goes on behind so many bytes; False when there are not so many."""


class Stream:
    """Of anything that has `read`."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        content: bytes = self._file.read(size)
        while content and len(content) < size:
            more = self._file.read(size - len(content))
            if not more:
                break
            content += more
        return content

    def skip(self, size: int) -> bool:
        while size:
            skipped = len(self._file.read(min(size, _STEP)))
            if not skipped:
                return False
            size -= skipped
        return True


class Seekable:
    """Of a file on disk, whose content is not read to come behind it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def skip(self, size: int) -> bool:
        place = self._file.tell() + size
        if place > self._size:
            return False
        self._file.seek(place)
        return True


class TarWalk:
    """Iterating gives the members; while one is at hand, `read` gives its content.

    whole: whether the end of the tar must be there, and nothing behind it.
    Raises TarFault, and what the source raises.
    """

    def __init__(self, source: Source, whole: bool = False) -> None:
        self._source = source
        self._whole = whole
        self._position = 0
        self._left = 0

    def __iter__(self) -> Iterator[Member]:
        while True:
            block, said = self._next_header()
            if not block:
                return
            member = self._member(block, said)
            end = member.offset + -(-member.size // BLOCK) * BLOCK
            self._left = member.size
            yield member
            self._skip(end - self._position)

    def read(self, size: int = -1) -> bytes:
        """Of the member at hand: all that is left of its content, or up to `size` bytes of it."""
        wanted = self._left if size < 0 else min(size, self._left)
        self._left -= wanted
        return self._exactly(wanted)

    def _next_header(self) -> tuple[bytes, dict[str, str]]:
        """The header of the next member and what headers before it say of it; nothing at the end."""
        said: dict[str, str] = {}
        kinds = b""
        while True:
            block = self._source.read(BLOCK)
            self._position += len(block)
            if len(block) < BLOCK or block == _ZERO:
                self._check_end(block, bool(kinds))
                return b"", said
            _check_sum(block)
            kind = block[156:157]
            if kind not in (b"L", b"K", b"x", b"X", b"g"):
                return block, said
            if (kind in kinds and kind != b"g") or len(kinds) >= limits.TAR_EXTENSIONS:
                raise TarFault("a member has the same extended header twice, or too many of them")
            kinds += kind
            _add(said, kind, self._extension(block))

    def _extension(self, block: bytes) -> bytes:
        size = _number(block[124:136], "size")
        if size > limits.TAR_EXTENSION:
            raise TarFault(f"an extended header has {size} bytes, more than the {limits.TAR_EXTENSION} that are accepted")
        return self._exactly(-(-size // BLOCK) * BLOCK)[:size]

    def _member(self, block: bytes, said: dict[str, str]) -> Member:
        kind = block[156:157]
        sparse = kind == b"S" or any(key.startswith(_SPARSE) for key in said)
        if kind == b"S":
            self._skip_sparse_maps(block)
        name = said.get(_REAL_NAME) or said.get(_PATH) or _name(block)
        target = said.get(_TARGET) or _text(block[157:257])
        if max(len(name), len(target)) > limits.TAR_NAME:
            raise TarFault(f"a member has a name of more than {limits.TAR_NAME} characters")
        size = _decimal(said[_SIZE]) if said.get(_SIZE) else _number(block[124:136], "size")
        return Member(
            name=name,
            kind=FOLDER if kind == b"\0" and name.endswith("/") else _KINDS.get(kind, OTHER),
            size=0 if kind in _WITHOUT_CONTENT else size,
            mode=_number(block[100:108], "mode"),
            target=target,
            offset=self._position,
            sparse=sparse,
        )

    def _skip_sparse_maps(self, block: bytes) -> None:
        more, count = block[482], 0
        while more:
            count += 1
            if count > limits.TAR_SPARSE_BLOCKS:
                raise TarFault("a member has holes without end")
            more = self._exactly(BLOCK)[504]

    def _check_end(self, block: bytes, awaited: bool) -> None:
        if awaited:
            raise TarFault("it ends where a member should follow")
        if block and len(block) < BLOCK:
            raise TarFault("it ends in the middle of a header")
        if not block and not self._position:
            raise TarFault("it is empty")
        if not self._whole:
            return
        if not block:
            raise TarFault("its end is missing")
        rest = self._source.read(limits.TAR_REST + 1)
        if rest.count(0) != len(rest) or len(rest) > limits.TAR_REST:
            raise TarFault("there is data after its end")

    def _exactly(self, size: int) -> bytes:
        content = self._source.read(size) if size else b""
        self._position += len(content)
        if len(content) != size:
            raise TarFault("it is truncated")
        return content

    def _skip(self, size: int) -> None:
        if not self._source.skip(size):
            raise TarFault("it is truncated")
        self._position += size


def _check_sum(block: bytes) -> None:
    """By bytes without or with a sign, as old tars did."""
    counted = block[:148] + b" " * 8 + block[156:]
    stored, computed = _number(block[148:156], "checksum"), sum(counted)
    if stored != computed and stored != computed - 256 * sum(byte > 127 for byte in counted):
        raise TarFault("a header is damaged")


def _number(field: bytes, what: str) -> int:
    """Octal digits, or bytes to the base of 256 for what is too large for them."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big")
        if field[0] & 0x40 or value >= 2**63:
            raise TarFault(f"the {what} of a member is out of range")
        return value
    digits = field.partition(b"\0")[0].strip(b" ")
    if digits.translate(None, _OCTAL):
        raise TarFault(f"the {what} of a member is not a number")
    return int(digits or b"0", 8)


def _decimal(text: str) -> int:
    if len(text) > 18 or not (text.isascii() and text.isdigit()):
        raise TarFault(f"the size of a member is {text!r:.40}")
    return int(text)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _name(block: bytes) -> str:
    name = _text(block[:100])
    if block[257:263] != b"ustar\0":
        return name
    # The form of star has times behind a shorter prefix.
    prefix = _text(block[345:476] if block[508:512] == b"tar\0" else block[345:500])
    return f"{prefix}/{name}" if prefix else name


def _add(said: dict[str, str], kind: bytes, content: bytes) -> None:
    """Adds what an extended header says of the next member.  Raises TarFault when it was said before, or is said of all members."""
    records = {_PATH if kind == b"L" else _TARGET: _text(content)} if kind in b"LK" else _records(content)
    telling = {key: value for key, value in records.items() if key in (_PATH, _TARGET, _SIZE) or key.startswith(_SPARSE)}
    if telling and kind == b"g":
        raise TarFault("names or sizes are set for all members at once")
    if not telling.keys().isdisjoint(said):
        raise TarFault("the name of a member is given twice")
    said.update(telling)


def _records(content: bytes) -> dict[str, str]:
    """`<length> <key>=<value>` and a line break, the length in decimal digits and of all of it (POSIX.1-2001, pax)."""
    found: dict[str, str] = {}
    place = 0
    while place < len(content) and content[place]:
        space = content.find(b" ", place, place + 9)
        digits = content[place:space] if space > 0 else b""
        end = place + int(digits) if digits.isdigit() else 0
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if not (space < end - 1 < len(content) and content[end - 1 : end] == b"\n" and equals) or (b"\0" in value and b"path" in key):
            raise TarFault("an extended header is damaged")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        place = end
    return found
