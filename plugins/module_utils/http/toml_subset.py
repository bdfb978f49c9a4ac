# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The part of TOML that registries.conf is written in, for Pythons before 3.11 without tomli, such as that of RHEL 9.

Tables, lists of tables, keys with dots, texts on one line, whole numbers, true and false, lists and inline tables.  What is
beyond that is refused, never guessed.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values

_TOKEN = re.compile(
    r"""[ \t]+ | \#[^\n]*
    | (?P<line>\r?\n)
    | (?P<text>"(?:[^"\\\n]|\\.)*" | '[^'\n]*')
    | (?P<sign>[\[\]{}=,.])
    | (?P<word>[A-Za-z0-9_+-]+)""",
    re.VERBOSE,
)
_LINE = "\n"


def loads(text: str) -> dict[str, Any]:
    """Raises ValueError with the line that is malformed, or beyond this part of TOML."""
    return _Reader(text).document()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        self._numbers: list[int] = []
        position, number = 0, 1
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or text.startswith(('"""', "'''"), position):
                raise ValueError(f"line {number} cannot be read")
            if match.lastgroup:
                self._tokens.append(_LINE if match.lastgroup == "line" else match.group())
                self._numbers.append(number)
            number += match.lastgroup == "line"
            position = match.end()
        self._at = 0

    def document(self) -> dict[str, Any]:
        root: dict[str, Any] = {}
        table = root
        while self._at < len(self._tokens):
            if self._took(_LINE):
                continue
            if self._took("["):
                table = self._header(root)
            else:
                self._pair(table)
            if self._at < len(self._tokens):
                self._need(_LINE)
        return root

    def _header(self, root: dict[str, Any]) -> dict[str, Any]:
        several = self._took("[")
        *path, last = self._key()
        self._need("]")
        parent = self._below(root, path)
        if not several:
            return self._below(parent, [last])
        self._need("]")
        entries = parent.setdefault(last, [])
        if not isinstance(entries, list):
            raise self._wrong()
        entry: dict[str, Any] = {}
        entries.append(entry)
        return entry

    def _below(self, table: dict[str, Any], path: list[str]) -> dict[str, Any]:
        for name in path:
            inner = table.setdefault(name, {})
            table = inner[-1] if isinstance(inner, list) and inner else inner
            if not isinstance(table, dict):
                raise self._wrong()
        return table

    def _pair(self, table: dict[str, Any]) -> None:
        *path, last = self._key()
        self._need("=")
        table = self._below(table, path)
        if last in table:
            raise self._wrong()
        table[last] = self._value()

    def _key(self) -> list[str]:
        parts = []
        while True:
            token = self._next()
            if token[0] in "[]{}=,.\n":
                raise self._wrong()
            parts.append(_text(token) if token[0] in "\"'" else token)
            if not self._took("."):
                return parts

    def _value(self) -> Any:
        token = self._next()
        if token[0] in "\"'":
            return _text(token)
        if token in ("true", "false"):
            return token == "true"
        if token == "[":
            return self._list()
        if token == "{":
            return self._inline_table()
        try:
            return int(token)
        except ValueError:
            raise self._wrong() from None

    def _list(self) -> list[Any]:
        values: list[Any] = []
        while True:
            while self._took(_LINE):
                pass
            if self._took("]"):
                return values
            if values:
                self._need(",")
                while self._took(_LINE):
                    pass
                if self._took("]"):
                    return values
            values.append(self._value())

    def _inline_table(self) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not self._took("}"):
            if table:
                self._need(",")
            self._pair(table)
        return table

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise ValueError("the file ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _took(self, sign: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == sign
        self._at += found
        return found

    def _need(self, sign: str) -> None:
        if self._next() != sign:
            raise self._wrong()

    def _wrong(self) -> ValueError:
        return ValueError(f"line {self._numbers[max(0, self._at - 1)]} cannot be read")


def _text(token: str) -> str:
    return token[1:-1] if token[0] == "'" else str(json_values.parse(token))
