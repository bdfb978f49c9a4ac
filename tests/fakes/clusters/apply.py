# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-side apply as API servers do it for the kinds of these tests, after structured-merge-diff.

A field set is a set of paths; a step of a path is ("f", member), ("k", keys of an entry) or ("v", value of a set).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

Path = tuple[tuple[str, Any], ...]
Fields = frozenset[Path]
# Who the document is for is nobody's field.
_IDENTITY = {(("f", "apiVersion"),), (("f", "kind"),), (("f", "metadata"), ("f", "name")), (("f", "metadata"), ("f", "namespace"))}


class Conflict(Exception):
    pass


def fields_of(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Fields:
    return frozenset(path for path in _paths(document, schema, ()) if path not in _IDENTITY)


def _paths(value: Any, schema: Mapping[str, Any], here: Path) -> list[Path]:
    if isinstance(value, dict) and value and schema.get("x-kubernetes-map-type") != "atomic":
        return [path for key, inner in value.items() for path in _paths(inner, member(schema, key), (*here, ("f", key)))]
    kind = schema.get("x-kubernetes-list-type", "atomic")
    if isinstance(value, list) and kind == "map":
        return [
            path
            for entry in value
            for path in ((*here, _key(entry, schema)), *_paths(entry, schema["items"], (*here, _key(entry, schema))))
        ]
    if isinstance(value, list) and kind == "set":
        return [(*here, ("v", json.dumps(entry))) for entry in value]
    return [here]


def member(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    extra = schema.get("additionalProperties")
    return (schema.get("properties") or {}).get(name) or (extra if isinstance(extra, dict) else {})


def _key(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[str, str]:
    return ("k", json.dumps({name: entry.get(name) for name in schema["x-kubernetes-list-map-keys"]}, sort_keys=True))


_GONE = object()


def value_at(document: Any, path: Path, schema: Mapping[str, Any]) -> Any:
    for kind, step in path:
        if document is _GONE:
            return _GONE
        if kind == "f":
            document = document.get(step, _GONE) if isinstance(document, dict) else _GONE
            schema = member(schema, step)
        elif kind == "k":
            document = next((entry for entry in document if _key(entry, schema) == (kind, step)), _GONE)
            schema = schema["items"]
        else:
            document = json.loads(step) if isinstance(document, list) and json.loads(step) in document else _GONE
    return document


def merged(live: Any, applied: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(live, dict) and isinstance(applied, dict) and schema.get("x-kubernetes-map-type") != "atomic":
        return {**live, **{key: merged(live.get(key), inner, member(schema, key)) for key, inner in applied.items()}}
    kind = schema.get("x-kubernetes-list-type", "atomic")
    if isinstance(live, list) and isinstance(applied, list) and kind == "set":
        return [*applied, *(entry for entry in live if entry not in applied)]
    if isinstance(live, list) and isinstance(applied, list) and kind == "map":
        own = {_key(entry, schema): entry for entry in applied}
        kept = {_key(entry, schema): entry for entry in live}
        first = [merged(kept.get(key, {}), entry, schema["items"]) for key, entry in own.items()]
        return [*first, *(entry for key, entry in kept.items() if key not in own)]
    return copy.deepcopy(applied)


def without(document: Any, path: Path, schema: Mapping[str, Any]) -> None:
    """Takes a field out, and what is empty thereby."""
    (kind, step), rest = path[0], path[1:]
    if kind == "f":
        if not isinstance(document, dict) or step not in document:
            return
        if rest:
            without(document[step], rest, member(schema, step))
        if not rest or document[step] in ({}, []):
            del document[step]
        return
    entries = [entry for entry in document if (_key(entry, schema) if kind == "k" else (kind, json.dumps(entry))) == (kind, step)]
    for entry in entries:
        if rest:
            without(entry, rest, schema["items"])
        else:
            document.remove(entry)


def apply(
    live: dict[str, Any] | None,
    applied: Mapping[str, Any],
    schema: Mapping[str, Any],
    managers: Mapping[tuple[str, str], Fields],
    manager: str,
    force: bool,
) -> tuple[dict[str, Any], dict[tuple[str, str], Fields]]:
    """The resource and who owns what of it.  Raises Conflict."""
    me = (manager, "Apply")
    wanted = fields_of(applied, schema)
    after = dict(managers)
    conflicts = []
    for other, owned in managers.items():
        if other == me:
            continue
        differing = {path for path in wanted & owned if value_at(live, path, schema) != value_at(applied, path, schema)}
        # An atomic field that somebody owns a part or the whole of.
        if differing:
            conflicts += [f"conflict with {json.dumps(other[0])}: {_shown(path)}" for path in sorted(differing, key=str)]
            after[other] = owned - differing
    if conflicts and not force:
        raise Conflict(f"Apply failed with {len(conflicts)} conflict{'s' if len(conflicts) > 1 else ''}: {'; '.join(conflicts)}")
    result = merged(live or {}, applied, schema)
    others = frozenset(path for other, owned in after.items() if other != me for path in owned)
    for path in sorted(managers.get(me, frozenset()) - wanted - others, key=len, reverse=True):
        without(result, path, schema)
    after[me] = wanted
    return result, {who: owned for who, owned in after.items() if owned}


def update(
    live: Mapping[str, Any], new: Mapping[str, Any], schema: Mapping[str, Any], managers: Mapping[tuple[str, str], Fields], manager: str
) -> dict[tuple[str, str], Fields]:
    """Who owns what after somebody changed a resource without applying: who changes a field has it."""
    before, now = fields_of(live, schema), fields_of(new, schema)
    changed = {path for path in now if path not in before or value_at(live, path, schema) != value_at(new, path, schema)}
    after = {who: (owned & now) - changed for who, owned in managers.items()}
    me = (manager, "Update")
    after[me] = after.get(me, frozenset()) | changed
    return {who: owned for who, owned in after.items() if owned}


def tree(fields: Fields) -> dict[str, Any]:
    """FieldsV1."""
    found: dict[str, Any] = {}
    for path in sorted(fields, key=str):
        here = found
        for kind, step in path:
            here = here.setdefault(f"{kind}:{step}", {})
    return found


def _shown(path: Path) -> str:
    return "".join(f".{step}" if kind == "f" else f"[{step}]" for kind, step in path)
