# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading documents: cutting, glancing, parsing within bounds, `.indexignore`, laziness."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import time
from typing import NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import file_index, heading, ignore, parser, splitter
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.heading import Heading
from ansible_collections.disconnected.mirror.tests.fakes import catalogs

PROFILE = settings(max_examples=60, derandomize=True, deadline=None)


class Raw(NamedTuple):
    offset: int
    content: bytes


def cut(text, chunk=splitter.CHUNK):
    stream = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    before, splitter.CHUNK = splitter.CHUNK, chunk
    try:
        return [Raw(piece.offset + start, piece.buffer[start:end]) for piece in splitter.pieces(stream, "f") for start, end in piece.places]
    finally:
        splitter.CHUNK = before


# --- cutting --------------------------------------------------------------------------------

TEXTS = st.text(st.sampled_from("ab{}[]\"\\\n-: #,'|>&*") | st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
VALUES = st.recursive(
    TEXTS | st.integers(-(10**9), 10**9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.lists(st.dictionaries(TEXTS.filter(bool), VALUES, min_size=1, max_size=4), min_size=1, max_size=5)


@PROFILE
@given(DOCUMENTS, st.sampled_from([None, 1, 4]), st.sampled_from(["\n", "", " ", "\r\n", "\n\n\t"]), st.sampled_from([7, 64, 1 << 20]))
def test_json_documents_are_cut_where_they_end(found, indent, between, chunk):
    text = between.join(json.dumps(document, indent=indent, ensure_ascii=False) for document in found)
    raws = cut(text, chunk)
    assert [json.loads(raw.content) for raw in raws] == found
    encoded = text.encode()
    assert all(encoded[raw.offset : raw.offset + len(raw.content)] == raw.content for raw in raws)


@pytest.mark.parametrize("chunk", [3, 16, 40])
def test_documents_on_one_line_among_others(chunk):
    text = '{"a": 1}{"a": 2}\n{"a": 3} {"a": 4}\n\n{"a": 5}\n'
    assert [json.loads(raw.content)["a"] for raw in cut(text, chunk)] == [1, 2, 3, 4, 5]


@PROFILE
@given(DOCUMENTS, st.sampled_from(["---\n", "--- \n", "---\r\n", "--- # comment\n"]), st.booleans(), st.sampled_from([7, 1 << 20]))
def test_yaml_documents_are_cut_where_they_end(found, between, flow, chunk):
    text = between + between.join(yaml.safe_dump(document, allow_unicode=True, default_flow_style=flow) for document in found)
    raws = cut(text, chunk)
    assert [yaml.safe_load(raw.content) for raw in raws] == list(yaml.safe_load_all(text))
    encoded = text.encode()
    assert all(encoded[raw.offset : raw.offset + len(raw.content)] == raw.content for raw in raws)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("\n\n", 0),
        ("---\n---\n# nothing\n---\n", 0),
        ("%YAML 1.1\n---\na: 1\n...\n---\nb: 2\n", 2),
        ("a: 1\n---", 1),
        ("a: |\n  ---\n  text\n---\nb: 1", 2),
        ("a: 1\n---x: 1\n", 1),
        ('{"a": 1}{"a": 2} {"a": "}{"}', 3),
        ('{"a": "}\\n{"}\n{"b": 1}\n', 2),
        ('\ufeff{"a": 1}\n{"b": 1}', 2),
        ('{"a": 1}\n---\nb: 1\n', 2),
    ],
)
def test_corners(text, count):
    assert len(cut(text)) == count


def test_a_document_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "CATALOG_DOCUMENT", limits.Limit(1 << 16))
    with pytest.raises(InputError, match="a document has more than"):
        cut(b"a: " + b"x" * (1 << 18), 1 << 14)


