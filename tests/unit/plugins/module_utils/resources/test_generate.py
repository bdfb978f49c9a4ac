# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import (
    BUNDLE,
    CATALOG,
    GENERIC,
    GRAPH,
    RELEASE,
    RELEASE_CONTENT,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.signatures import encoded
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import folder as folders
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import signature_maps
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.generate import (
    ResourceOptions,
    make_resources,
)
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

CRDS = os.path.join(SHARED_DATA, "crds")
MIRROR = Destination.parse("docker://mirror.example.com:5000/ocp")
V1, V2 = "mirror.openshift.io/v1alpha2", "mirror.openshift.io/v2alpha1"
PAYLOAD = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
SIGNATURE = b"\x01signature"
INDEX = "registry.redhat.io/redhat/redhat-operator-index"


def image(kind, origin, destination, tags=(), digest=PAYLOAD, why=()):
    return PlanImage(kind, origin, "", Digest(digest), OCI_MANIFEST, 1, destination, tags, why=why)


def plan(version=V2, operators=({"catalog": f"{INDEX}:v4.16"},), **changes):
    images = (
        image(RELEASE, f"quay.io/openshift-release-dev/ocp-release@{PAYLOAD}", "openshift/release-images", ("4.16.3-x86_64",)),
        image(
            RELEASE_CONTENT, f"quay.io/openshift-release-dev/ocp-v4.0-art-dev@{OTHER}", "openshift/release", ("4.16.3-x86_64-cli",), OTHER
        ),
        image(GRAPH, "localhost/openshift/graph-image:latest", "openshift/graph-image", ("latest",), OTHER),
        image(CATALOG, f"{INDEX}:v4.16", "redhat/redhat-operator-index", ("v4.16",), why=(("operators[0]",),)),
        image(BUNDLE, f"registry.redhat.io/a/bundle@{OTHER}", "a/bundle", ("sha256-" + "b" * 64,), OTHER),
        image(GENERIC, "registry.redhat.io/ubi8/ubi:latest", "ubi8/ubi", ("latest",)),
    )
    whole = Plan(
        config={"apiVersion": version, "kind": "ImageSetConfiguration", "mirror": {"operators": list(operators)}},
        releases=(
            {"payload": f"quay.io/openshift-release-dev/ocp-release@{PAYLOAD}", "signatures": [base64.b64encode(SIGNATURE).decode()]},
        ),
        images=images,
    )
    return replace(whole, **changes)


def documents(resources, name):
    return list(yaml.safe_load_all(resources.files[name]))


def test_files_of_the_second_generation():
    resources = make_resources(plan(), MIRROR)
    assert sorted(resources.files) == [
        "cc-redhat-operator-index-v4-16.yaml",
        "cs-redhat-operator-index-v4-16.yaml",
        "idms-oc-mirror.yaml",
        "itms-oc-mirror.yaml",
        "signature-configmap.json",
        "signature-configmap.yaml",
        "updateService.yaml",
    ]
    assert resources.warnings == ()
    assert [document["metadata"]["name"] for document in documents(resources, "idms-oc-mirror.yaml")] == [
        "idms-operator-0",
        "idms-release-0",
    ]
    assert [document["metadata"]["name"] for document in documents(resources, "itms-oc-mirror.yaml")] == [
        "itms-generic-0",
        "itms-release-0",
    ]
    releases = documents(resources, "itms-oc-mirror.yaml")[1]["spec"]["imageTagMirrors"]
    assert [entry["source"] for entry in releases] == ["quay.io/openshift-release-dev/ocp-release"]
    (source,) = documents(resources, "cs-redhat-operator-index-v4-16.yaml")
    assert source["spec"]["image"] == "mirror.example.com:5000/ocp/redhat/redhat-operator-index:v4.16"
    (service,) = documents(resources, "updateService.yaml")
    assert service["metadata"] == {
        "name": "update-service-oc-mirror",
        "namespace": "openshift-update-service",
        "annotations": {"createdBy": "disconnected.mirror"},
    }
    assert service["spec"] == {
        "replicas": 2,
        "releases": "mirror.example.com:5000/ocp/openshift/release-images",
        "graphDataImage": f"mirror.example.com:5000/ocp/openshift/graph-image@{OTHER}",
    }
    (signatures,) = documents(resources, "signature-configmap.yaml")
    assert signatures == json.loads(resources.files["signature-configmap.json"])
    assert signatures["metadata"]["name"] == "mirrored-release-signatures"
    assert {key: base64.b64decode(value) for key, value in signatures["binaryData"].items()} == {"sha256-" + "a" * 64 + "-1": SIGNATURE}


