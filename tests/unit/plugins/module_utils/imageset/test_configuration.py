# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import load, parse, parse_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document import tree
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.problems import ConfigurationError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import DELETE_IMAGE_SET, IMAGE_SET, LocalStorage

V1 = {"apiVersion": "mirror.openshift.io/v1alpha2", "kind": "ImageSetConfiguration"}
V2 = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
DELETE = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "DeleteImageSetConfiguration"}
CATALOG = "registry.redhat.io/redhat/redhat-operator-index:v4.16"
HEX = "0123456789abcdef" * 4


def problems_of(document, **options):
    with pytest.raises(ConfigurationError) as raised:
        parse(document, **options)
    return raised.value.problems


def rules_of(document, **options):
    return [problem.rule for problem in problems_of(document, **options)]


def mirror(base=None, **content):
    return {**(base or V2), "mirror": content}


def operators(*entries, base=None):
    return mirror(base, operators=list(entries))


def channels(*entries, base=None, **platform):
    return mirror(base, platform={"channels": list(entries), **platform})


def loaded(tmp_path, text):
    path = tmp_path / "imageset.yaml"
    path.write_text(text, encoding="utf-8")
    return load(str(path))


# Vectors V1 to V28


@pytest.mark.parametrize("base", [V1, V2])
def test_vector_1_unknown_field(base):
    (problem,) = problems_of(mirror(base, foo="bar"))
    assert (problem.rule, problem.path) == ("E-UNKNOWN", "mirror.foo") and '"foo"' in problem.message


def test_vector_2_a_missing_stanza_comes_before_the_unknown_field():
    problems = problems_of({**V2, "mirrors": {"additionalImages": []}})
    assert [problem.rule for problem in problems] == ["E-MIRROR", "E-UNKNOWN"]
    assert "mirror?" in problems[1].message


@pytest.mark.parametrize(
    "document, rules",
    [
        ({**V2, "mirror": {}, "delete": {}}, ["E-XSTANZA"]),
        ({**V1, "mirror": {}, "delete": {}}, ["E-XSTANZA"]),
        ({**DELETE, "remove": {}}, ["E-DELETE", "E-UNKNOWN"]),
        ({**DELETE, "delete": {}, "mirror": {}}, ["E-XSTANZA"]),
        ({**DELETE, "delete": {}, "mirror": None}, ["E-XSTANZA"]),
    ],
)
def test_vectors_3_to_5_stanzas(document, rules):
    assert rules_of(document) == rules


def test_vector_6_a_stanza_twice(tmp_path):
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, "apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror: {}\nmirror:\n  helm: {}\n")
    (problem,) = raised.value.problems
    assert (problem.rule, problem.line, problem.path) == ("E-DUPKEY", 4, "mirror")


def test_vector_7_a_kind_the_caller_has_no_use_for():
    (problem,) = problems_of({**DELETE, "delete": {}}, kinds=(IMAGE_SET,))
    assert problem.rule == "E-GVK" and "DeleteImageSetConfiguration" in problem.message
    assert rules_of(mirror(), kinds=(DELETE_IMAGE_SET,)) == ["E-GVK"]


@pytest.mark.parametrize("base", [V1, V2])
def test_vector_8_channel_twice(base):
    (problem,) = problems_of(channels({"name": "channel"}, {"name": "channel"}, base=base))
    assert problem.rule == "CFG-30" and '"channel"' in problem.message and problem.path == "mirror.platform.channels[1]"


@pytest.mark.parametrize("base", [V1, V2])
def test_vectors_9_to_11_catalogs_with_one_name(base):
    test = {"catalog": "test-catalog:latest"}
    assert rules_of(operators(test, test, base=base)) == ["CFG-31"]
    parse(operators({**test, "targetCatalog": "test1"}, {**test, "targetCatalog": "test2"}, base=base))
    same = [{"catalog": f"test-catalog{number}:latest", "targetCatalog": "test"} for number in (1, 2)]
    (problem,) = problems_of(operators(*same, base=base))
    assert problem.rule == "CFG-31" and '"test:latest"' in problem.message


@pytest.mark.parametrize("target", ["test:v1.3", "a/b/test@sha256:45df874"])
def test_vector_12_target_catalog(target):
    assert rules_of(operators({"catalog": CATALOG, "targetCatalog": target})) == ["CFG-33"]
    parse(operators({"catalog": CATALOG, "targetCatalog": target}, base=V1))


