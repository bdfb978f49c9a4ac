# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a role as values of the types that its argument specs name, whatever form they come in.

A survey gives texts, an inventory gives values of YAML, the command line gives either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents

TRUE, FALSE = ("true", "yes", "on", "y", "t", "1", "1.0"), ("false", "no", "off", "n", "f", "0", "0.0")
_FILE = "file://"
_WEB = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
# Markup of documentation, shown as what is in its brackets; before the name of an option may be that of its entry point.
_MARKUP = re.compile(r"\b(?:O\((?:\w+:)?|[VCMEF]\()([^)]*)\)")


class Wrong(ValueError):
    """One variable is not what it must be; the text is a sentence that names it."""


@dataclass(frozen=True)
class Arguments:
    """all: every option of the entry point, with its default where it is not given.

    given: those that are given, and are not what they are by default.  wrong: a sentence for each mistake.
    """

    all: dict[str, Any]
    given: dict[str, Any]
    wrong: tuple[str, ...]


def take(options: Mapping[str, Any], variables: Mapping[str, Any], absolute: Callable[[str], str]) -> Arguments:
    """options: of an entry point, as in argument specs.  variables: resolved, those that are there.

    absolute: makes an absolute path of a relative one; raises Wrong where a relative path has no meaning.
    """
    found: dict[str, Any] = {}
    given: dict[str, Any] = {}
    wrong: list[str] = []
    for name, option in options.items():
        default = option.get("default")
        value = plain(variables.get(name))
        try:
            if _absent(value, option):
                found[name] = default
                if option.get("required"):
                    wrong.append(f"{name} is not set: {_meaning(option)}")
                continue
            found[name] = _with_paths(converted(value, option, name, absolute), name, absolute)
        except Wrong as error:
            wrong.append(str(error))
            continue
        if found[name] != default:
            given[name] = found[name]
    return Arguments(found, given, tuple(wrong))


def _with_paths(value: Any, name: str, absolute: Callable[[str], str]) -> Any:
    """What no type says: these are paths only in some of their forms.  Raises Wrong."""
    if name == "mirror_graph_data" and not _WEB.match(value):
        return _path(value, name, absolute)
    if name in ("mirror_imageset", "mirror_delete_imageset"):
        for key, path in _paths_of(value):
            # Its value stays: the module works in the caller's directory.
            _path(path, f"{name}.{key}", absolute)
    # Without a slash it is a program that is searched for.
    if name == "mirror_helm_path" and "/" in value:
        return _path(value, name, absolute)
    # The other kind has names of keys.
    if name == "mirror_archive_signing_key" and value.get("key") and value.get("kind", "ssh") == "ssh":
        return {**value, "key": _path(value["key"], f"{name}.key", absolute)}
    return value


def _paths_of(imageset: Any) -> Iterator[tuple[str, str]]:
    """Where a configuration names files of its host, and how.  Whether it is a good one is for the module to say."""
    yield from _texts(imageset, "storageConfig.local.path")
    for stanza in ("mirror", "delete"):
        for key in ("helm.local[].path", "helm.local[].valueFiles[]", "helm.repositories[].charts[].valueFiles[]"):
            yield from _texts(imageset, f"{stanza}.{key}")
        yield from _texts(imageset, f"{stanza}.operators[].targetCatalogSourceTemplate")
        for key, catalog in _texts(imageset, f"{stanza}.operators[].catalog"):
            if catalog.startswith("oci:"):
                yield key, catalog[len("oci:") :].removeprefix("//")


