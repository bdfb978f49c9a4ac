# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.tests.fakes import catalogs

VERSIONS = "0.1.0; 0.1.1<0.1.0; 0.2.0<0.1.1; 0.3.0<0.2.0; 1.0.0<0.1.0 !{0.1.1,0.2.0,0.3.0}; 1.1.0<1.0.0; "
VERSIONS += "2.0.0<0.1.0 !{0.1.1,0.2.0,0.3.0,1.0.0,1.1.0}; 2.1.0<2.0.0; 3.0.0<1.1.0 !{2.0.0,2.1.0}"


def channel(text, package="foo"):
    return Channel.of(catalogs.documents(f"{package} c*: {text}")[1])


def short(names):
    return [catalogs.short("foo", name) for name in names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.1; 0.0.2; 0.0.3<0.0.1 !{0.0.2}", "foo.v0.0.3"),
        ("0.0.1<0.0.3; 0.0.3<0.0.1 !{0.0.2}", "no channel head found in graph"),
        ("0.0.1; 0.0.3<0.0.1 !{0.0.2}; 0.0.4<0.0.1", "multiple channel heads found in graph: foo.v0.0.3, foo.v0.0.4"),
        ("0.0.1; 0.0.2 !{0.0.1}; 0.0.3 !{0.0.2}; 0.0.4<0.0.3", "foo.v0.0.4"),
        ("0.0.4<0.0.4; 0.0.5<0.0.4", "detected cycle in replaces chain of upgrade graph: foo.v0.0.4 -> foo.v0.0.4"),
        (
            "0.0.1<0.0.3; 0.0.2<0.0.1; 0.0.3<0.0.2; 0.0.4<0.0.3",
            "detected cycle in replaces chain of upgrade graph: foo.v0.0.3 -> foo.v0.0.2 -> foo.v0.0.1 -> foo.v0.0.3",
        ),
        ("0.0.1; 0.0.2<0.0.1; 0.0.3 !{0.0.2}", "channel contains one or more stranded bundles: foo.v0.0.1"),
        ("0.0.1; 0.0.2<0.0.1; 0.0.3<0.0.2 !{0.0.2}", "channel contains one or more stranded bundles: foo.v0.0.1"),
        ("0.0.0; 0.0.1", "multiple channel heads found in graph: foo.v0.0.0, foo.v0.0.1"),
        ("0.1.0<0.0.0", "foo.v0.1.0"),
    ],
    ids=[f"G{number}" for number in range(1, 11)],
)
def test_channels_of_the_specification(text, expected):
    try:
        graph.check(channel(text))
        found = graph.head(channel(text))
    except graph.GraphError as error:
        found = error.message
    assert found == expected


def test_skip_ranges_are_no_edges():
    assert graph.heads(channel('0.1.0; 0.2.0 ~"<0.2.0"')) == ("foo.v0.1.0", "foo.v0.2.0")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("0.2.0", "0.2.0", ["0.2.0"]),
        ("0.1.0", "3.0.0", ["0.1.0", "0.1.1", "0.2.0", "0.3.0", "1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0"]),
        ("0.2.0", "3.0.0", ["0.2.0", "0.3.0", "1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0"]),
        ("0.1.1", "0.3.0", ["0.1.1", "0.2.0", "0.3.0"]),
        ("0.1.1", "2.0.0", ["0.1.1", "0.2.0", "0.3.0", "1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0"]),
        ("0.2.0", "0.4.0", ["0.2.0", "0.3.0", "0.4.0"]),
        ("0.2.0", "0.4.1", []),
    ],
    ids=[f"I{number}" for number in range(1, 8)],
)
def test_the_way_from_an_entry_to_the_head(start, end, expected):
    own = {"0.4.0": "; 0.4.0<0.1.1", "0.4.1": "; 0.4.1<0.1.2"}.get(end, "")
    assert short(graph.fill(channel(VERSIONS + own), f"foo.v{start}", f"foo.v{end}")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "channel has no entries"),
        ("1.0.0; 2.0.0", "multiple channel heads found: [foo.v1.0.0 foo.v2.0.0]"),
        ("1.0.0; 1.1.0<1.0.0; 2.0.0; 2.1.0<2.0.0", "multiple channel heads found: [foo.v1.1.0 foo.v2.1.0]"),
        ("1.0.0; 1.1.0<1.0.0; 1.2.0<1.0.0", "multiple channel heads found: [foo.v1.1.0 foo.v1.2.0]"),
        ("1.0.0; 1.1.0; 1.1.1; 1.1.2<1.0.0 !{1.1.1,1.1.0}; 2.0.0; 2.0.1; 2.0.2<1.1.2 !{2.0.1,2.0.0}", "foo.v2.0.2"),
        ("1.0.0; 1.0.0; 1.1.0<1.0.0; 1.1.0<1.0.0", 'duplicate channel entry "foo.v1.0.0", duplicate channel entry "foo.v1.1.0"'),
        ("1.0.0<1.0.0; 1.1.0<1.0.0", 'channel entry "foo.v1.0.0" replaces itself'),
        ("1.0.0 !{1.0.0}; 1.1.0<1.0.0", 'channel entry "foo.v1.0.0" skips itself'),
        ("1.0.0<1.2.0; 1.1.0<1.0.0; 1.2.0<1.1.0; 1.3.0<1.2.0", "detected a cycle in the upgrade graph of the channel"),
        ("1.0.0 !{1.2.0}; 1.1.0<1.0.0; 1.2.0<1.1.0; 2.0.0", "detected a cycle in the upgrade graph of the channel"),
        ("1.0.0 !{1.2.0}; 1.2.0 !{1.0.0}; 2.0.0", "detected a cycle in the upgrade graph of the channel"),
    ],
    ids=["P1", "P2", "P3", "P4", "P5", "P6", "P7 replaces", "P7 skips", "P8", "P9", "P10"],
)
def test_the_checks_of_v2(text, expected):
    try:
        found = graph.check_parse(channel(text))
    except graph.GraphError as error:
        found = error.message
    assert found == expected


def test_a_long_channel_that_skips_everything_is_quick():
    """P11."""
    entries = []
    for place in range(4_000):
        entry = {"name": f"foo.v{place}.0.0", "skips": [f"foo.v{older}.0.0" for older in range(max(0, place - 90), place)]}
        if place:
            entry["replaces"] = f"foo.v{place - 1}.0.0"
        entries.append(entry)
    long = Channel.of({"schema": "olm.channel", "package": "foo", "name": "c", "entries": entries})
    began = time.monotonic()
    assert graph.check_parse(long) == "foo.v3999.0.0"
    assert len(graph.fill(long, "foo.v0.0.0", "foo.v3999.0.0")) == 4_000
    assert time.monotonic() - began < 60
