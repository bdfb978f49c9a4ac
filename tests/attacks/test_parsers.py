# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No reader answers what it cannot read with a bare exception, and none of them believes what is no number, no text or no end.

The guards: `base/json_values.py` (JSON), `base/yaml/` (YAML), and with each reader the error that it makes of what they refuse.
"""

from __future__ import annotations

import json
import time

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.secrets import secrets_in
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.pages import next_link
from ansible_collections.disconnected.mirror.tests.fuzz.readers import CONTENTS, GRAPH, HISTORY, METADATA, PLAN, READERS

JSON_READERS = [
    *("manifest", "index of a layout", "manifest of an archive", "update graph", "metadata of oc-mirror"),
    *("image references of a release", "cosign claim", "auth file", "catalog"),
]
JSON_FAULTS = {
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "a number beyond all numbers": b'{"a": 1e999}',
    "five thousand digits": b'{"a": ' + b"9" * 5000 + b"}",
    "half a character": b'{"mediaType": "\\ud800", "schema": "\\udfff"}',
    "half a character in a name": b'{"\\ud800": 1}',
    "half a character in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "no UTF-8": b'{"a": "\xff"}',
    "a thousand levels": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "a hundred thousand levels": b'{"a":' * 100_000,
    "a list": b"[]",
    "a text": b'"a"',
    "a number": b"3",
    "nothing": b"",
    "null": b"null",
    "one brace": b"{",
}
YAML_READERS = ["YAML", "configuration", "catalog", "index of charts", "rendered chart", "delete list"]
YAML_FAULTS = {
    "a truth that is none": b"a: !!bool foo\n",
    "a number that is none": b"a: !!int ''\n",
    "a number of letters": b"a: !!int abc\n",
    "a time that is none": b"a: !!timestamp foo\n",
    "a date that is none": b"a: 2001-99-99\n",
    "a float that is none": b"a: !!float x\n",
    "bytes that are none": b"a: !!binary '='\n",
    "an order that is none": b"a: !!omap [a]\n",
    "pairs that are none": b"a: !!pairs [a]\n",
    "a set that is none": b"a: !!set [a]\n",
    "an object of Python": b"a: !!python/object/apply:os.system [true]\n",
    "a merge with a number": b"a: {<<: 3}\n",
    "a list as a key": b"? [a]\n: b\n",
    "a mapping as a key": b"? {a: b}\n: c\n",
    "itself": b"a: &a [*a]\n",
    "an alias to nothing": b"a: *b\n",
    "five thousand digits": b"a: 1" + b"0" * 5000 + b"\n",
    "the base of sixty": b"a: 1" + b":1" * 5000 + b"\n",
    "an escape of half a character": b'a: "\\ud800"\n',
    "a byte that is no text": b"a: \x00\n",
    "a tab for a space": b"\ta: b\n",
    "a directive from the future": b"%YAML 9.9\n---\na: b\n",
    "half of UTF-16": b"\xff\xfea",
}


def said(name, content, folder):
    """What a reader says; anything but an error of the project's own is a fault.  Nothing takes long."""
    started = time.process_time()
    try:
        READERS[name].read(content, str(folder))
        told = ""
    except (MirrorError, *READERS[name].allowed) as error:
        told = str(error)
        assert told.strip()
        told.encode("utf-8")
    assert time.process_time() - started < 5
    return told


@pytest.mark.parametrize("name", JSON_READERS)
@pytest.mark.parametrize("content", JSON_FAULTS.values(), ids=JSON_FAULTS)
def test_json(tmp_path, name, content):
    said(name, content, tmp_path)


@pytest.mark.parametrize("name", YAML_READERS)
@pytest.mark.parametrize("content", YAML_FAULTS.values(), ids=YAML_FAULTS)
def test_yaml(tmp_path, name, content):
    said(name, content, tmp_path)