# --- glancing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema: olm.bundle\nname: a.v1\npackage: a\n", Heading("olm.bundle", "a", "a.v1")),
        ("name: a.v1\nimage: x\npackage: 'a'\nproperties: []\nschema: \"olm.bundle\"\n", Heading("olm.bundle", "a", "a.v1")),
        ("Schema: olm.package\nNAME: a\n", Heading("olm.package", "a", "a")),
        ("schema: olm.package\nname: a\npackage: b\n", Heading("olm.package", "a", "a")),
        ("schema: custom\n", Heading("custom", "", "")),
        ("schema: custom\npackage: a\n", Heading("custom", "a", "")),
        ("  schema: olm.package\n  name: a\n", Heading("olm.package", "a", "a")),
        ("description: |\n  schema: x\n  package: y\nschema: olm.package\nname: a", Heading("olm.package", "a", "a")),
        ('description: "\nschema: x\npackage: y\n"\nschema: olm.package\nname: a', Heading("olm.package", "a", "a")),
        ("schema: olm.channel\npackage: a\n  b\nname: c\n", Heading("olm.channel", "a b", "c")),
        ("schema: olm.channel\npackage: a # comment\nname: '4.10'\n", Heading("olm.channel", "a", "4.10")),
        ("{schema: olm.package, name: a}", Heading("olm.package", "a", "a")),
        ('{"schema": "olm.bundle", "image": "x", "package": "a", "properties": [1], "name": "a.v1"}', Heading("olm.bundle", "a", "a.v1")),
        ('{"name": "\\u0061", "schema": "olm.package"}', Heading("olm.package", "a", "a")),
    ],
)
def test_headings(text, expected):
    assert heading.look(text.encode(), "f") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\n", "is missing root schema field"),
        ("schema: ''\n", "is missing root schema field"),
        ("schema: a\nSchema: b\n", "fold to two `schema`"),
        ("schema: 1\n", "must be text, found int"),
        ("schema: olm.package\nname: yes\n", "must be text, found bool"),
        ("schema: olm.package\nname: [a]\n", "must be text, found list"),
        ("- a\n", "not a mapping"),
        ("just words\n", "not a mapping"),
        ("schema: [\n", "neither JSON nor YAML"),
        ('{"schema": ', "neither JSON nor YAML"),
        ("schema: a\nvalue: .nan\n", "JSON cannot represent"),
        ("schema: !!python/object/apply:os.system [id]\n", "neither JSON nor YAML"),
    ],
)
def test_what_is_no_document(text, message):
    with pytest.raises(InputError, match=message):
        heading.look(text.encode(), "f")
        heading.of(parser.parse(text.encode(), "f"), "f")


@pytest.mark.parametrize("mask", ["schema: a\nd: 2024-01-01\n", "schema: a\nd: 12:30:45\n", "schema: a\nd: =\n"])
def test_yaml_is_read_as_the_field_reads_it(mask):
    assert isinstance(parser.parse(mask.encode(), "f")["d"], str)


# --- bounds ---------------------------------------------------------------------------------


def bomb(levels=9, width=9):
    lines = ["schema: bomb", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(bomb(), id="lists"),
        pytest.param(
            "schema: x\na: &a {b: 1}\n"
            + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}' if n else '*a'] * 9)}]\n" for n in range(9)),
            id="merges",
        ),
        pytest.param('{"schema": "x", "a": ' + "[" * 100_000 + "]" * 100_000 + "}", id="deep JSON"),
        pytest.param("schema: x\na: " + "[" * 100_000 + "]" * 100_000, id="deep YAML"),
        pytest.param("schema: x\na: " + "[" * 100_000, id="deep and open"),
        pytest.param("schema: x\na:\n" + "".join(f"{' ' * depth}-\n" for depth in range(1, 3000)), id="deep blocks"),
        pytest.param("schema: x\na:\n " + "- " * 50_000 + "x", id="deep on one line"),
        pytest.param("schema: x\na: &a [*a]", id="an alias of itself"),
        pytest.param("schema: x\na: *nobody", id="an alias of nothing"),
        pytest.param('{"schema": "x", "a": ' + "9" * 10_000 + "}", id="a number without end"),
    ],
)
def test_hostile_documents_are_refused_at_once(text):
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError):
        parser.parse(text.encode(), "f")
    assert time.monotonic() - began < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 * 1024


def test_honest_aliases_are_copied():
    assert parser.parse(b"schema: x\na: &a {b: [1]}\nc: *a\nd:\n  <<: *a\n", "f") == {
        "schema": "x",
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": {"b": [1]},
    }


def test_markdown_with_stars_and_ampersands_is_no_bomb():
    text = "schema: x\ndescription: |\n  * one\n  *two* & three &four\n"
    assert parser.parse(text.encode(), "f")["description"].startswith("* one")


