# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surveys, inventories and command lines give becomes what argument specs name, or a sentence that names the variable."""

from __future__ import annotations

import datetime
import glob
import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_arguments import Wrong, plain, take
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

TLS = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {"host": {"type": "str", "required": True, "description": ["The host."]}, "verify": {"type": "bool", "default": True}},
}


def taken(value, **option):
    """What becomes of the variable `it`, and what is wrong with it."""
    arguments = take({"it": {"default": "", **option}}, {"it": value}, lambda path: f"/here/{path}")
    return arguments.all.get("it"), arguments.wrong


@pytest.mark.parametrize(
    "kind, value, expected",
    [
        ("bool", "true", True),
        ("bool", " No ", False),
        ("bool", True, True),
        ("bool", 0, False),
        ("int", "4", 4),
        ("int", 4, 4),
        ("int", "4.0", 4),
        ("float", "0.5", 0.5),
        ("float", 2, 2.0),
        ("str", 4.18, "4.18"),
        ("str", datetime.date(2026, 1, 31), "2026-01-31"),
        ("str", "  docker://registry.example.com\n", "docker://registry.example.com"),
        ("str", True, "true"),
        ("dict", "kind: ImageSetConfiguration\nmirror:\n  helm: {}\n", {"kind": "ImageSetConfiguration", "mirror": {"helm": {}}}),
        ("dict", '{"auths": {}}', {"auths": {}}),
        ("dict", {"number": 1}, {"number": 1}),
        ("path", "/srv/mirror", "/srv/mirror"),
        ("path", "file:///srv/mirror", "/srv/mirror"),
        ("path", "file://mirror", "/here/mirror"),
        ("path", "mirror", "/here/mirror"),
        ("path", "~/mirror", "~/mirror"),
    ],
)
def test_values_become_what_their_type_says(kind, value, expected):
    found, wrong = taken(value, type=kind)
    assert (found, type(found), wrong) == (expected, type(expected), ())


@pytest.mark.parametrize(
    "value, expected",
    [
        ("a,b", ["a", "b"]),
        ("a\nb\n", ["a", "b"]),
        ("^x{1,2}$\n^y", ["^x{1,2}$", "^y"]),
        ('["a", "b"]', ["a", "b"]),
        ("- a\n- b", ["a", "b"]),
        (["a", 2], ["a", "2"]),
        (("a",), ["a"]),
    ],
)
def test_lists_of_texts(value, expected):
    assert taken(value, type="list", elements="str", default=[]) == (expected, ())


@pytest.mark.parametrize(
    "value",
    [
        [{"host": "a:5000", "verify": "no"}],
        '[{"host": "a:5000", "verify": false}]',
        "- host: a:5000\n  verify: off\n",
        "host: a:5000\nverify: 'false'\n",
        [{"host": "a:5000", "verify": "false", "ca_path": ""}],
    ],
)
def test_lists_of_mappings(value):
    options = {**TLS["options"], "ca_path": {"type": "path"}}
    assert taken(value, **{**TLS, "options": options}) == ([{"host": "a:5000", "verify": False}], ())


@pytest.mark.parametrize(
    "kind, default", [("bool", False), ("int", 7), ("float", 1.0), ("str", "x"), ("dict", {}), ("list", []), ("path", "/x")]
)
@pytest.mark.parametrize("value", ["", "  \n", None])
def test_an_empty_text_is_not_given(kind, default, value):
    arguments = take({"it": {"type": kind, "default": default, "choices": []}}, {"it": value}, str)
    assert (arguments.all, arguments.given, arguments.wrong) == ({"it": default}, {}, ())


def test_an_empty_text_is_no_leave_to_trust_everybody():
    arguments = take({"keys": {"type": "dict", "default": None}}, {"keys": ""}, str)
    assert arguments.given == {"keys": {}}
    assert take({"keys": {"type": "dict", "default": None}}, {}, str).given == {}


def test_only_what_differs_from_its_default_counts_as_given():
    options = {"times": {"type": "int", "default": 7}, "level": {"type": "str", "default": "a", "choices": ["a", "b"]}}
    assert take(options, {"times": "7", "level": "b"}, str).given == {"level": "b"}


def test_yaml_that_means_off_is_the_choice_of_that_name():
    assert taken(False, type="str", choices=["require", "warn", "off"]) == ("off", ())
    assert taken(True, type="str", choices=["auto", "true", "false"]) == ("true", ())


@pytest.mark.parametrize(
    "option, value, sentence",
    [
        ({"type": "int"}, "many", "it is 'many'. Give a whole number."),
        ({"type": "int"}, "1.5", "it is '1.5'. Give a whole number."),
        ({"type": "float"}, "1,5", "it is '1,5'. Give a number."),
        ({"type": "bool"}, "maybe", "it is 'maybe'. Give true or false."),
        ({"type": "bool"}, [], "it is a list. Give true or false."),
        ({"type": "str"}, {"a": 1}, "it is a mapping. Give text."),
        ({"type": "str", "choices": ["", "a", "b"]}, "c", "it is 'c'. Allowed are a, b."),
        ({"type": "dict"}, "canary", "it is a text. Give a mapping, or its text as YAML or JSON."),
        ({"type": "dict"}, "{canary: [", "it is neither YAML nor JSON: look at line 2, column 1."),
        ({"type": "path"}, "docker://registry.example.com", "which is not a path. Write /directory or file:///directory."),
        ({"type": "path"}, "s3://bucket", "which is not a path."),
        (TLS, ["a"], "it[0] is a text. Give a mapping"),
        (TLS, "a, b", "it is a text. Give a list of mappings."),
        (TLS, [{"host": "a", "verfy": False}], "it[0].verfy is not known. Known are host, verify."),
        (TLS, [{"verify": False}], "it[0].host is not set: the host."),
        (TLS, [{"host": "a", "verify": "x"}], "it[0].verify is 'x'. Give true or false."),
    ],
)
def test_a_mistake_is_told_by_the_variable_and_without_secrets(option, value, sentence):
    _found, wrong = taken(value, **option)
    assert len(wrong) == 1 and sentence in wrong[0] and "canary" not in wrong[0]