def test_vector_13_versions_maximum_first():
    package = {"name": "foo", "channels": [{"name": "fast", "minVersion": "-+?", "maxVersion": "abc"}]}
    problems = problems_of(operators({"catalog": CATALOG, "packages": [package]}))
    assert [problem.rule for problem in problems] == ["CFG-36", "CFG-36"]
    assert [problem.path.rsplit(".", 1)[1] for problem in problems] == ["maxVersion", "minVersion"]
    assert 'channel "fast"' in problems[0].message


def test_vector_14_bounds_in_two_places():
    package = {"name": "foo", "minVersion": "1.2.3", "channels": [{"name": "fast", "maxVersion": "2.0.0"}]}
    assert rules_of(operators({"catalog": CATALOG, "packages": [package]})) == ["CFG-37"]


def test_vector_15_package_or_channel_twice():
    assert rules_of(operators({"catalog": CATALOG, "packages": [{"name": "foo"}, {"name": "foo"}]})) == ["CFG-34"]
    package = {"name": "foo", "channels": [{"name": "fast"}, {"name": "fast"}]}
    assert rules_of(operators({"catalog": CATALOG, "packages": [package]})) == ["CFG-35"]
    parse(operators({"catalog": CATALOG, "packages": [package, package]}, base=V1))
    parse({**DELETE, "delete": {"operators": [{"catalog": CATALOG, "packages": [package, package]}]}})


@pytest.mark.parametrize("base", [V1, V2])
def test_vectors_16_and_17_blocked_expressions(base):
    (problem,) = problems_of(mirror(base, blockedImages=[{"name": "[invalid"}]))
    assert problem.rule == "CFG-38" and '"[invalid"' in problem.message
    assert parse(mirror(base, blockedImages=[{"name": "registry/namespace/image@sha256:.*"}])).blocked_images == (
        "registry/namespace/image@sha256:.*",
    )


def test_vector_18_storage_config_in_v2():
    (problem,) = problems_of({**V2, "storageConfig": {"local": {"path": "x"}}, "mirror": {}})
    assert problem.rule == "E-UNKNOWN" and '"storageConfig"' in problem.message


def test_vector_19_platforms_and_architectures():
    platform = {"platforms": [{"os": "linux", "architecture": "amd64"}], "architectures": ["amd64"]}
    assert rules_of(mirror(platform=platform)) == ["CFG-39"]
    assert parse({**DELETE, "delete": {"platform": platform}}).platform.platforms == (Platform("linux", "amd64"),)


def test_vector_20_v1_without_storage_remembers_nothing():
    for document in (mirror(V1), {**V1, "storageConfig": {}}, {**V1, "storageConfig": None}):
        imageset = parse(document)
        assert imageset.storage is None
        assert any("storageConfig is not given" in warning for warning in imageset.warnings)
    assert parse({**V1, "storageConfig": {"local": {"path": "/x"}}}).warnings == ()


def test_vector_21_default_architecture():
    channel = {"name": "stable-4.16"}
    assert parse(channels(channel, base=V1)).platform.architectures == ("amd64",)
    assert parse({**DELETE, "delete": {"platform": {"channels": [channel]}}}).platform.architectures == ("amd64",)
    assert parse(channels(channel)).platform.architectures == ()
    assert parse(mirror(V1, platform={"graph": True})).platform.architectures == ()


def test_no_default_architecture_next_to_platforms():
    platform = {"channels": [{"name": "stable-4.16"}], "platforms": [{"os": "linux", "architecture": "arm64"}]}
    assert parse({**DELETE, "delete": {"platform": platform}}).platform.architectures == ()


def test_vector_22_type_in_another_case():
    imageset = parse(channels({"name": "4-stable", "type": "Okd"}))
    assert imageset.platform.channels[0].type == "okd"
    assert any('"Okd"' in warning for warning in imageset.warnings)


def test_vector_23_keys_in_any_case():
    imageset = parse({**V1, "MIRROR": {"additionalimages": [{"NAME": "a/b:c"}], "blockedimages": [{"name": "alpine"}]}})
    assert imageset.additional_images[0].name == "a/b:c" and imageset.blocked_images == ("alpine",)
    assert parse(channels({"name": "stable-4.16", "minversion": "4.16.1"})).platform.channels[0].min_version == "4.16.1"