def test_files_of_the_first_generation():
    resources = make_resources(plan(V1), MIRROR)
    assert sorted(resources.files) == [
        "catalogSource-cs-redhat-operator-index.yaml",
        "cc-redhat-operator-index.yaml",
        "idms-oc-mirror.yaml",
        "imageContentSourcePolicy.yaml",
        "itms-oc-mirror.yaml",
        "signature-sha256-aaaaaaaaaaaaaaaa.json",
        "updateService.yaml",
    ]
    policies = documents(resources, "imageContentSourcePolicy.yaml")
    assert [document["metadata"]["name"] for document in policies] == ["generic-0", "operator-0", "release-0"]
    signature = json.loads(resources.files["signature-sha256-aaaaaaaaaaaaaaaa.json"])
    assert signature["metadata"]["name"] == "sha256-" + "a" * 64 and signature["metadata"]["namespace"] == "openshift-config-managed"
    assert signature["metadata"]["labels"] == {"release.openshift.io/verification-signatures": ""}


@pytest.mark.parametrize(
    ("origin", "destination", "name"),
    [
        (f"{INDEX}:v4.16", "x/my-operator-catalog", "cs-my-operator-catalog"),
        (f"{INDEX}:v4.16", "my-operator-catalog", "cs-my-operator-catalog"),
        (f"{INDEX}:v4.16", "redhat/renamed", "cs-renamed"),
        (f"{INDEX}:v4.16", "redhat/redhat-operator-index", "cs-redhat-operator-index"),
        ("oci:///home/me/Catalogs/index", "home/me/catalogs/index", "cs-index"),
        ("oci:///home/me/catalogs/index", "mine/tea-shop", "cs-tea-shop"),
    ],
)
def test_catalogs_of_the_first_generation_are_named_after_where_they_are_mirrored(origin, destination, name):
    """Subscriptions of clusters that used the first generation name the CatalogSource."""
    resources = make_resources(plan(V1, images=(image(CATALOG, origin, destination, ("v4.16",)),)), MIRROR)
    (source,) = documents(resources, f"catalogSource-{name}.yaml")
    assert source["metadata"]["name"] == name and source["spec"]["image"] == f"mirror.example.com:5000/ocp/{destination}:v4.16"


def test_options_choose_the_files():
    options = ResourceOptions(mirror_sets=("icsp",), scope="repository", signature_layout="per_release")
    resources = make_resources(plan(), MIRROR, options)
    assert "idms-oc-mirror.yaml" not in resources.files and "signature-configmap.yaml" not in resources.files
    generic = documents(resources, "imageContentSourcePolicy.yaml")[0]
    assert generic["spec"]["repositoryDigestMirrors"][0]["source"] == "registry.redhat.io/ubi8/ubi"
    assert "idms-oc-mirror.yaml" in make_resources(plan(V1), MIRROR, ResourceOptions(mirror_sets=("idms",))).files


@pytest.mark.parametrize("options", [{"mirror_sets": ("x",)}, {"scope": "x"}, {"signature_layout": "x"}])
def test_unknown_options(options):
    with pytest.raises(InputError, match='unknown .* "x"'):
        make_resources(plan(), MIRROR, ResourceOptions(**options))


def test_an_empty_plan_needs_nothing(tmp_path):
    assert make_resources(Plan(), MIRROR).files == {}
    assert write(Plan(), str(tmp_path / "x")) == [] and not (tmp_path / "x").exists()


def test_an_image_without_a_possible_place_spoils_nothing():
    images = plan().images + (image(GENERIC, "a.io/b:1", "x" * 240, ("1",)),)
    resources = make_resources(plan(images=images), MIRROR)
    assert resources.files == make_resources(plan(), MIRROR).files
    assert "a.io/b:1 is left out" in resources.warnings[0]