# --- .indexignore ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        ("", {"a.yaml", "b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml"}),
        ("*.md\n", {"a.yaml", "p/a.yaml", "p/q/c.yaml"}),
        ("# *.md\n\n", {"a.yaml", "b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml"}),
        ("a.yaml\n", {"b.md", "p/q/b.md", "p/q/c.yaml"}),
        ("/a.yaml\n", {"b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml"}),
        ("p/\n", {"a.yaml", "b.md"}),
        ("q\n", {"a.yaml", "b.md", "p/a.yaml"}),
        ("q/*.md\n", {"a.yaml", "b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml"}),
        ("**/q/*.md\n", {"a.yaml", "b.md", "p/a.yaml", "p/q/c.yaml"}),
        ("p/**\n", {"a.yaml", "b.md"}),
        ("p/*/c.yaml\n", {"a.yaml", "b.md", "p/a.yaml", "p/q/b.md"}),
        ("**\n!*.md\n", {"b.md"}),
        ("*.md\n!b.md\n", {"a.yaml", "b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml"}),
        ("?.md\n", {"a.yaml", "p/a.yaml", "p/q/c.yaml"}),
        ("[ab].*\n", {"p/q/c.yaml"}),
        ("[!a].*\n", {"a.yaml", "p/a.yaml"}),
        ("a.yaml   \n", {"b.md", "p/q/b.md", "p/q/c.yaml"}),
        ("\\!x\n", {"a.yaml", "b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml"}),
    ],
)
def test_index_ignore(patterns, kept):
    names = ["a.yaml", "b.md", "p/a.yaml", "p/q/b.md", "p/q/c.yaml", ".indexignore"]
    rules = {"": ignore.rules(patterns.encode(), "f")}
    assert set(file_index.kept_names(names, rules)) == kept


def test_index_ignore_of_a_folder_counts_below_it():
    rules = {"p": ignore.rules(b"/a.yaml\n", "f"), "": ignore.rules(b"*.md", "f")}
    assert file_index.kept_names(["a.yaml", "p/a.yaml", "p/q/a.yaml", "p/x.md"], rules) == ["a.yaml", "p/q/a.yaml"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x\n" * 2000, b"x" * 5000])
def test_hostile_index_ignore(content):
    with pytest.raises(InputError):
        ignore.rules(content, "f")


def test_an_index_ignore_of_many_stars_is_quick():
    began = time.monotonic()
    (rule,) = ignore.rules(b"*a" * 60 + b"b", "f")
    assert not rule.matches("a" * 200)
    assert time.monotonic() - began < 60


# --- catalogs of directories ----------------------------------------------------------------

TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0\nbar stable*: 1.0.0"


def as_yaml(folder, documents, name="catalog.yaml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("---\n".join(yaml.safe_dump(document) for document in documents))


@pytest.mark.parametrize("layout", ["one JSON file", "one YAML file", "a file for each", "both forms"])
def test_every_layout_is_the_same_catalog(tmp_path, layout):
    documents = catalogs.documents(TEXT)
    if layout == "one JSON file":
        catalogs.write(tmp_path, documents)
    elif layout == "one YAML file":
        as_yaml(tmp_path, documents)
    elif layout == "a file for each":
        for number, document in enumerate(documents):
            as_yaml(tmp_path / str(number % 3), [document], f"{number}.anything")
    else:
        catalogs.write(tmp_path / "a", documents[::2])
        as_yaml(tmp_path / "b", documents[1::2])
    selection = Catalog.from_directory(str(tmp_path)).everything()
    assert catalogs.graph(selection) == {"bar stable*": "1.0.0", "foo stable*": "0.1.0; 0.2.0<0.1.0"}
    assert {name: dict(bundle.document) for name, bundle in selection.packages["foo"].bundles.items()} == {
        document["name"]: document for document in documents if document.get("package") == "foo" and document["schema"] == "olm.bundle"
    }


def test_only_what_is_looked_into_is_parsed(tmp_path, monkeypatch):
    as_yaml(tmp_path, catalogs.documents(TEXT))
    parsed = []
    parse = parser.parse
    monkeypatch.setattr(parser, "parse", lambda content, subject: parsed.append(parse(content, subject)) or parsed[-1])
    catalog = Catalog.from_directory(str(tmp_path))
    assert parsed == []
    package = catalog.package("foo")
    assert sorted(document["schema"] for document in parsed) == ["olm.channel", "olm.package"]
    assert package.bundle("foo.v0.2.0").version_text == "0.2.0"
    assert [document["name"] for document in parsed if document["schema"] == "olm.bundle"] == ["foo.v0.2.0"]


def test_a_document_that_hides_what_it_is(tmp_path):
    """The glance of hostile text is found out when the document is used."""
    hidden = 'description: "\nschema: olm.bundle\npackage: foo\nname: foo.v9\n"\n'
    hidden += '"sch\\u0065ma": olm.bundle\n"packag\\u0065": bar\n"nam\\u0065": bar.v9\n'
    as_yaml(tmp_path, catalogs.documents(TEXT))
    (tmp_path / "evil.yaml").write_text(hidden)
    catalog = Catalog.from_directory(str(tmp_path))
    with pytest.raises(InputError, match="cannot be told"):
        str(catalog.package("foo").bundle("foo.v9").version_text)


@pytest.mark.parametrize("broken", ["nowhere", "empty", "prose", "escape"])
def test_directories_that_hold_no_catalog(tmp_path, broken):
    folder = tmp_path / "catalog"
    if broken != "nowhere":
        folder.mkdir()
    if broken == "prose":
        (folder / "README.md").write_text("# A title\n")
    if broken == "escape":
        (folder / "link.yaml").symlink_to("/etc/passwd")
    with pytest.raises(MirrorError) as caught:
        Catalog.from_directory(str(folder))
    assert str(folder) in str(caught.value) or "README.md" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": "olm.channel", "package": "foo", "name": "c", "entries": {"name": "x"}},
        {"schema": "olm.channel", "package": "foo", "name": "c", "entries": ["x"]},
        {"schema": "olm.channel", "package": "foo", "name": "c", "entries": [{"name": 7}]},
        {"schema": "olm.channel", "package": "foo", "name": "c", "entries": [{"name": "x", "skips": "y"}]},
        {"schema": "olm.channel", "package": "foo", "name": "c", "entries": [{"name": "x", "skips": [1]}]},
        {"schema": "olm.channel", "package": "foo", "name": "c", "entries": [{"name": "x", "replaces": []}]},
        {"schema": "olm.deprecations", "package": "foo", "entries": 1},
    ],
)
def test_wrong_types_are_told(tmp_path, wrong):
    catalogs.write(tmp_path, [*catalogs.documents("foo stable*: 1.0.0"), wrong])
    with pytest.raises(InputError, match="must be"):
        Catalog.from_directory(str(tmp_path)).package("foo")