def test_vector_24_heads_only():
    names = [{"name": "a", "full": True}, {"name": "b", "full": False}, {"name": "c"}]
    assert [channel.heads_only for channel in parse(channels(*names)).platform.channels] == [False, True, True]


def test_vector_25_unparsable_catalogs_are_not_duplicates():
    assert rules_of(operators({"catalog": "whatever"}, {"catalog": "other"})) == ["CFG-32", "CFG-32"]


def test_vector_26_full_with_bounds():
    bounded = {"name": "foo", "minVersion": "1.0.0"}
    assert rules_of(operators({"catalog": CATALOG, "full": True, "packages": [bounded]})) == ["E-FULLRANGE"]
    imageset = parse(operators({"catalog": CATALOG, "full": True, "packages": [bounded, {"name": "bar"}]}))
    assert any("full: true" in warning and "foo" in warning for warning in imageset.warnings)
    parse(operators({"catalog": CATALOG, "full": True, "packages": [bounded]}, base=V1))


def test_vector_27_bad_additional_images_are_told_when_they_are_collected():
    assert parse(mirror(additionalImages=[{"name": "quay.io/x/y"}])).additional_images[0].name == "quay.io/x/y"


def test_vector_28_numbers_are_not_texts(tmp_path):
    text = """apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  platform:
    channels:
      - name: stable-4.12
        minVersion: 4.10
"""
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, text)
    (problem,) = raised.value.problems
    assert (problem.rule, problem.line, problem.path) == ("E-TYPE", 7, "mirror.platform.channels[0].minVersion")
    assert 'in quotes: "4.10"' in problem.message


# Envelope


@pytest.mark.parametrize(
    "document, rule, words",
    [
        ({"apiVersion": V2["apiVersion"], "mirror": {}}, "E-KIND", "kind"),
        ({**V2, "kind": "Pod", "mirror": {}}, "E-GVK", '"Pod"'),
        ({"kind": "ImageSetConfiguration", "mirror": {}}, "E-GVK", "apiVersion is missing"),
        (
            {**V2, "apiVersion": "mirror.openshift.io/v1", "mirror": {}},
            "E-GVK",
            "mirror.openshift.io/v1alpha2 or mirror.openshift.io/v2alpha1",
        ),
        ({**V2, "apiVersion": "mirror.openshift.io/v1alpha1", "mirror": {"ocp": 1}}, "E-GVK", "headsOnly"),
        ({**V2, "apiVersion": 2, "mirror": {}}, "E-GVK", '"2"'),
        ([], "E-TYPE", "mapping"),
        (None, "E-TYPE", "nothing"),
    ],
)
def test_envelope(document, rule, words):
    (problem,) = problems_of(document)
    assert problem.rule == rule and words in problem.message


def test_v1_may_leave_the_stanza_out_and_v2_may_leave_it_empty():
    assert parse(dict(V1)).operators == ()
    assert parse({**V2, "mirror": None}).operators == ()


def test_a_delete_configuration_with_the_old_version_is_read_as_the_new_one():
    imageset = parse({**V1, "kind": DELETE_IMAGE_SET, "delete": {"platform": {"kubeVirtContainer": True}}})
    assert imageset.generation is Generation.V2 and imageset.delete and imageset.kind == DELETE_IMAGE_SET
    assert "v2alpha1 only" in imageset.warnings[0]


@pytest.mark.parametrize("key", ["blockedImages", "archiveSize", "storageConfig"])
def test_what_a_delete_configuration_does_not_have(key):
    inside = {"blockedImages": [{"name": "x"}]} if key == "blockedImages" else {}
    outside = {} if inside else {key: 4 if key == "archiveSize" else {}}
    (problem,) = problems_of({**DELETE, **outside, "delete": inside})
    assert problem.rule == "E-UNKNOWN" and f'"{key}"' in problem.message


# Types


