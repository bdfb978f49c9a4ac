# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The field's messages for catalogs that cannot be served (operator-catalogs 1.4)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filter_v2, filtering, validation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.tests.fakes import catalogs

PACKAGE = {"schema": "olm.package", "name": "foo", "defaultChannel": "alpha"}


def channel(*entries, name="alpha", package="foo"):
    return {
        "schema": "olm.channel",
        "package": package,
        "name": name,
        "entries": [each if isinstance(each, dict) else {"name": each} for each in entries],
    }


def bundle(name="foo.v0.1.0", version="0.1.0", package="foo", **more):
    value = {"packageName": "foo", "version": version, **({"release": more.pop("release")} if "release" in more else {})}
    return {
        "schema": "olm.bundle",
        "package": package,
        "name": name,
        "image": "x/y:1",
        "properties": [{"type": "olm.package", "value": value}],
        **more,
    }


def deprecations(*references, package="foo"):
    return {"schema": "olm.deprecations", "package": package, "entries": [{"reference": each, "message": "old"} for each in references]}


GOOD = [PACKAGE, channel("foo.v0.1.0"), bundle()]


def message(folder, documents):
    try:
        validation.check(Catalog.from_directory(str(catalogs.write(folder, documents))).everything())
    except InputError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param(GOOD, "", id="good"),
        pytest.param([*GOOD, {"schema": "olm.package", "name": ""}], "config contains package with no name", id="VAL-1"),
        pytest.param([PACKAGE, *GOOD], 'duplicate package "foo"', id="VAL-2"),
        pytest.param([*GOOD, channel("x", package="x")], 'unknown package "x" for channel "alpha"', id="VAL-4"),
        pytest.param([*GOOD, channel("x", package="")], 'unknown package "" for channel "alpha"', id="VAL-4 empty"),
        pytest.param([*GOOD, channel("foo.v0.1.0", name="")], 'package "foo" contains channel with no name', id="VAL-5"),
        pytest.param([*GOOD, channel("foo.v0.1.0")], 'package "foo" has duplicate channel "alpha"', id="VAL-5 twice"),
        pytest.param(
            [PACKAGE, channel("foo.v0.1.0", "foo.v0.1.0"), bundle()],
            'invalid package "foo", channel "alpha": duplicate entry "foo.v0.1.0"',
            id="VAL-6",
        ),
        pytest.param([*GOOD, bundle(package="")], 'package name must be set for bundle "foo.v0.1.0"', id="VAL-7"),
        pytest.param([*GOOD, bundle("bar.v0.1.0", package="bar")], 'unknown package "bar" for bundle "bar.v0.1.0"', id="VAL-7 unknown"),
        pytest.param([*GOOD, bundle()], 'package "foo" has duplicate bundle "foo.v0.1.0"', id="VAL-8"),
        pytest.param([*GOOD[:2], bundle(properties=[])], 'must have exactly 1 "olm.package" property, found 0', id="VAL-9"),
        pytest.param(
            [*GOOD[:2], bundle(properties=bundle()["properties"] * 2)],
            'must have exactly 1 "olm.package" property, found 2',
            id="VAL-9 two",
        ),
        pytest.param(
            [*GOOD[:2], bundle(properties=[{"type": "olm.package", "value": {"packageName": "foooperator", "version": "0.1.0"}}])],
            'package "foo" does not match "olm.package" property "foooperator"',
            id="VAL-10",
        ),
        pytest.param([*GOOD[:2], bundle(version="0.1.0.1")], 'error parsing bundle "foo.v0.1.0" version "0.1.0.1": ', id="VAL-11"),
        pytest.param([*GOOD[:2], bundle(version="")], 'error parsing bundle "foo.v0.1.0" version "": ', id="VAL-11 empty"),
        pytest.param(
            [*GOOD, bundle("foo.v0.2.0", "0.2.0")], 'package "foo", bundle "foo.v0.2.0" not found in any channel entries', id="VAL-12"
        ),
        pytest.param(GOOD[:2], 'no olm.bundle blobs found in package "foo" for olm.channel entries [foo.v0.1.0]', id="VAL-13"),
        pytest.param([{**PACKAGE, "defaultChannel": ""}, *GOOD[1:]], "default channel must be set", id="VAL-14"),
        pytest.param(
            [{**PACKAGE, "defaultChannel": "beta"}, *GOOD[1:]],
            'invalid channel "beta":\n        └── channel must contain at least one bundle',
            id="VAL-15",
        ),
        pytest.param([PACKAGE], "package must contain at least one channel", id="VAL-16"),
        pytest.param(
            [*GOOD, channel(name="bar")], 'invalid channel "bar":\n        └── channel must contain at least one bundle', id="VAL-17"
        ),
        pytest.param(
            [PACKAGE, channel("a", {"name": "b", "replaces": "a"}), bundle("a", "0.0.1"), bundle("b", "0.0.1")],
            "duplicate versions found in bundles: [{0.0.1: [a, b]}]",
            id="VAL-18",
        ),
        pytest.param(
            [PACKAGE, channel("a", {"name": "b", "replaces": "a"}), bundle("a", "0.0.1+1"), bundle("b", "0.0.1+2")],
            "",
            id="VAL-18 build metadata differs",
        ),
        pytest.param(
            [PACKAGE, channel("a", {"name": "b", "replaces": "a"}), bundle("a", "0.0.1", release="1"), bundle("b", "0.0.1", release="2")],
            "",
            id="VAL-18 release differs",
        ),
        pytest.param([PACKAGE, channel({"name": "foo.v0.1.0", "skips": [""]}), bundle()], "skip[0] is empty", id="VAL-19"),
        pytest.param([PACKAGE, channel({"name": "foo.v0.1.0", "skipRange": "<v1.0.0"}), bundle()], "invalid skipRange", id="VAL-19 v"),
        pytest.param([PACKAGE, channel({"name": "foo.v0.1.0", "skipRange": "<01.0.0"}), bundle()], "invalid skipRange", id="VAL-19 zero"),
        pytest.param([PACKAGE, channel({"name": "foo.v0.1.0", "skipRange": ""}), bundle()], "", id="VAL-19 empty range"),
        pytest.param([*GOOD[:2], bundle(image="")], "bundle image must be set", id="VAL-20"),
        pytest.param(
            [*GOOD[:2], bundle(image="", properties=[*bundle()["properties"], {"type": "olm.bundle.object", "value": {"data": "e30="}}])],
            "",
            id="VAL-20 objects",
        ),
        pytest.param([*GOOD[:2], bundle(relatedImages=[{"name": "x", "image": ""}])], "", id="VAL-22"),
        pytest.param(
            [*GOOD, deprecations({"schema": "olm.bundle", "name": "foo.v2.0.0"})],
            'cannot deprecate bundle "foo.v2.0.0" for package "foo": bundle not found',
            id="VAL-23",
        ),
        pytest.param([*GOOD, deprecations({"schema": "olm.channel", "name": "x"})], "channel not found", id="VAL-23 channel"),
        pytest.param([*GOOD, deprecations({"schema": "olm.package", "name": "x"})], "must not have a name", id="VAL-23 package"),
        pytest.param([*GOOD, deprecations({"schema": "olm.other"})], "object schema unknown", id="VAL-23 schema"),
        pytest.param(
            [*GOOD, deprecations({"schema": "olm.package"}, {"schema": "olm.package"})],
            "duplicate deprecation entry reference",
            id="VAL-23 twice",
        ),
        pytest.param([*GOOD, deprecations(), deprecations()], 'expected a maximum of one deprecation per package: "foo"', id="VAL-23 two"),
        pytest.param([*GOOD, deprecations(package="")], "package name must be set for deprecation item", id="VAL-23 no package"),
        pytest.param([*GOOD, deprecations({"schema": "olm.package"}, {"schema": "olm.channel", "name": "alpha"})], "", id="VAL-23 good"),
    ],
)
def test_messages(tmp_path, documents, expected):
    found = message(tmp_path, documents)
    assert found == expected if not expected else expected in found


