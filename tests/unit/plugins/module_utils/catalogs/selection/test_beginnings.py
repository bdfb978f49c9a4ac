# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How v1 remembers where channels began (operator-catalogs 2.8): R, and the next higher version."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import beginnings, filtering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog, Package, PackageChannel
from ansible_collections.disconnected.mirror.tests.fakes import catalogs

BOTH = "bar stable*: 0.1.0\nfoo stable*: 0.1.0"
BAR = "bar stable*: 0.1.1; 0.1.2<0.1.1; 0.1.3<0.1.2\n"
SKIPPING = "bar stable*: 0.1.1 !{0.1.0}; 0.1.2 !{0.1.1}; 0.1.3 !{0.1.2}\n"
FOO = "foo stable*: 0.0.1; 0.0.2<0.0.1; 0.0.3<0.0.2; 0.2.0<0.0.3"
PREVIOUS = {"bar": {"stable": "0.1.0"}, "foo": {"stable": "0.1.0"}}


def package(name, *channels, minimum="", maximum=""):
    return Package(name=name, channels=channels, min_version=minimum, max_version=maximum)


def channel(name, minimum="", maximum=""):
    return PackageChannel(name=name, min_version=minimum, max_version=maximum)


def recorded(packages):
    return tuple(Package(name=name, channels=tuple(channel(*each) for each in channels.items())) for name, channels in packages.items())


def shown(found):
    """{package: bounds or {channel: bounds}}"""
    return {
        each.name: (
            [each.min_version, each.max_version]
            if each.min_version
            else {one.name: one.min_version if not one.max_version else [one.min_version, one.max_version] for one in each.channels}
        )
        for each in found
    }


@pytest.mark.parametrize(
    ("text", "packages", "expected"),
    [
        pytest.param(BOTH, (), PREVIOUS, id="R1"),
        pytest.param(
            BAR + BAR.replace("bar", "baz") + FOO,
            (package("bar", channel("stable", "0.1.2"), channel("alpha")), package("baz", minimum="0.1.2"), package("foo")),
            {"bar": {"stable": "0.1.2"}, "baz": ["0.1.2", ""], "foo": {"stable": "0.0.1"}},
            id="R2",
        ),
    ],
)
def test_the_first_record(tmp_path, text, packages, expected):
    selection = catalogs.catalog(tmp_path, text).everything()
    assert shown(beginnings.first(Catalog(packages=packages), selection)) == expected