@pytest.mark.parametrize(
    "document, path",
    [
        ({**V2, "archiveSize": 4.5, "mirror": {}}, "archiveSize"),
        ({**V2, "archiveSize": "4", "mirror": {}}, "archiveSize"),
        ({**V2, "archiveSize": True, "mirror": {}}, "archiveSize"),
        ({**V2, "archiveSize": -1, "mirror": {}}, "archiveSize"),
        ({**V2, "archiveSize": 2**63, "mirror": {}}, "archiveSize"),
        ({**V2, "mirror": []}, "mirror"),
        ({**V2, "mirror": "x"}, "mirror"),
        (mirror(platform={"graph": "true"}), "mirror.platform.graph"),
        (mirror(platform={"graph": 1}), "mirror.platform.graph"),
        (mirror(platform={"architectures": "amd64"}), "mirror.platform.architectures"),
        (mirror(platform={"architectures": ["amd64", 390]}), "mirror.platform.architectures[1]"),
        (channels({"name": 4}), "mirror.platform.channels[0].name"),
        (channels(None), "mirror.platform.channels[0]"),
        (channels("stable-4.16"), "mirror.platform.channels[0]"),
        (operators({"catalog": CATALOG, "targetTag": 1.0}), "mirror.operators[0].targetTag"),
        (operators({"catalog": CATALOG, "full": "yes"}), "mirror.operators[0].full"),
        (mirror(blockedImages=["alpine"]), "mirror.blockedImages[0]"),
        (mirror(platform={"platforms": ["linux/amd64"]}), "mirror.platform.platforms[0]"),
        (mirror(helm={"local": [{"version": 5}]}), "mirror.helm.local[0].version"),
        (mirror(helm={"local": [{"values": "a=b"}]}), "mirror.helm.local[0].values"),
        ({**V1, "storageConfig": {"registry": {"imageURL": "a.io/b", "skipTLS": "no"}}}, "storageConfig.registry.skipTLS"),
    ],
)
def test_types_are_exact(document, path):
    (problem,) = problems_of(document)
    assert (problem.rule, problem.path) == ("E-TYPE", path)


def test_null_and_empty_lists_are_absent():
    empty = mirror(platform=None, operators=None, additionalImages=[], helm={"repositories": None}, blockedImages=None)
    assert parse(empty) == parse(mirror())
    assert parse(empty).document() == mirror()


# Unknown and repeated keys


@pytest.mark.parametrize(
    "document, advice",
    [
        (mirror(additionalImage=[]), "do you mean additionalImages?"),
        (operators({"catalog": CATALOG, "target_catalog": "x"}), "do you mean targetCatalog?"),
        (operators({"catalog": CATALOG, "targetName": "x"}), "use targetCatalog"),
        (operators({"catalog": CATALOG, "packages": [{"name": "x", "minBundle": "y"}]}), "use minVersion"),
        (operators({"catalog": CATALOG, "packages": [{"name": "x", "bundles": []}]}), "minVersion and maxVersion"),
        (operators({"catalog": CATALOG, "headsOnly": True}, base=V1), "use full"),
        (mirror(V1, platform={"release": "a.io/b:c"}), "v1alpha2 does not have it"),
        (mirror(V1, additionalImages=[{"name": "a", "targetRepo": "b"}]), "v1alpha2 does not have it"),
        (mirror(platform={"platforms": [{"os": "linux", "architecture": "arm64", "variant": "v8"}]}), "allowed here: architecture, os"),
        (mirror(kubeVirtContainer=True), "allowed here"),
    ],
)
def test_unknown_keys_name_the_way_out(document, advice):
    (problem,) = problems_of(document)
    assert problem.rule == "E-UNKNOWN" and advice in problem.message


def test_two_spellings_of_one_key(tmp_path):
    text = (
        "apiVersion: mirror.openshift.io/v1alpha2\nkind: ImageSetConfiguration\nmirror:\n  additionalImages: []\n  additionalimages: []\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, text)
    (problem,) = raised.value.problems
    assert (problem.rule, problem.line) == ("E-DUPKEY", 5)
    assert "lines 4 and 5" in problem.message and "additionalimages" in problem.message


def test_all_problems_are_told_at_once(tmp_path):
    text = """apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
archiveSize: big
mirror:
  platform:
    graph: "true"
    channels:
      - name: Stable_4
      - name: stable-4.16
        minVersion: 4.16.9
        maxVersion: 4.16.1
  operators:
    - packages:
        - channels: [{}]
  foo: bar
  blockedImages:
    - name: (?=x)
"""
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, text)
    found = {(problem.rule, problem.line) for problem in raised.value.problems}
    assert found == {
        ("E-TYPE", 3),
        ("E-TYPE", 6),
        ("CFG-43", 8),
        ("E-RANGE", 9),
        ("E-REQUIRED", 13),
        ("E-REQUIRED", 14),
        ("E-UNKNOWN", 15),
        ("CFG-38", 17),
    }
    message = str(raised.value)
    assert "9 problems" in message and all(str(problem) in message for problem in raised.value.problems)
    assert raised.value.code == "invalid_configuration" and isinstance(raised.value, InputError)


