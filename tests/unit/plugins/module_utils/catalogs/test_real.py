# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real catalogs, filtered by real configurations and by random ones, against a second reading of the rules."""

from __future__ import annotations

import functools
import glob
import os
import random

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filtering, graph, validation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.tests.fakes import catalog_oracle as oracle
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, differential
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

DATA = SHARED_DATA
CATALOGS = {os.path.relpath(path, os.path.join(DATA, "catalogs")): path for path in sorted(glob.glob(os.path.join(DATA, "catalogs", "*")))}
for nested in ("split-files", "oc-mirror-tests"):
    CATALOGS.pop(nested, None)
    CATALOGS.update(
        {
            os.path.relpath(path, os.path.join(DATA, "catalogs")): path
            for path in sorted(glob.glob(os.path.join(DATA, "catalogs", nested, "*")))
        }
    )

# Small ones of our own, so that the comparison never hangs on the data.
OWN = {"own": """
        foo beta*: 0.1.0; 0.2.0<0.1.0 !{0.1.1,0.1.2}; 0.3.0<0.2.0; 0.3.1<0.2.0 !{0.3.0}
        foo alpha: 0.1.0; 0.3.1<0.1.0
        bar stable*: 1.0.0; 1.0.1<1.0.0; 1.1.0-1<1.0.1; 1.1.0-1.p[1.1.0-1+p]<1.0.1 !{1.1.0-1}; 2.0.0<1.1.0-1.p
        bar old: 1.0.0; 1.0.1<1.0.0
        baz stable*: 1.0.0; 1.0.1<1.0.0 !{1.0.0}; 1.1.0<1.0.0 !{1.0.1}
    """}


def documents_of(path):
    names = [os.path.join(folder, name) for folder, _folders, found in os.walk(path) for name in sorted(found)]
    return oracle.read(names)


@functools.cache
def read(name):
    return Catalog.from_directory(CATALOGS[name]), oracle.Source(documents_of(CATALOGS[name]))


@pytest.mark.parametrize("generation", list(Generation))
def test_random_configurations_of_our_own_catalog(tmp_path, generation):
    documents = catalogs.documents(OWN["own"])
    catalog, source = Catalog.from_directory(str(catalogs.write(tmp_path, documents))), oracle.Source(documents)
    assert _compare_randomly(catalog, source, generation, 400) == {True, False}


@pytest.mark.needs_data
@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("name", ["medium", "channels", "small", "oc-mirror-tests/test-catalog-diff"])
def test_random_configurations_of_real_catalogs(name, generation):
    if name not in CATALOGS:
        pytest.skip("the catalogs of ../shared/data are not here")
    _compare_randomly(*read(name), generation, 25)


def _compare_randomly(catalog, source, generation, times):
    choose = random.Random(7)
    outcomes = set()
    for _each in range(times):
        document = differential.random_entry(source, choose, generation)
        mine, theirs = differential.compared(catalog, source, document, generation)
        assert mine == theirs, document
        outcomes.add(mine == "refused")
    assert False in outcomes
    return outcomes


def real_entries():
    """(configuration, number, entry) of each `operators` entry that names a package of a catalog here."""
    for path in sorted(glob.glob(os.path.join(DATA, "imagesets", "valid", "**", "*.yaml"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            for document in yaml.safe_load_all(file):
                stanza = (document or {}).get("mirror") or (document or {}).get("delete") or {}
                for number, entry in enumerate(stanza.get("operators") or ()):
                    generation = Generation.V2 if "v2alpha1" in str(document.get("apiVersion")) else Generation.V1
                    yield os.path.relpath(path, DATA), number, entry, generation


@pytest.mark.needs_data
@pytest.mark.parametrize("name", sorted(CATALOGS) or ["none"])
def test_real_configurations_of_real_catalogs(name):
    if name not in CATALOGS:
        pytest.skip("the catalogs of ../shared/data are not here")
    catalog, source = read(name)
    count = 0
    for path, number, entry, generation in real_entries():
        packages = [package for package in entry.get("packages") or () if package.get("name") in source.channels]
        if not packages:
            continue
        mine, theirs = differential.compared(catalog, source, {**entry, "packages": packages}, generation)
        assert mine == theirs, (path, number)
        count += 1
    for generation in Generation:
        mine, theirs = differential.compared(catalog, source, {}, generation)
        assert mine == theirs and mine != "refused"
    assert count or name not in ("redhat-json", "oc-mirror-tests/test-catalog-latest")


@pytest.mark.needs_data
@pytest.mark.parametrize("name", sorted(CATALOGS) or ["none"])
def test_real_catalogs_are_valid_and_stay_so(name):
    if name not in CATALOGS:
        pytest.skip("the catalogs of ../shared/data are not here")
    catalog, _source = read(name)
    whole = catalog.everything()
    for package in whole.packages.values():
        for channel in package.channels.values():
            graph.check(channel)
    validation.check(whole)
    for generation in Generation:
        filtering.apply(catalog, Wanted(catalog="c"), generation, Options())
