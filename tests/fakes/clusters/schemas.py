# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents against the schemas of their CRDs, as far as the schemas of these tests go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
STRINGS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")},
        "labels": STRINGS,
        "annotations": STRINGS,
        "generation": {"type": "integer"},
        "managedFields": {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    },
}


def problems(value: Any, schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f'{place}: Invalid value: "{type(value).__name__}": must be of type {kind}'
        return
    if isinstance(value, dict):
        yield from _of_object(value, schema, place)
    elif isinstance(value, list):
        yield from _of_list(value, schema, place)
    else:
        yield from _of_scalar(value, schema, place)


def _of_object(value: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> Iterator[str]:
    known, extra = schema.get("properties") or {}, schema.get("additionalProperties")
    for name in schema.get("required") or ():
        if name not in value:
            yield f"{place}.{name}: Required value"
    for name, inner in value.items():
        own = known.get(name) or (extra if isinstance(extra, dict) else {})
        yield from problems(inner, own, f"{place}.{name}")


def _of_list(value: list[Any], schema: Mapping[str, Any], place: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
        yield f"{place}: wrong number of items"
    if schema.get("x-kubernetes-list-type") == "set" and len({str(entry) for entry in value}) != len(value):
        yield f"{place}: Duplicate value"
    for number, inner in enumerate(value):
        yield from problems(inner, schema.get("items") or {}, f"{place}[{number}]")


def _of_scalar(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: Unsupported value: {value!r}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{place}: Invalid value: {value!r}: should match {schema['pattern']!r}"
        if len(value) > schema.get("maxLength", len(value)) or len(value) < schema.get("minLength", 0):
            yield f"{place}: Invalid length"
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{place}: Invalid value: {value}"


def undeclared(value: Any, schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Fields that no schema knows, which cannot be applied."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from undeclared(inner, schema.get("items") or {}, f"{place}[{number}]")
    if not isinstance(value, dict):
        return
    known, extra = schema.get("properties") or {}, schema.get("additionalProperties")
    free = schema.get("x-kubernetes-preserve-unknown-fields") or schema == {} or schema.get("type") not in (None, "object")
    for name, inner in value.items():
        if name in known:
            yield from undeclared(inner, known[name], f"{place}.{name}")
        elif isinstance(extra, dict):
            yield from undeclared(inner, extra, f"{place}.{name}")
        elif not free:
            yield f"{place}.{name}"


def with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [with_defaults(inner, schema.get("items") or {}) for inner in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties") or {}
    defaults = {name: inner["default"] for name, inner in known.items() if "default" in inner and name not in value}
    return {**{name: with_defaults(inner, known.get(name) or {}) for name, inner in value.items()}, **defaults}