# Rules between values


@pytest.mark.parametrize("base", [V1, V2])
@pytest.mark.parametrize(
    "channel, rule",
    [
        ({"name": "invalid_channel"}, "CFG-43"),
        ({"name": "invalid:channel"}, "CFG-43"),
        ({"name": "Stable-4.16"}, "CFG-43"),
        ({"name": "stable-4.16\n"}, "CFG-43"),
        ({}, "E-REQUIRED"),
        ({"name": ""}, "E-REQUIRED"),
        ({"name": "stable-4.16", "type": "rhcos"}, "CFG-44"),
        ({"name": "stable-4.16", "minVersion": "4.16"}, "E-SEMVER"),
        ({"name": "stable-4.16", "maxVersion": "v4.16.1"}, "E-SEMVER"),
        ({"name": "stable-4.16", "minVersion": "4.16.2", "maxVersion": "4.16.1"}, "E-RANGE"),
        ({"name": "stable-4.16", "minVersion": "4.16.0", "maxVersion": "4.16.0-rc.1", "shortestPath": True}, "E-RANGE"),
    ],
)
def test_release_channels(channel, rule, base):
    assert rules_of(channels(channel, base=base)) == [rule]


@pytest.mark.parametrize(
    "channel, words",
    [
        ({"name": "stable-4.16", "full": True, "minVersion": "4.16.1"}, "full has no effect"),
        ({"name": "stable-4.16", "shortestPath": True}, "shortestPath has no effect"),
    ],
)
def test_release_channel_warnings(channel, words):
    assert any(words in warning for warning in parse(channels(channel)).warnings)


def test_a_delete_range_upside_down_is_a_warning():
    channel = {"name": "stable-4.14", "minVersion": "4.14.1", "maxVersion": "4.12.2"}
    imageset = parse({**DELETE, "delete": {"platform": {"channels": [channel]}}})
    assert any("4.14.1 is higher than" in warning for warning in imageset.warnings)


@pytest.mark.parametrize(
    "name, advice", [("x86_64", "amd64?"), ("aarch64", "arm64?"), ("riscv64", "known are amd64, arm64, ppc64le, s390x, multi")]
)
def test_architectures(name, advice):
    (problem,) = problems_of(mirror(V1, platform={"architectures": ["multi", name]}))
    assert (problem.rule, problem.path) == ("CFG-44", "mirror.platform.architectures[1]") and advice in problem.message


def test_platform_warnings():
    platform = {"release": "a.io/b:c", "channels": [{"name": "stable-4.16"}], "architectures": ["amd64"]}
    warnings = parse(mirror(platform=platform)).warnings
    assert any("deprecated" in warning for warning in warnings) and any("release is given" in warning for warning in warnings)
    assert any("graph has no effect" in warning for warning in parse(mirror(V1, platform={"graph": True})).warnings)


@pytest.mark.parametrize(
    "entry", [{"os": "linux"}, {"architecture": "amd64"}, {"os": " ", "architecture": "amd64"}, {"os": None, "architecture": "amd64"}]
)
@pytest.mark.parametrize("place", ["platform", "operators", "additionalImages", "chart"])
def test_platform_objects_are_whole(entry, place):
    holders = {
        "platform": {"platform": {"platforms": [entry]}},
        "operators": {"operators": [{"catalog": CATALOG, "platforms": [entry]}]},
        "additionalImages": {"additionalImages": [{"name": "a.io/b:c", "platforms": [entry]}]},
        "chart": {"helm": {"local": [{"path": "x", "platforms": [entry]}]}},
    }
    (problem,) = problems_of(mirror(**holders[place]))
    assert problem.rule == "E-PLATFORM" and problem.path.endswith("platforms[0]")