@pytest.mark.parametrize(
    "field", [{"properties": {}}, {"properties": [1]}, {"relatedImages": "x"}, {"relatedImages": [{"image": 1}]}, {"image": {}}]
)
def test_wrong_types_in_bundles_are_told(tmp_path, field):
    document = {"schema": "olm.bundle", "package": "foo", "name": "foo.v1", **field}
    catalogs.write(tmp_path, [{"schema": "olm.package", "name": "foo"}, document])
    bundle = Catalog.from_directory(str(tmp_path)).package("foo").bundle("foo.v1")
    with pytest.raises(InputError, match="must be"):
        assert bundle.image is not None and bundle.properties is not None and bundle.related_images is not None


def test_a_big_catalog_is_planned_in_little_memory(tmp_path):
    """P29, scaled: 24 MiB of documents, one package wanted; the process stays far below the catalog's size."""
    filler = "x" * 4000
    with open(tmp_path / "catalog.json", "w", encoding="utf-8") as file:
        for document in catalogs.documents("wanted stable*: 1.0.0"):
            file.write(json.dumps(document, indent=4) + "\n")
        for number in range(6 * 1024):
            document = {
                "schema": "olm.bundle",
                "name": f"other{number % 40}.v{number}",
                "package": f"other{number % 40}",
                "description": filler,
            }
            file.write(json.dumps(document, indent=4) + "\n")
    code = (
        "import resource, sys\n"
        "from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog\n"
        "def peak(): return [int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')][0]\n"
        "before = peak()\n"
        "assert Catalog.from_directory(sys.argv[1]).package('wanted').bundle('wanted.v1.0.0').version_text == '1.0.0'\n"
        "print(peak() - before)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    grown = int(
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=True, capture_output=True, text=True).stdout
    )
    assert grown < 16 * 1024
