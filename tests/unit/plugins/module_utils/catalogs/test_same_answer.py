# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An index that is made without parsing says the same as parsing everything, however the documents are written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import splitter
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog

PROFILE = settings(max_examples=60, derandomize=True, deadline=None)

NAMES = ("foo", "foo-bar", "o", "bar.v1.2.0", "x1", "fo\u00e9")
# Text that looks like the end of a document, its heading, or another one.
ODD = st.sampled_from(
    ("}\n{", "}{", '"package": "foo"', '{"schema": "olm.bundle", "package": "foo"}', "\n---\n", "} # x", "\\", '"', "foo", "{b} and", "")
)
NESTED = st.recursive(
    ODD | st.integers(-5, 5) | st.none(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(("schema", "package", "name", "a", "}")), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def documents(draw) -> dict[str, Any]:
    """With the keys of its heading in any case and order, among others and above look-alikes."""
    schema = draw(st.sampled_from(("olm.package", "olm.channel", "olm.bundle", "olm.deprecations", "custom")))
    members = {"schema": schema, "more": draw(NESTED), "zeta": draw(NESTED)}
    if schema != "custom" or draw(st.booleans()):
        members["name"] = draw(st.sampled_from(NAMES))
    if schema != "olm.package" and draw(st.booleans()):
        members["package"] = draw(st.sampled_from(NAMES))
    keys = draw(st.permutations(list(members)))
    spelled = {key: draw(st.sampled_from((key, key.upper(), key.title()))) for key in ("schema", "name", "package")}
    plain = draw(st.booleans())
    return {key if plain else spelled.get(key, key): members[key] for key in keys}


def escaped(text: str, chance: Random) -> str:
    """The same JSON with characters of its strings written as escapes, now and then."""

    def within(match: re.Match[str]) -> str:
        parts = re.findall(r"\\u....|\\.|.", match.group(1))
        return '"' + "".join(f"\\u{ord(part):04x}" if len(part) == 1 and chance.random() < 0.2 else part for part in parts) + '"'

    return re.sub(r'"((?:[^"\\]|\\.)*)"', within, text)


@st.composite
def json_files(draw) -> str:
    parts = draw(st.lists(documents(), min_size=1, max_size=5))
    form = draw(st.sampled_from((None, 1, 4)))
    separators = draw(st.sampled_from(((", ", ": "), (",", ":"), (" ,\t", " :\n "), (",\r\n", ": "))))
    between = st.sampled_from(("\n", "", " ", "\r\n\t", "\n  ", " \n\n ", "\n---\n", "\n--- # more\n"))
    text = draw(st.sampled_from(("", "\n", "  ", "\ufeff")))
    for document in parts:
        written = json.dumps(document, indent=form, separators=separators, ensure_ascii=draw(st.booleans()))
        text += written + draw(between)
    return text


@st.composite
def yaml_files(draw) -> str:
    parts = draw(st.lists(documents(), min_size=1, max_size=5))
    flow = draw(st.sampled_from((None, True, False)))
    begin = "---\n" if flow is not False else draw(st.sampled_from(("---\n", "", "# said\n---\n", "\ufeff")))
    return begin + "---\n".join(yaml.safe_dump(part, default_flow_style=flow, allow_unicode=True, sort_keys=False) for part in parts)


def plain(text: str) -> list[dict[str, Any]]:
    """Every document, parsed."""
    text = text.lstrip("\ufeff")
    if not text.lstrip().startswith("{"):
        return list(yaml.safe_load_all(text))
    found, place, decoder = [], 0, json.JSONDecoder()
    while text[place:].strip():
        line = text[place:].lstrip()
        place = len(text) - len(line)
        if line.startswith("---"):
            place = text.index("\n", place)
            continue
        document, place = decoder.raw_decode(text, place)
        found.append(document)
    return found


def owner(document: dict[str, Any]) -> str:
    folded = {key.lower(): value for key, value in document.items() if key.lower() in ("schema", "name", "package")}
    return folded.get("name", "") if folded["schema"] == "olm.package" else folded.get("package", "")


def held(catalog: Catalog, name: str) -> list[dict[str, Any]]:
    spans = catalog._contents.packages.get(name, ())
    return [catalog._document(name, span) for span in spans]


def same(files: dict[str, str], chunk: int) -> None:
    expected: dict[str, list[dict[str, Any]]] = {}
    for _name, text in sorted(files.items()):
        for document in plain(text):
            expected.setdefault(owner(document), []).append(document)
    before, splitter.CHUNK = splitter.CHUNK, chunk
    try:
        with TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / name).write_bytes(text.encode("utf-8"))
            catalog = Catalog.from_directory(folder)
            assert catalog.names == tuple(sorted(filter(None, expected)))
            assert {name: held(catalog, name) for name in expected} == expected
            assert list(catalog.others) == expected.get("", [])
    finally:
        splitter.CHUNK = before


@PROFILE
@given(st.lists(json_files() | yaml_files(), min_size=1, max_size=3), st.sampled_from((5, 64, 1 << 20)))
def test_any_directory_is_read_as_if_all_of_it_were_parsed(texts, chunk):
    same({f"{number}.txt": text for number, text in enumerate(texts)}, chunk)


@PROFILE
@given(documents(), documents(), st.integers(0, 1000))
def test_escapes_hide_nothing(first, second, seed):
    text = escaped(json.dumps(first) + "\n" + json.dumps(second), Random(seed))
    assert plain(text) == [first, second]
    same({"catalog.json": text}, 1 << 20)


@pytest.mark.parametrize("chunk", (5, 1 << 20))
@pytest.mark.parametrize(
    "text",
    (
        '{"schema": "custom", "package": "a"}\n---\nschema: custom\npackage: b\ntext: |\n  }\n  {x\n',
        '{"schema": "custom", "package": "a"} # said\n---\n{"schema": "custom", "package": "b"}\n',
        '{"schema": "custom", "package": "a"}\n\n# said\n---\n{"schema": "custom", "package": "b"}{"schema": "custom"}',
        '   \n\n\n {"schema": "custom"}\n{"schema": "custom", "package": "b"}',
    ),
)
def test_json_and_yaml_in_one_file(tmp_path, text, chunk, monkeypatch):
    monkeypatch.setattr(splitter, "CHUNK", chunk)
    (tmp_path / "catalog").write_text(text)
    found = Catalog.from_directory(str(tmp_path))
    count = sum(len(held(found, name)) for name in ("a", "b", ""))
    assert count == text.count("schema") and "b" in found.names


@pytest.mark.parametrize("text", ('[{"schema": "olm.package", "name": "foo"}]', "[]", '{"schema": "a"}\n["schema"]', "- schema: a\n"))
def test_lists_are_no_documents(tmp_path, text):
    (tmp_path / "catalog.json").write_text(text)
    with pytest.raises(InputError, match="not a mapping|neither JSON nor YAML"):
        found = Catalog.from_directory(str(tmp_path))
        held(found, "")