@pytest.mark.parametrize(
    "package, rule",
    [
        ({"name": "foo", "minVersion": "1.0.0", "minBundle": "foo.v1"}, "CFG-3"),
        ({"name": "foo", "channels": [{"name": "a", "minVersion": "1.0.0", "minBundle": "foo.v1"}]}, "CFG-3"),
        ({"channels": []}, "E-REQUIRED"),
        ({"name": "foo", "channels": [{}]}, "E-REQUIRED"),
        ({"name": "foo", "defaultChannel": "x", "channels": [{"name": "a"}]}, "CFG-5"),
        ({"name": "foo", "defaultChannel": "x"}, "CFG-5"),
    ],
)
def test_v1_packages(package, rule):
    assert rules_of(operators({"catalog": CATALOG, "packages": [package]}, base=V1)) == [rule]


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-4"])
def test_operator_bounds_are_lenient(version):
    assert (
        parse(operators({"catalog": CATALOG, "packages": [{"name": "foo", "minVersion": version}]})).operators[0].packages[0].min_version
        == version
    )


@pytest.mark.parametrize("catalog", ["registry.io/a/b", "registry.io/a:b@sha256:short", "s3://a/b:c"])
def test_v2_catalogs_need_a_tag_or_a_digest(catalog):
    assert rules_of(operators({"catalog": catalog})) == ["CFG-32"]
    parse(operators({"catalog": catalog}, base=V1))


def test_v1_takes_any_catalog_text_and_v2_layouts_without_a_tag():
    assert parse(operators({"catalog": "PLACEHOLDER:latest"}, base=V1)).operators[0].catalog == "PLACEHOLDER:latest"
    assert parse(operators({"catalog": "oci:///srv/catalog"})).operators[0].catalog == "oci:///srv/catalog"
    assert rules_of(operators({})) == rules_of(operators({}, base=V1)) == ["E-REQUIRED"]


def test_storage():
    both = {"local": {"path": "/x"}, "registry": {"imageURL": "a.io/b", "skipTLS": True}}
    assert rules_of({**V1, "storageConfig": both}) == ["CFG-21"]
    assert rules_of({**V1, "storageConfig": {"registry": {}}}) == ["E-REQUIRED"]
    without_path = parse({**V1, "storageConfig": {**both, "local": {"path": None}}})
    assert without_path.storage.local is None and without_path.storage.registry.skip_tls
    assert any("no path" in warning for warning in without_path.warnings)
    assert parse({**V1, "storageConfig": {"local": {}}}).storage.local == LocalStorage("")


def test_archive_size():
    assert parse({**V2, "archiveSize": 4, "mirror": {}}).archive_bytes == 4 * 1024**3
    assert parse(mirror()).archive_bytes == 500 * 1024**3


def test_samples_are_not_used():
    imageset = parse(mirror(samples=[{"name": "ruby"}]))
    assert any("samples is not used" in warning for warning in imageset.warnings)
    assert "samples" not in imageset.document()["mirror"]


# The whole schema, its canonical form, and files