def test_a_graph_without_releases():
    images = tuple(entry for entry in plan().images if entry.type != RELEASE)
    resources = make_resources(plan(images=images), MIRROR)
    assert "updateService.yaml" not in resources.files and "no release" in resources.warnings[0]
    without_graph = tuple(entry for entry in plan().images if entry.type != GRAPH)
    assert "updateService.yaml" not in make_resources(plan(images=without_graph), MIRROR).files


def test_a_catalog_without_tag_is_named_by_digest():
    images = (image(CATALOG, f"{INDEX}@{OTHER}", "redhat/redhat-operator-index", (), OTHER, (("operators[0]",),)),)
    (source,) = documents(make_resources(plan(images=images), MIRROR), "cs-redhat-operator-index-bbbbbbbbbbbb.yaml")
    assert source["spec"]["image"].endswith(f"/redhat-operator-index@{OTHER}")


def test_catalogs_with_one_name_are_counted_in_the_order_of_the_configuration():
    images = tuple(
        image(CATALOG, f"x{number}.io/ns/dev:v1", f"ns{9 - number}/dev", ("v1",), why=((f"operators[{number}]",),)) for number in range(3)
    )
    resources = make_resources(plan(V1, images=images), MIRROR)
    for number, suffix in enumerate(("", "-1", "-2")):
        (source,) = documents(resources, f"catalogSource-cs-dev{suffix}.yaml")
        assert source["spec"]["image"] == f"mirror.example.com:5000/ocp/ns{9 - number}/dev:v1"


def test_a_layout_catalog_is_named_after_its_target():
    images = (image(CATALOG, "oci:///srv/my/catalog", "def/idx", ("v1",), why=(("operators[0]",),)),)
    assert "catalogSource-cs-idx.yaml" in make_resources(plan(V1, images=images), MIRROR).files
    assert "cs-idx-v1.yaml" in make_resources(plan(images=images), MIRROR).files


TEMPLATE = """apiVersion: operators.coreos.com/v1alpha1
kind: CatalogSource
metadata:
  name: totalRubbish
spec:
  image: totalRubbish
  updateStrategy:
    registryPoll:
      interval: 30m0s
"""


@pytest.mark.parametrize(
    "content, reason",
    [
        (TEMPLATE, ""),
        (TEMPLATE.replace("kind: CatalogSource", "kind: ImageDigestMirrorSet"), "ImageDigestMirrorSet"),
        (TEMPLATE.replace("  image", " image"), "not YAML"),
        ("", "not a mapping"),
        (None, "no such file"),
    ],
)
def test_templates(tmp_path, content, reason):
    path = tmp_path / "template.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    operators = ({"catalog": f"{INDEX}:v4.1"}, {"catalog": f"{INDEX}:v4.16", "targetCatalogSourceTemplate": str(path)})
    images = tuple(
        image(CATALOG, f"{INDEX}:{tag}", "redhat/redhat-operator-index", (tag,), why=((f"operators[{number}]",),))
        for number, tag in enumerate(("v4.1", "v4.16"))
    )
    resources = make_resources(plan(operators=operators, images=images), MIRROR)
    (source,) = documents(resources, "cs-redhat-operator-index-v4-16.yaml")
    (plain,) = documents(resources, "cs-redhat-operator-index-v4-1.yaml")
    assert "updateStrategy" not in plain["spec"]
    assert source["metadata"]["name"] == "cs-redhat-operator-index-v4-16" and source["spec"]["image"].endswith(":v4.16")
    assert ("updateStrategy" in source["spec"]) is not bool(reason)
    assert [reason in warning and str(path) in warning for warning in resources.warnings] == ([True] if reason else [])