@pytest.mark.parametrize(
    ("text", "packages", "previous", "expected"),
    [
        pytest.param(BOTH, (), {"bar": {"stable": "0.1.0"}}, PREVIOUS, id="R3"),
        pytest.param(
            "bar stable*: 0.1.0; 0.1.1<0.1.0\nbar alpha: 0.1.0\nfoo stable*: 0.1.0",
            (),
            PREVIOUS,
            {"bar": {"alpha": "0.1.0", "stable": "0.1.0"}, "foo": {"stable": "0.1.0"}},
            id="R4",
        ),
        pytest.param(SKIPPING + FOO, (), PREVIOUS, {"bar": {"stable": "0.1.1"}, "foo": {"stable": "0.2.0"}}, id="R5"),
        pytest.param(
            "bar stable*: 0.0.2; 0.2.2 !{0.0.2}\nfoo stable*: 0.0.2",
            (),
            PREVIOUS,
            {"bar": {"stable": "0.2.2"}, "foo": {"stable": "0.0.2"}},
            id="R6",
        ),
        pytest.param(
            BOTH,
            (package("bar", minimum="0.1.0"), package("foo")),
            {"bar": {"stable": "0.1.0"}},
            {"bar": ["0.1.0", ""], "foo": {"stable": "0.1.0"}},
            id="R7",
        ),
        pytest.param(
            "bar stable*: 0.1.0; 0.1.1<0.1.0\nbar alpha: 0.1.0\nfoo alpha*: 0.1.0",
            (package("bar", channel("stable", "0.1.0"), channel("alpha")), package("foo", channel("alpha"))),
            PREVIOUS,
            {"bar": {"alpha": "0.1.0", "stable": "0.1.0"}, "foo": {"alpha": "0.1.0"}},
            id="R8",
        ),
        pytest.param(
            SKIPPING + "foo alpha: 0.2.0; 0.2.1 !{0.2.0}\nfoo stable*: 0.0.1; 0.0.2<0.0.1; 0.0.3<0.0.2; 0.2.0<0.0.3; 0.2.1<0.2.0",
            (package("bar", channel("stable", "0.1.3")), package("foo")),
            {"bar": {"stable": "0.1.2"}, "foo": {"stable": "0.1.0"}},
            {"bar": {"stable": "0.1.3"}, "foo": {"alpha": "0.2.1", "stable": "0.2.0"}},
            id="R9",
        ),
        pytest.param(
            "bar stable*: 0.0.2\nfoo stable*: 0.1.0",
            (package("bar"), package("foo")),
            PREVIOUS,
            {"bar": {"stable": "0.0.2"}, "foo": {"stable": "0.1.0"}},
            id="R10",
        ),
        pytest.param(
            "a c*: 1.0.0\nb c*: 2.0.0",
            (package("a", channel("c", "1.0.0", "1.0.0")), package("b", channel("c", "2.0.0", "2.0.0"))),
            {"a": {"c": "1.0.0"}},
            {"a": {"c": ["1.0.0", "1.0.0"]}, "b": {"c": ["2.0.0", "2.0.0"]}},
            id="R11",
        ),
        pytest.param(
            "a c*: 1.0.0\nb c*: 2.0.0",
            (package("a", channel("c", "1.0.0", "1.0.0")), package("b", channel("c", "2.0.0"))),
            {"a": {"c": "1.0.0"}},
            {"a": {"c": ["1.0.0", "1.0.0"]}, "b": {"c": "2.0.0"}},
            id="R12",
        ),
        pytest.param(
            "a c*: 1.0.0; 2.0.0<1.0.0",
            (package("a", channel("c")),),
            {},
            {"a": {"c": "2.0.0"}},
            id="INCR-3: a bare new channel is not pinned",
        ),
    ],
)
def test_later_records(tmp_path, text, packages, previous, expected):
    catalog = catalogs.catalog(tmp_path, text)
    assert {
        name: dict(sorted(value.items())) if isinstance(value, dict) else value
        for name, value in shown(beginnings.following(catalog, Catalog(packages=packages), recorded(previous))).items()
    } == expected


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ("0.0.1; 0.0.2; 0.1.0; 0.2.0; 0.3.0; 0.4.0", "0.1.0"),
        ("0.0.1; 0.0.2; 0.2.0; 0.3.0; 0.4.0", "0.2.0"),
        ("0.0.2; 0.2.0", "0.2.0"),
        ("0.0.1", "0.0.1"),
    ],
)
def test_the_next_version(tmp_path, versions, expected):
    found = catalogs.catalog(tmp_path, f"foo c*: {versions}").package("foo")
    assert beginnings.next_version(found, found.channels["c"], "0.1.0") == expected


def test_a_recorded_version_above_everything_is_told(tmp_path):
    found = catalogs.catalog(tmp_path, "foo c*: 0.0.1; 0.0.2").package("foo")
    with pytest.raises(InputError, match="is gone and nothing is above it"):
        beginnings.next_version(found, found.channels["c"], "0.1.0")


def test_content_grows_from_where_it_began(tmp_path):
    """Heads only on the first run; later, everything from there to today's head."""
    first = catalogs.catalog(tmp_path / "1", "foo c*: 1.0.0; 1.1.0<1.0.0")
    wanted = Catalog(catalog="c", packages=(Package(name="foo"),))
    selection = filtering.apply(first, wanted, Generation.V1, Options()).selection
    assert catalogs.names(selection) == {"foo c": ["1.1.0"]}
    kept = beginnings.of(beginnings.document(beginnings.first(wanted, selection)))
    later = catalogs.catalog(tmp_path / "2", "foo c*: 1.0.0; 1.1.0<1.0.0; 1.2.0<1.1.0; 1.3.0<1.2.0")
    assert catalogs.names(filtering.apply(later, wanted, Generation.V1, Options(), kept).selection) == {
        "foo c": ["1.1.0", "1.2.0", "1.3.0"]
    }


def test_the_form_of_the_metadata():
    packages = (package("a", channel("c", "1.0.0", "2.0.0"), channel("d")), package("b", minimum="0.1.0"))
    document = beginnings.document(packages)
    assert document == [
        {"name": "a", "channels": [{"name": "c", "minVersion": "1.0.0", "maxVersion": "2.0.0"}, {"name": "d"}]},
        {"name": "b", "minVersion": "0.1.0"},
    ]
    assert beginnings.of(document) == packages
    with pytest.raises(InputError, match="malformed"):
        beginnings.of([{"channels": []}], "metadata")
