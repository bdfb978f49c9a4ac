# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.images import finders, images_in
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.json_path import compile_path
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.repository import choose, index_url, read_index

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers:
      - image: quay.io/x/init:1
      containers:
      - image: quay.io/x/app:1
        env:
        - {name: A, value: quay.io/x/from-env:2}
      - image: quay.io/x/app:1
"""
POD = """
kind: Pod
spec:
  containers:
  - {name: a, image: quay.io/x/pod:3}
  - {name: no-image}
"""
CRON = """
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: "quay.io/x/cron:4"}]}}}}}
"""


@pytest.mark.parametrize(
    ("path", "document", "found"),
    [
        ("{.a.b}", {"a": {"b": 1}}, [1]),
        ("$.a.b", {"a": {"b": 1}}, [1]),
        (".a['b.c']", {"a": {"b.c": 2}}, [2]),
        ("{.a[*].b}", {"a": [{"b": 1}, {}, {"b": 2}]}, [1, 2]),
        ("{.a[1]}", {"a": [1, 2]}, [2]),
        ("{.a[-1]}", {"a": [1, 2]}, [2]),
        ("{.a[7]}", {"a": [1, 2]}, []),
        ("{.a.*}", {"a": {"x": 1, "y": 2}}, [1, 2]),
        ("{.a.b}", {"a": [1]}, []),
        ("{.a.b}", None, []),
        ("{.missing[*].x}", {}, []),
    ],
)
def test_paths_name_values_and_missing_keys_are_allowed(path, document, found):
    assert list(compile_path(path)(document)) == found


def test_what_goes_beyond_simple_paths_is_the_library_s():
    pytest.importorskip("jsonpath_ng", reason="jsonpath-ng is not installed")
    document = {"a": [{"b": 1, "c": "x"}, {"b": 2, "c": "y"}]}
    assert list(compile_path("{.a[?(@.b > 1)].c}")(document)) == ["y"]
    assert list(compile_path("{..c}")(document)) == ["x", "y"]


@pytest.mark.parametrize("path", ["", "{}", "$", "  "])
def test_what_is_no_path_is_told(path):
    with pytest.raises(InputError):
        compile_path(path)


def test_images_are_found_in_all_workloads_once_and_in_order():
    rendered = f"---\n# Source: a\n{DEPLOYMENT}\n---\n{POD}\n--- # comment\n{CRON}\n---\n"
    assert images_in(rendered, finders(()), "chart") == ("quay.io/x/init:1", "quay.io/x/app:1", "quay.io/x/pod:3", "quay.io/x/cron:4")


def test_custom_paths_come_after_the_default_ones():
    paths = finders(("{.spec.template.spec.containers[*].env[*].value}",))
    assert images_in(DEPLOYMENT, paths, "chart") == ("quay.io/x/init:1", "quay.io/x/app:1", "quay.io/x/from-env:2")


def test_a_value_may_list_several_images_and_other_types_are_no_images():
    paths = finders(("{.images}", "{.numbers[*]}"))
    assert images_in("images: a:1 b:2\nnumbers: [1, null, {x: 1}]\n", paths, "chart") == ("a:1", "b:2")


def test_manifests_that_are_no_yaml_fail_the_chart():
    with pytest.raises(InputError, match="not YAML"):
        images_in("a: [", finders(()), "chart")


INDEX = b"""
apiVersion: v1
entries:
  app:
  - {version: 1.2.0, urls: [app-1.2.0.tgz], digest: abc}
  - {version: 1.10.0, urls: ["https://other.example.com/app-1.10.0.tgz"]}
  - {version: 2.0.0-rc.1, urls: [x.tgz]}
  - {version: nightly, urls: [n.tgz]}
  tagged:
  - {version: v2.0.0, urls: [tagged-v2.0.0.tgz]}
  helpers:
  - {version: 0.1.0, urls: [h.tgz], type: library}
  broken:
  - {version: 1.0.0}
"""
URL = "https://charts.example.com/stable/index.yaml"


@pytest.mark.parametrize("url", ["https://c.example.com/x", "https://c.example.com/x/", "https://c.example.com/x/index.yaml"])
def test_index_lies_below_the_url_with_or_without_slash(url):
    assert index_url(url) == "https://c.example.com/x/index.yaml"


def test_offers_come_newest_first_with_absolute_urls():
    index = read_index(INDEX, URL)
    assert [offer.version for offer in index["app"]] == ["2.0.0-rc.1", "1.10.0", "1.2.0", "nightly"]
    assert index["app"][2].urls == ("https://charts.example.com/stable/app-1.2.0.tgz",)
    assert index["app"][1].urls == ("https://other.example.com/app-1.10.0.tgz",)
    assert index["helpers"][0].is_library
    assert index["broken"] == ()


@pytest.mark.parametrize(
    ("name", "version", "chosen"),
    [
        ("app", "1.2.0", "1.2.0"),
        ("app", "v1.2.0", "1.2.0"),
        ("tagged", "2.0.0", "v2.0.0"),
        ("app", "", "1.10.0"),
        ("app", "nightly", "nightly"),
    ],
)
def test_a_version_is_found_with_or_without_v_and_the_newest_release_is_the_default(name, version, chosen):
    assert choose(read_index(INDEX, URL)[name], name, version, URL).version == chosen


def test_absent_charts_and_versions_are_told_with_what_there_is():
    with pytest.raises(NotFound, match="1.10.0"):
        choose(read_index(INDEX, URL)["app"], "app", "9.9.9", URL)
    with pytest.raises(NotFound, match="no chart other"):
        choose((), "other", "", URL)


@pytest.mark.parametrize("content", [b"", b"- a", b"entries: 3", b"{", b"\x00"])
def test_what_is_no_index_is_told(content):
    with pytest.raises(InputError):
        read_index(content, URL)