WHOLE_V2 = {
    **V2,
    "archiveSize": 8,
    "mirror": {
        "platform": {
            "graph": True,
            "channels": [
                {"name": "stable-4.16", "minVersion": "4.16.1", "maxVersion": "4.16.9", "shortestPath": True},
                {"name": "okd", "type": "okd", "full": True},
            ],
            "platforms": [{"os": "linux", "architecture": "arm64"}],
            "release": f"quay.io/r/p@sha256:{HEX}",
            "kubeVirtContainer": True,
        },
        "operators": [
            {
                "catalog": CATALOG,
                "targetCatalog": "a/b",
                "targetTag": "v1",
                "skipDependencies": True,
                "targetCatalogSourceTemplate": "/x.yaml",
                "platforms": [{"os": "linux", "architecture": "amd64"}],
                "packages": [{"name": "p", "defaultChannel": "c", "channels": [{"name": "c", "minVersion": "1.0", "maxVersion": "2.0"}]}],
            }
        ],
        "additionalImages": [
            {"name": "a.io/b:c", "targetRepo": "d", "targetTag": "e", "platforms": [{"os": "linux", "architecture": "s390x"}]}
        ],
        "helm": {
            "repositories": [
                {"name": "r", "url": "https://charts.example.com/", "charts": [{"name": "c", "version": "1.0.0", "imagePaths": ["{.a}"]}]}
            ],
            "local": [
                {
                    "name": "l",
                    "path": "/c",
                    "platforms": [{"os": "linux", "architecture": "amd64"}],
                    "values": {"image": {"tag": 4, "pull": True}, "list": [1, "x", None]},
                    "valueFiles": ["/v.yaml"],
                    "releaseName": "n",
                    "namespace": "s",
                    "kubeVersion": "1.29.0",
                }
            ],
        },
        "blockedImages": [{"name": "^alpine"}],
    },
}
WHOLE_V1 = {
    **V1,
    "archiveSize": 8,
    "storageConfig": {"registry": {"imageURL": "a.io/b:c", "skipTLS": True}},
    "mirror": {
        "platform": {"graph": True, "channels": [{"name": "stable-4.16"}], "architectures": ["amd64", "s390x"]},
        "operators": [
            {
                "catalog": "oci:///srv/catalog",
                "targetName": "n",
                "originalRef": "o",
                "full": True,
                "packages": [{"name": "p", "minBundle": "b", "channels": [{"name": "c", "minBundle": "d"}]}],
            }
        ],
        "additionalImages": [{"name": "nginx"}],
    },
}


@pytest.mark.parametrize("document", [WHOLE_V1, WHOLE_V2])
def test_every_field_is_read_and_written(document, tmp_path):
    imageset = parse(copy.deepcopy(document))
    assert imageset.document() == document
    assert loaded(tmp_path, yaml.safe_dump(document)) == imageset


def test_v2_values():
    imageset = parse(WHOLE_V2)
    assert imageset.generation is Generation.V2
    assert imageset.platform.channels[0].max_version == "4.16.9" and imageset.platform.kubevirt_container
    assert imageset.operators[0].packages[0].channels[0].bounded
    assert imageset.helm.local[0].values["list"] == [1, "x", None]
    assert imageset.additional_images[0].platforms == (Platform("linux", "s390x"),)
    assert hash(imageset.operators[0])


def test_order_of_keys_and_their_case_do_not_matter():
    def shuffled(value):
        if isinstance(value, dict):
            return {
                key if key in ("values", "image", "tag", "pull", "list") else key.upper(): shuffled(value[key])
                for key in reversed(list(value))
            }
        return [shuffled(entry) for entry in value] if isinstance(value, list) else value

    reordered = shuffled(WHOLE_V2)
    reordered["MIRROR"]["HELM"]["LOCAL"][0]["values"] = WHOLE_V2["mirror"]["helm"]["local"][0]["values"]
    assert parse(reordered).document() == WHOLE_V2


def test_only_the_first_document_of_a_stream_counts(tmp_path):
    text = "---\napiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror: {}\n---\nfoo: [\n"
    assert loaded(tmp_path, text) == parse(mirror())


def test_anchors_aliases_and_merges(tmp_path):
    text = """apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  operators:
    - &catalog
      catalog: a.io/b:c
      packages: [{name: x}]
    - <<: *catalog
      targetCatalog: d
"""
    imageset = loaded(tmp_path, text)
    assert [catalog.packages[0].name for catalog in imageset.operators] == ["x", "x"]
    assert imageset.operators[1].target_catalog == "d"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(c)}: &{chr(c)} [{','.join(['*' + chr(c - 1)] * 9)}]\n" for c in range(98, 112))


@pytest.mark.parametrize("loader", ["fast", "slow"])
@pytest.mark.parametrize(
    "text, words",
    [
        (BOMB, "aliases are expanded"),
        ("a: &a [*a]", "has no anchor"),
        # libyaml from 0.2.6 on refuses by itself, with the place.
        ("[" * 100000, r"nested deeper than|line \d+, column \d+: .*nesting depth"),
        ("a: [", "line"),
        ("a: !!binary aa", "binary"),
        ("a: !vault x", "!vault"),
        ("? [a]\n: b", "plain text"),
        ("a: \x00", "not YAML"),
        ("<<: 3", "<< takes"),
        ("a: 1" + "0" * 5000, "too many digits"),
    ],
)
def test_hostile_yaml_is_refused(text, words, loader, monkeypatch):
    if loader == "slow":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(InputError) as raised:
        tree.from_bytes(text.encode())
    assert re.search(words, str(raised.value))