def test_all_mistakes_are_told_at_once_and_what_is_missing_by_its_meaning():
    options = {
        "place": {"type": "str", "required": True, "description": ["The mirror registry, such as V(docker://a/b). More. O(x:y) is other."]},
        "times": {"type": "int", "default": 1},
    }
    wrong = take(options, {"times": "x"}, str).wrong
    assert wrong == ("place is not set: the mirror registry, such as docker://a/b.", "times is 'x'. Give a whole number.")


def test_relative_paths_are_refused_where_they_have_no_meaning():
    def refuse(path):
        raise Wrong("which has no meaning on another host.")

    arguments = take({"it": {"type": "list", "elements": "path"}}, {"it": ["/a", "b"]}, refuse)
    assert arguments.wrong == ("it[1] is 'b', which has no meaning on another host.",)


def test_passwords_keep_their_blanks():
    assert taken(" a ", type="str", no_log=True) == (" a ", ())


def test_vaults_are_opened_wherever_they_are():
    class Vault:
        def __str__(self):
            return "opened"

    assert plain({"a": [{"password": Vault()}]}) == {"a": [{"password": "opened"}]}


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml"))))
def test_every_option_of_a_role_has_a_type_that_is_known_and_takes_its_default(path):
    with open(path, encoding="utf-8") as file:
        specs = yaml.safe_load(file)["argument_specs"]
    for spec in specs.values():
        options = {name: {**option, "required": False} for name, option in (spec.get("options") or {}).items()}
        defaults = {name: option["default"] for name, option in options.items() if option.get("default") not in (None, "")}
        arguments = take(options, defaults, str)
        assert arguments.wrong == () and arguments.given == {}
        survey = {name: yaml.safe_dump(value) if isinstance(value, (dict, list)) else str(value) for name, value in defaults.items()}
        assert take(options, survey, str) == arguments


def test_what_is_a_path_only_at_times_is_the_callers_path_then():
    options = {
        "mirror_graph_data": {"default": ""},
        "mirror_helm_path": {"default": "helm"},
        "mirror_archive_signing_key": {"type": "dict"},
    }
    relative = {"mirror_graph_data": "graph.tar.gz", "mirror_helm_path": "./helm", "mirror_archive_signing_key": {"key": "id_ed25519"}}
    assert take(options, relative, lambda path: f"/here/{path}").given == {
        "mirror_graph_data": "/here/graph.tar.gz",
        "mirror_helm_path": "/here/./helm",
        "mirror_archive_signing_key": {"key": "/here/id_ed25519"},
    }
    key = {"kind": "gpg", "key": "release"}
    others = {"mirror_graph_data": "https://example.com/g", "mirror_helm_path": "helm3", "mirror_archive_signing_key": key}
    assert take(options, others, lambda path: f"/here/{path}").given == others

    def far(_path):
        raise Wrong("which has no meaning on another host.")

    names = ("mirror_graph_data", "mirror_helm_path", "mirror_archive_signing_key.key")
    assert [text.partition(" ")[0] for text in take(options, relative, far).wrong] == list(names)


def test_what_a_configuration_names_on_its_host_is_refused_by_its_key_for_another_one():
    def far(_path):
        raise Wrong("which has no meaning on another host.")

    operators = [{"catalog": "oci://catalogs/one"}, {"catalog": "oci:///catalogs/two"}, {"catalog": "quay.io/a/b:1"}, "no mapping"]
    charts = [{"path": "charts/one.tgz", "valueFiles": ["/a.yaml", "b.yaml"]}, {"path": 7}]
    imageset = {"storageConfig": {"local": {"path": "./metadata"}}, "mirror": {"operators": operators, "helm": {"local": charts}}}
    options = {"mirror_imageset": {"type": "dict", "default": {}}, "mirror_delete_imageset": {"type": "dict", "default": {}}}
    found = take(options, {"mirror_imageset": imageset, "mirror_delete_imageset": {"delete": "nothing"}}, far)
    assert [text.partition(" ")[0] for text in found.wrong] == ["mirror_imageset.storageConfig.local.path"]
    del imageset["storageConfig"]
    for key in ("mirror.helm.local[0].path", "mirror.helm.local[0].valueFiles[1]", "mirror.operators[0].catalog"):
        assert f"mirror_imageset.{key} is " in take(options, {"mirror_imageset": imageset}, far).wrong[0]
        if "operators" not in key:
            charts[0]["path" if key.endswith("path") else "valueFiles"] = "/charts/one.tgz"
    assert take(options, {"mirror_imageset": imageset}, str).given == {"mirror_imageset": imageset}
