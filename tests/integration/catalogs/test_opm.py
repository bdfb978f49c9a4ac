# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filtered and rebuilt catalogs before the program that serves them in a cluster (P02; issue of every release of catalogs)."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import render
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import instances
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.rebuild import rebuild
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filtering, validation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Package
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, opm
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

DATA = os.path.join(SHARED_DATA, "catalogs")
TEXT = """
    foo beta*: 0.1.0; 0.2.0<0.1.0 !{0.1.1,0.1.2}; 0.3.0<0.2.0; 0.3.1<0.2.0 !{0.3.0}
    bar alpha*: 0.1.0; 0.2.0<0.1.0 !{0.1.0}; 1.0.0<0.2.0
    baz stable*: 1.0.0; 1.0.1<1.0.0 !{1.0.0}; 1.1.0<1.0.0 !{1.0.1}
"""
# A user that no image knows, as clusters use them.
ANYBODY = 1000800000


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """opm where anybody may run it."""
    folder = tmp_path_factory.mktemp("opm")
    reachable(folder)
    return shutil.copy(opm.opm(), folder / "opm")


def reachable(folder):
    """Lets anybody pass through a folder of the test, and those above it."""
    for each in (folder, *folder.parents):
        if os.stat(each).st_uid == os.getuid() and each.parent != each:
            os.chmod(each, os.stat(each).st_mode | 0o011)


def validated(folder):
    result = opm.run("validate", str(folder))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("packages", [(), ("foo",), ("foo", "baz")])
def test_the_merged_root_of_a_rebuilt_image_is_served(tmp_path, program, generation, packages):
    """The cache that opm makes of the configs must match them, read by a user who owns nothing."""
    store = MemoryStore()
    root = catalogs.publish(store, "index", "v1", catalogs.documents(TEXT), ("amd64",))
    catalog = catalogs.catalog(tmp_path / "source", TEXT)
    wanted = Wanted(catalog="c", packages=tuple(Package(name=name, min_version="") for name in packages))
    selection = filtering.apply(catalog, wanted, generation, Options()).selection
    layout = LayoutStore(str(tmp_path / "layout"))
    index = rebuild(
        instances(root, lambda digest: store.fetch_manifest("index", digest), lambda blob: read_blob(store, "index", blob, 1 << 20)),
        selection,
        layout,
        "t",
    )
    merged = catalogs.merged_root(layout.fetch_manifest("", index.children[0].digest), lambda blob: _read(layout, store, blob))
    base = tmp_path / "root"
    base.mkdir()
    catalogs.write_root(merged, base)
    reachable(base)
    validated(base / "configs")
    home = base / "tmp"
    user = ANYBODY if os.getuid() == 0 else 0
    with opm.Served(str(base / "configs"), str(home), program=str(program), user=user) as server:
        assert server.packages() == sorted(packages or ("foo", "bar", "baz"))


def _read(layout, store, blob):
    try:
        return read_blob(layout, "", blob, 1 << 24)
    except NotFound:
        return read_blob(store, "index", blob, 1 << 24)


@pytest.mark.needs_data
@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("name", ["small", "medium", "channels", "redhat-json", "bundle-object", "split-files/submariner", "deprecations"])
def test_real_catalogs_heads_only(tmp_path, name, generation):
    opm.opm()
    if not os.path.isdir(DATA):
        pytest.skip("the catalogs of ../shared/data are not here")
    catalog = Catalog.from_directory(os.path.join(DATA, name))
    selection = filtering.apply(catalog, Wanted(catalog="c"), generation, Options()).selection
    render.write(selection, str(tmp_path))
    validated(tmp_path)
    rendered = opm.run("render", str(tmp_path), "-o", "json")
    assert rendered.returncode == 0, rendered.stderr
    assert _documents(rendered.stdout) == _plain(selection)


@pytest.mark.parametrize("number", range(18))
def test_the_same_verdict_as_opm(tmp_path, number):
    """What is refused here is refused there, and the other way round.

    Two things are not compared, since versions of opm differ: entries that hide what they replace, and bad skipRanges.
    """
    opm.opm()
    broken = [
        "foo a*: 1.0.0; 1.1.0<1.0.0",
        "foo a*: 1.0.0; 1.1.0",
        "foo a*: 1.0.0<1.0.0; 1.1.0<1.0.0",
        "foo a*: 1.0.0<1.2.0; 1.1.0<1.0.0; 1.2.0<1.1.0; 1.3.0<1.2.0",
        "foo a*: 1.0.0; 1.1.0<1.0.0; 1.2.0 !{1.1.0}",
        "foo a: 1.0.0",
        "foo a*: 1.0.0<0.9.0",
        'foo a*: 1.0.0 ~">=0.1.0 <1.0.0 || 0.0.5"',
        'foo a*: 1.0.0 ~">=0.x <1.0.0"',
        "foo a*: 1.0.0; 1.0.1<1.0.0\nfoo b: 1.0.1; 1.0.2<1.0.1",
        "foo a*: x[1.0.0]; y[1.0.0]<x",
        "foo a*: x[1.0.0+1]; y[1.0.0+2]<x",
        "foo a*: x[1.0.0.0]",
        "foo a*: x",
        "foo a*: 1.0.0; 1.1.0 !{1.0.0}; 1.2.0 !{1.1.0}; 1.3.0<1.2.0",
        "foo a*: 1.0.0-1; 1.0.0-2<1.0.0-1",
        "foo a*: 1.0.0; 1.0.0<1.0.0",
        "foo a*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0 !{0.1.0}",
    ][number]
    catalog = catalogs.catalog(tmp_path, broken)
    try:
        validation.check(catalog.everything())
        mine = ""
    except InputError as error:
        mine = error.message
    theirs = opm.run("validate", str(tmp_path))
    assert bool(mine) == (theirs.returncode != 0), (mine, theirs.stderr)


def _documents(text):
    found, place = [], 0
    decoder = json.JSONDecoder()
    while text[place:].strip():
        place += len(text[place:]) - len(text[place:].lstrip())
        document, place = decoder.raw_decode(text, place)
        found.append((document["schema"], document.get("package", ""), document.get("name", "")))
    return sorted(found)


def _plain(selection):
    found = [document for package in selection.packages.values() for document in render.documents(package)] + list(selection.others)
    return sorted((document["schema"], document.get("package", ""), document.get("name", "")) for document in found)