def test_problems_are_shown_as_a_tree(tmp_path):
    documents = [PACKAGE, channel("a", "b"), channel(name="bar"), bundle("a", "0.0.1"), bundle("b", "0.0.2", image="")]
    assert message(tmp_path, documents) == "\n".join(
        (
            "invalid index:",
            '└── invalid package "foo":',
            '    ├── invalid channel "alpha":',
            "    │   ├── multiple channel heads found in graph: a, b",
            '    │   └── invalid bundle "b":',
            "    │       └── bundle image must be set",
            '    └── invalid channel "bar":',
            "        └── channel must contain at least one bundle",
        )
    )


@pytest.mark.parametrize(("name", "reason"), [("foo.bar", "must not contain dots"), ("Foo", "must be a DNS label")])
def test_a_package_keeps_the_name_that_its_publisher_gave_it(tmp_path, name, reason):
    """VAL-3: newer versions of opm refuse it, those of its publisher's time serve it."""
    source = catalogs.catalog(tmp_path, f"{name} a*: 1.0.0; 2.0.0<1.0.0")
    found = f'invalid package name "{name}": [{reason}]'
    with pytest.raises(InputError) as caught:
        validation.check(source.everything())
    assert found in caught.value.message
    (warning,) = filtering.check(source, filter_v2.select(source, Wanted(catalog="c"), Options()).selection)
    assert warning == f'Package {name} is as its publisher made it, and newer versions of opm refuse it: invalid package "{name}": {found}'