def test_the_slow_loader_is_told_of_and_reads_the_same(tmp_path, monkeypatch):
    fast = loaded(tmp_path, yaml.safe_dump(WHOLE_V2))
    assert tree.SLOW_LOADER not in fast.warnings
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    slow = loaded(tmp_path, yaml.safe_dump(WHOLE_V2))
    assert slow == fast and slow.warnings[0] == tree.SLOW_LOADER


def test_scalars_are_what_json_would_have():
    text = "{a: yes, b: 'yes', c: 4, d: 0x10, e: 010, f: 1.5, g: 2024-01-01, h: 12:30, i: ~, j: ! 5, k: .inf, l: 1_000, m: -7}"
    expected = {
        "a": True,
        "b": "yes",
        "c": 4,
        "d": 16,
        "e": 8,
        "f": 1.5,
        "g": "2024-01-01",
        "h": "12:30",
        "i": None,
        "j": "5",
        "k": float("inf"),
    }
    expected.update(l=1000, m=-7)
    assert tree.from_bytes(text.encode()).plain() == expected


def test_files_that_are_not_there_or_not_text(tmp_path):
    with pytest.raises(InputError, match="there is no configuration"):
        load(str(tmp_path / "none.yaml"))
    (tmp_path / "x").write_bytes(b"\xff\xfea")
    with pytest.raises(InputError):
        load(str(tmp_path / "x"))
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="nothing"):
        load(str(tmp_path / "empty"))
    (tmp_path / "huge").write_bytes(b"#" * (limits.CONFIGURATION.size + 1))
    with pytest.raises(InputError, match="more than"):
        load(str(tmp_path / "huge"))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "4.16.1", "a.io/b:c", "linux", "[", "stable-4.16"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "name",
                "catalog",
                "packages",
                "channels",
                "minVersion",
                "maxVersion",
                "platforms",
                "os",
                "full",
                "targetCatalog",
                "path",
                "values",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=250, deadline=None)
@given(
    st.sampled_from([V1, V2, DELETE]),
    st.dictionaries(st.sampled_from(["platform", "operators", "additionalImages", "helm", "blockedImages", "samples"]), JUNK),
)
def test_any_document_loads_or_is_refused_with_reasons(base, content):
    document = {**base, ("delete" if base is DELETE else "mirror"): content}
    try:
        imageset = parse(document)
    except ConfigurationError as error:
        assert error.problems and all(problem.rule and problem.message for problem in error.problems)
    else:
        assert parse(imageset.document()) == imageset


@pytest.mark.parametrize("base", [V1, V2])
def test_a_url_with_a_password_is_refused_and_not_shown(base):
    """Configurations go into plans, and plans into archives."""
    document = {
        **base,
        "mirror": {"helm": {"repositories": [{"name": "r", "url": "https://me:canary@charts.test/x", "charts": [{"name": "a"}]}]}},
    }
    with pytest.raises(ConfigurationError) as caught:
        parse(document)
    assert "mirror.helm.repositories[0].url" in str(caught.value) and "canary" not in str(caught.value)
    document["mirror"]["helm"]["repositories"][0]["url"] = "https://charts.test/a@b"
    assert parse(document)


@pytest.mark.parametrize(
    ("kind", "own", "other"), [("ImageSetConfiguration", "mirror", "delete"), ("DeleteImageSetConfiguration", "delete", "mirror")]
)
def test_a_stanza_of_the_other_kind_that_is_there_twice_is_told_for_both_reasons(kind, own, other):
    text = f"kind: {kind}\napiVersion: mirror.openshift.io/v2alpha1\n{own}: {{}}\n{other}: {{}}\n{other.title()}: {{x: 1}}\n"
    with pytest.raises(ConfigurationError) as error:
        parse_bytes(text.encode())
    assert sorted((problem.rule, problem.path, problem.line) for problem in error.value.problems) == [
        ("E-DUPKEY", other, 5),
        ("E-XSTANZA", other, 4),
    ]