# Reader, what is replaced in a good input, by what: each of them is refused.
BELIEVED = [
    ("history", HISTORY, b'"sequence": 1', b'"sequence": "1"'),
    ("history", HISTORY, b'"sequence": 1', b'"sequence": 1.5'),
    ("history", HISTORY, b'"sequence": 1', b'"sequence": true'),
    ("history", HISTORY, b'"blobs": ["sha', b'"blobs": [3, "sha'),
    ("history", HISTORY, b'"tags": ["1"]', b'"tags": ["../x"]'),
    ("plan", PLAN, b'"size": 5', b'"size": -5'),
    ("plan", PLAN, b'"size": 5', b'"size": "5"'),
    ("plan", PLAN, b'"destination": "a/b"', b'"destination": "../a"'),
    ("plan", PLAN, b'"tags": ["1"]', b'"tags": "1"'),
    ("plan", PLAN, b'"images": [', b'"images": [3, '),
    ("manifest of an archive", CONTENTS, b'"sequence": 2', b'"sequence": Infinity'),
    ("manifest of an archive", CONTENTS, b'"sequence": 2', b'"sequence": 1e999'),
    ("manifest of an archive", CONTENTS, b'"sequence": 2', b'"sequence": "2"'),
    ("manifest of an archive", CONTENTS, b'"sequence": 2', b'"sequence": 2, "sequence": 3'),
    ("manifest of an archive", CONTENTS, b"plan.json", b"../plan.json"),
    ("manifest of an archive", CONTENTS, b"plan.json", b"/plan.json"),
    ("update graph", GRAPH, b'"edges": [[0', b'"edges": [[-1'),
    ("update graph", GRAPH, b'"edges": [[0', b'"edges": [[true'),
    ("update graph", GRAPH, b'"edges": [[0', b'"edges": [[7'),
    ("update graph", GRAPH, b'"4.1.0", "payload"', b'"x", "payload"'),
    ("metadata of oc-mirror", METADATA, b'"sequence": 1', b'"sequence": Infinity'),
    ("metadata of oc-mirror", METADATA, b'"pastAssociations": []', b'"pastAssociations": 3'),
]


@pytest.mark.parametrize("name, content, good, bad", BELIEVED, ids=[f"{name}: {bad.decode()}" for name, _content, _good, bad in BELIEVED])
def test_what_is_no_value_is_not_believed(tmp_path, name, content, good, bad):
    assert good in content and not said(name, content, tmp_path)
    try:
        json.loads(content.replace(good, bad, 1), parse_constant=lambda _name: 1 / 0)
    except ZeroDivisionError:
        # Values that are no JSON at all do not come to readers of values.
        name = "JSON" if name == "history" else name
    assert said(name, content.replace(good, bad, 1), tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        *("https://[::1/x", "https://[x]/", "https://host:port/", "https://host:99999/", "https://host:-1/", "https:///x", "https://"),
        *(
            "",
            "host",
            "ftp://host/",
            "https://ho st/",
            "https://host\r\nx: y/",
            "https://host\x00/",
            "https://\ud800/",
            "https://[::ffff:1.2.3.4%eth0/",
        ),
    ],
)
def test_a_url_that_is_none(url):
    with pytest.raises(MirrorError):
        origin, _target = split_url(url)
        assert not origin.netloc


@pytest.mark.parametrize(
    "header, found",
    [
        ('</v2/a?last=b>; rel="next"', "/v2/a?last=b"),
        ("</v2/a>; rel=next", "/v2/a"),
        ('<a>; rel="prev", <b>; rel="next"', "b"),
        ('<a>; title="x, <y>; rel=next"; rel="next"', "a"),
        ('<a>; rel="last next"', "a"),
        ("<a>;rel=NEXT", "a"),
        ("<a> ; foo ; rel=next", "a"),
        ('<a>; rel="nextish"', ""),
        ("<a>; norel=next", ""),
        ("<a", ""),
        ("a>; rel=next", ""),
        ("<<<<", ""),
        ("", ""),
        ('<a>; rel="prev"; rel="next"', ""),
    ],
)
def test_links(header, found):
    assert next_link(header) == found


@pytest.mark.parametrize(
    "odd",
    [["a"], "text", 3, {"auths": ["x"]}, {"auths": {"h": 3}}, {"auths": {"h": {"auth": "\ud800"}}}, {"auths": {"h": {"auth": 3}}}, None],
)
def test_a_pull_secret_of_any_shape(odd):
    assert isinstance(secrets_in({"pull_secret": odd}), set)
