# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a document is and whom it belongs to, read without parsing it where that is certain."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import model, parser

_MEMBER = re.compile(rb'\s*"([A-Za-z]{1,32})"\s*:\s*"([^"\\\x00-\x1f]{0,512})"\s*(,|(?=\}))')
# How opm writes them.
_USUAL = re.compile(
    rb'\s*\{\s*"schema"\s*:\s*"([\w.-]{1,256})"\s*,\s*"name"\s*:\s*"([\w.+-]{1,512})"\s*,\s*(?:"package"\s*:\s*"([\w.-]{1,256})"\s*,)?',
    re.ASCII,
)
_SCALAR = re.compile(rb"""[ \t]+(?:"([\w./-]+)"|'([\w./-]+)'|([A-Za-z][\w./-]*))[ \t]*\r?(?:\n(?![ \t])|\Z)""")
_PACKAGE = model.PACKAGE.encode("ascii")
_KEYS = (b"schema", b"package", b"name")
# Words that YAML does not read as text.
_NOT_TEXT = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))


class Heading(NamedTuple):
    """schema, package and name of a document; the package of an `olm.package` is its name."""

    schema: str
    package: str
    name: str


def look(buffer: bytes, subject: str, start: int = 0, end: int = sys.maxsize) -> Heading:
    """The heading of the document between two places of a buffer; parses the whole of it only when a glance does not settle it.

    Raises InputError.
    """
    usual = _USUAL.match(buffer, start, end)
    if usual is not None:
        schema, name, package = usual.groups(b"")
        if package or schema == _PACKAGE:
            return Heading(schema.decode("ascii"), (name if schema == _PACKAGE else package).decode("ascii"), name.decode("ascii"))
    content = buffer[start:end]
    found = _json_glance(content) if content.lstrip()[:1] == b"{" else _yaml_glance(content)
    heading = _settled(found) if found else None
    return heading if heading is not None else of(parser.parse(content, subject), subject)


def of(document: Mapping[str, Any], subject: str) -> Heading:
    """The heading of a parsed document (LOAD-4, LOAD-5).  Raises InputError."""
    values: dict[str, str] = {}
    for key, value in document.items():
        folded = key.lower()
        if folded not in ("schema", "package", "name"):
            continue
        if folded in values:
            raise InputError(f"the keys of a document fold to two `{folded}`", subject=subject)
        if not isinstance(value, str):
            raise InputError(f"`{key}` of a document must be text, found {type(value).__name__}", subject=subject)
        values[folded] = value
    schema = values.get("schema", "")
    if not schema:
        raise InputError(
            f"object {str(dict(document))[:120]!r} is missing root schema field",
            subject=subject,
            advice="This is not a file-based catalog.",
        )
    name = values.get("name", "")
    return Heading(schema, name if schema == model.PACKAGE else values.get("package", ""), name)


def _settled(found: Mapping[str, str]) -> Heading | None:
    """A heading when the keys that count for its schema were all seen."""
    schema, package, name = (found.get(key, "") for key in ("schema", "package", "name"))
    if schema == model.PACKAGE:
        return Heading(schema, name, name) if name else None
    if schema in (model.CHANNEL, model.BUNDLE):
        return Heading(schema, package, name) if package and name else None
    return Heading(schema, package, name) if schema and package else None


def _json_glance(content: bytes) -> dict[str, str]:
    """The text members that a JSON document begins with."""
    found: dict[str, str] = {}
    place = content.index(b"{") + 1
    while True:
        match = _MEMBER.match(content, place)
        if match is None:
            return found
        try:
            found[match.group(1).decode("ascii").lower()] = match.group(2).decode("utf-8")
        except UnicodeDecodeError:
            return {}
        if match.group(3) != b",":
            return found
        place = match.end()


def _yaml_glance(content: bytes) -> dict[str, str]:
    """The plain keys at the left edge of a YAML document; nothing where one of them is not there exactly once."""
    found: dict[str, str] = {}
    padded = b"\n" + content
    for key in _KEYS:
        line = b"\n" + key + b":"
        times = padded.count(line)
        if times > 1 or (times == 0 and key == b"schema"):
            return {}
        if times == 0:
            continue
        match = _SCALAR.match(padded, padded.index(line) + len(line))
        value = (match.group(1) or match.group(2) or match.group(3)).decode("ascii", "replace") if match else ""
        if not value or match and match.group(3) and value.lower() in _NOT_TEXT:
            return {}
        found[key.decode("ascii")] = value
    return found