def _texts(value: Any, pattern: str, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts at a key such as `a.b[].c`, each with the key that it has."""
    name, _dot, rest = pattern.partition(".")
    if not pattern:
        if isinstance(value, str) and value:
            yield key, value
    elif isinstance(value, Mapping):
        found, key = value.get(name.removesuffix("[]")), f"{key}.{name.removesuffix('[]')}".lstrip(".")
        if not name.endswith("[]"):
            yield from _texts(found, rest, key)
        for number, inner in enumerate(found if name.endswith("[]") and isinstance(found, list) else ()):
            yield from _texts(inner, rest, f"{key}[{number}]")


def plain(value: Any) -> Any:
    """Without what Ansible adds to values: marks of trust, and vaults, which are opened."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    return str(value)


def _absent(value: Any, option: Mapping[str, Any]) -> bool:
    """An empty text is nothing.  Only where nothing and an empty mapping differ, as for trusted keys, it is the latter."""
    if isinstance(value, str) and not value.strip():
        return not (option.get("type") == "dict" and option.get("default", {}) is None)
    return value is None


def converted(value: Any, option: Mapping[str, Any], name: str, absolute: Callable[[str], str]) -> Any:
    """Raises Wrong."""
    kind = option.get("type", "str")
    if kind == "list":
        return _list(value, option, name, absolute)
    if kind == "dict":
        return _dict(value, option, name, absolute)
    if kind == "path":
        return _path(value, name, absolute)
    value = _SCALARS[kind](value, option, name)
    if option.get("choices") and value not in option["choices"]:
        allowed = ", ".join(str(choice) for choice in option["choices"] if choice != "")
        raise Wrong(f"{name} is {value!r:.100}. Allowed are {allowed}.")
    return value


def _list(value: Any, option: Mapping[str, Any], name: str, absolute: Callable[[str], str]) -> list[Any]:
    element = {**option, "type": option.get("elements", "raw")}
    nested = element["type"] == "dict"
    if isinstance(value, str):
        value = _document(value, name) if nested or value.lstrip().startswith(("[", "- ")) else _entries(value)
    if value is None:
        return []
    if nested and isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        if isinstance(value, Mapping) or nested:
            raise Wrong(f"{name} is {_kind(value)}. Give a list{' of mappings' if nested else ''}.")
        value = [value]
    return [converted(inner, element, f"{name}[{number}]", absolute) for number, inner in enumerate(value)]


def _entries(text: str) -> list[str]:
    """The lines of a text; of a single line, what stands between its commas."""
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def _dict(value: Any, option: Mapping[str, Any], name: str, absolute: Callable[[str], str]) -> dict[str, Any]:
    if isinstance(value, str):
        value = _document(value, name) if value.strip() else {}
    if not isinstance(value, dict):
        raise Wrong(f"{name} is {_kind(value)}. Give a mapping, or its text as YAML or JSON.")
    inner = option.get("options")
    if not inner:
        return value
    unknown = [key for key in value if key not in inner]
    if unknown:
        raise Wrong(f"{name}.{unknown[0]} is not known. Known are {', '.join(inner)}.")
    missing = [key for key, each in inner.items() if each.get("required") and _absent(value.get(key), each)]
    if missing:
        raise Wrong(f"{name}.{missing[0]} is not set: {_meaning(inner[missing[0]])}")
    present = {key: each for key, each in value.items() if not _absent(each, inner[key])}
    return {key: converted(each, inner[key], f"{name}.{key}", absolute) for key, each in present.items()}


def _document(text: str, name: str) -> Any:
    try:
        return documents.load(text, name)
    except InputError as error:
        # Its position, not its text, for that may hold secrets.
        raise Wrong(f"{name} is neither YAML nor JSON: {_position(str(error))}.") from error


def _position(fault: str) -> str:
    found = re.search(r"line \d+, column \d+", fault)
    return f"look at {found.group()}" if found else "it cannot be read"


def _path(value: Any, name: str, absolute: Callable[[str], str]) -> str:
    path = _text(value, {}, name)
    if path.startswith(_FILE):
        path = path[len(_FILE) :] or "."
    if _SCHEME.match(path):
        raise Wrong(f"{name} is {path!r:.300}, which is not a path. Write /directory or file:///directory.")
    if "\x00" in path:
        raise Wrong(f"{name} is {path!r:.300}, which is not a path.")
    if path.startswith(("/", "~")):
        return path
    try:
        return absolute(path)
    except Wrong as error:
        raise Wrong(f"{name} is {path!r:.300}, {error}") from error


def _text(value: Any, option: Mapping[str, Any], name: str) -> str:
    if isinstance(value, (dict, list)):
        raise Wrong(f"{name} is {_kind(value)}. Give text.")
    if isinstance(value, bool):
        return _word(value, option.get("choices") or ())
    # Blanks around a password may be part of it; those around anything else came with a paste.
    return str(value) if option.get("no_log") else str(value).strip()


def _word(value: bool, choices: Iterable[Any]) -> str:
    """YAML reads off, no and yes as what they mean."""
    words = TRUE if value else FALSE
    return next((choice for choice in choices if choice in words), words[0])


def _bool(value: Any, _option: Mapping[str, Any], name: str) -> bool:
    word = str(value).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise Wrong(f"{name} is {_shown(value)}. Give true or false.")


def _int(value: Any, option: Mapping[str, Any], name: str) -> int:
    try:
        number = _float(value, option, name)
    except Wrong:
        number = 0.5
    if number != int(number):
        raise Wrong(f"{name} is {_shown(value)}. Give a whole number.")
    return int(number)


def _float(value: Any, _option: Mapping[str, Any], name: str) -> float:
    try:
        if isinstance(value, bool) or not re.fullmatch(r"\s*[+-]?[0-9._]+(e[+-]?[0-9]+)?\s*", str(value), re.I):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"{name} is {_shown(value)}. Give a number.") from None


def _raw(value: Any, _option: Mapping[str, Any], _name: str) -> Any:
    return value


_SCALARS: dict[str, Callable[[Any, Mapping[str, Any], str], Any]] = {
    "str": _text,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "raw": _raw,
}


def _shown(value: Any) -> str:
    return _kind(value) if isinstance(value, (dict, list)) else f"{value!r:.100}"


def _kind(value: Any) -> str:
    """Not the value itself, which may hold secrets."""
    return {dict: "a mapping", list: "a list", str: "a text", type(None): "empty"}.get(type(value), "a single value")


def _meaning(option: Mapping[str, Any]) -> str:
    """The first sentence of an option's description."""
    description = option.get("description") or ""
    text = " ".join((description if isinstance(description, str) else " ".join(description)).split())
    sentence = _MARKUP.sub(r"\1", text).partition(". ")[0].rstrip(".")
    return f"{sentence[:1].lower()}{sentence[1:]}."