def test_signatures_are_numbered_by_digest_and_large_sets_are_cut():
    signatures = {Digest(PAYLOAD): (b"one", b"two"), Digest(OTHER): (b"three",)}
    (whole,) = signature_maps.single(signatures)
    assert sorted(key[-3:] for key in whole["binaryData"]) == ["a-1", "a-2", "b-1"]
    large = {Digest("sha256:" + f"{number:064x}"): (b"x" * 300_000,) for number in range(5)}
    parts = signature_maps.single(large)
    assert [part["metadata"]["name"] for part in parts] == ["mirrored-release-signatures"] + [
        f"mirrored-release-signatures-{n}" for n in (1, 2)
    ]
    assert sum(len(part["binaryData"]) for part in parts) == 5
    releases = [{"payload": f"r@{digest}", "signatures": encoded(contents)} for digest, contents in large.items()]
    resources = make_resources(plan(releases=releases), MIRROR)
    assert len(json.loads(resources.files["signature-configmap.json"])["items"]) == 3


def preview(found, folder):
    return folders.compare(folder, make_resources(found, MIRROR).files)


def write(found, folder):
    return folders.apply(folder, make_resources(found, MIRROR).files)


def test_writing_and_the_preview_agree(tmp_path):
    folder = str(tmp_path / "cluster-resources")
    foreseen = preview(plan(), folder)
    assert not os.path.exists(folder) and all(change.before is None and change.changed for change in foreseen)
    assert write(plan(), folder) == [(change.path, True) for change in foreseen]
    assert not any(changed for _path, changed in write(plan(), folder))
    without = plan(images=tuple(entry for entry in plan().images if entry.type != CATALOG))
    foreseen = preview(without, folder)
    gone = [os.path.basename(change.path) for change in foreseen if change.after is None]
    assert gone == ["cc-redhat-operator-index-v4-16.yaml", "cs-redhat-operator-index-v4-16.yaml"]
    assert write(without, folder) == [(change.path, change.changed) for change in foreseen]
    assert not set(gone) & set(os.listdir(folder))


def test_the_order_of_a_plan_does_not_matter(tmp_path):
    shuffled = plan(images=plan().images[::-1])
    for version in (V1, V2):
        config = {**plan(version).config}
        assert make_resources(replace(shuffled, config=config), MIRROR) == make_resources(plan(version), MIRROR)


def all_documents(resources):
    for content in resources.files.values():
        yield from yaml.safe_load_all(content)


@pytest.mark.parametrize("version", [V1, V2])
def test_no_runtime_fields_and_valid_names(version):
    for document in all_documents(make_resources(plan(version), MIRROR)):
        assert "status" not in document
        assert not {"creationTimestamp", "resourceVersion", "uid"} & set(document["metadata"])
        name = document["metadata"]["name"]
        assert len(name) <= 253 and name == name.lower() and name.strip("-.") == name


def schemas():
    found = {}
    for name in sorted(os.listdir(CRDS)):
        with open(os.path.join(CRDS, name), encoding="utf-8") as file:
            spec = yaml.safe_load(file)["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = (closed(schema), spec["scope"])
    return found


def closed(schema):
    """The schema as an API server prunes by it: no property that it does not name."""
    if isinstance(schema, list):
        return [closed(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    properties = result.get("properties")
    if isinstance(properties, dict) and "type" in result and not result.get("x-kubernetes-preserve-unknown-fields"):
        result.setdefault("additionalProperties", False)
    if result.get("type") == "object" and "metadata" in (properties or {}):
        properties["metadata"] = {"type": "object"}
    return result


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(CRDS), reason="../shared/data/crds is not here")
@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize(
    "destination", ["docker://mirror.example.com:5000/ocp", "docker://localhost:5000", "docker://mirror.example.com/a/b"]
)
def test_documents_are_what_the_api_takes(version, destination):
    jsonschema = pytest.importorskip("jsonschema")
    known = schemas()
    kinds = set()
    for document in all_documents(make_resources(plan(version), Destination.parse(destination))):
        if document["kind"] == "ConfigMap":
            continue
        schema, scope = known[document["apiVersion"], document["kind"]]
        jsonschema.Draft202012Validator(schema).validate(document)
        assert ("namespace" in document["metadata"]) is (scope == "Namespaced")
        kinds.add(document["kind"])
    expected = {"ImageDigestMirrorSet", "ImageTagMirrorSet", "CatalogSource", "ClusterCatalog", "UpdateService"}
    assert kinds == expected | ({"ImageContentSourcePolicy"} if version == V1 else set())
