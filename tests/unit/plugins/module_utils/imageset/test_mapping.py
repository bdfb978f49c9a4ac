# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import mapping
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.catalog_name import unique_name, v2_name
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import AdditionalImage, Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, GENERIC, HELM, RELATED, WantedImage

V1, V2 = Generation.V1, Generation.V2
HEX = "44d75007b39e0e1bbf1bcfd0721245add54c54c3f83903f8926fb4bef6827aa2"
OTHER = "f30638f60452062aba36a26ee6c036feead2f03b28f2c47f2b0a991e41baf5fb"
D, E = f"sha256:{HEX}", f"sha256:{OTHER}"
INDEX = "registry.redhat.io/redhat/redhat-operator-index"
CERTIFIED = "registry.redhat.io/redhat/certified-operators"
LOGGING = "openshift-logging/cluster-logging-rhel8-operator"


def additional(generation, name, **fields):
    entry = AdditionalImage(name=name, **fields)
    return str(mapping.map_additional_image(entry, parse(name, generation), generation))


# Releases


def test_release_places():
    tag = "4.13.10-x86_64"
    assert str(mapping.map_release(tag)) == "openshift/release-images:4.13.10-x86_64"
    assert (
        str(mapping.map_release_component(tag, "agent-installer-api-server"))
        == "openshift/release:4.13.10-x86_64-agent-installer-api-server"
    )
    assert str(mapping.map_graph()) == "openshift/graph-image:latest"
    assert (
        Destination.parse("docker://localhost:5000/test").full(mapping.map_release(tag).repository)
        == "localhost:5000/test/openshift/release-images"
    )
    with pytest.raises(InputError, match="not a tag"):
        mapping.map_release("4.13.10+x86")


# Additional images


@pytest.mark.parametrize(
    "name, fields, expected",
    [
        ("registry.redhat.io/ubi8/ubi:latest", {}, "ubi8/ubi:latest"),
        (f"registry.redhat.io/ubi8/ubi:latest@{D}", {}, "ubi8/ubi:latest"),
        (f"sometest.registry.com/testns/test@{E}", {}, f"testns/test:sha256-{OTHER}"),
        ("oci:///folder-a/folder-b/testns/test", {}, "folder-a/folder-b/testns/test:latest"),
        ("registry.redhat.io/ubi8/ubi:latest", {"target_repo": "custom-namespace/custom-image"}, "custom-namespace/custom-image:latest"),
        ("registry.redhat.io/ubi8/ubi:latest", {"target_tag": "v1.0"}, "ubi8/ubi:v1.0"),
        (f"sometest.registry.com/testns/test@{E}", {"target_tag": "v1.0"}, "testns/test:v1.0"),
        ("oci:///folder/x", {"target_repo": "custom/oci-image", "target_tag": "v2.0"}, "custom/oci-image:v2.0"),
        ("reg.io/a@sha512:" + "c" * 128, {}, "a:sha512-" + "c" * 120),
    ],
)
def test_additional_images_of_v2(name, fields, expected):
    assert additional(V2, name, **fields) == expected


@pytest.mark.parametrize(
    "fields", [{"target_repo": "invalid:tag"}, {"target_repo": "Upper"}, {"target_repo": "/a"}, {"target_tag": "-x"}, {"target_tag": "a/b"}]
)
def test_invalid_targets_of_additional_images(fields):
    with pytest.raises(InputError, match="invalid target"):
        additional(V2, "registry.redhat.io/ubi8/ubi:latest", **fields)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("registry.redhat.io/ubi8/ubi:8.9", "ubi8/ubi:8.9"),
        ("registry.redhat.io/ubi8/ubi", "ubi8/ubi:latest"),
        (f"registry.redhat.io/ubi8/ubi@{D}", "ubi8/ubi:latest"),
        (f"registry.redhat.io/ubi8/ubi:8@{D}", "ubi8/ubi:8"),
        ("nginx", "library/nginx:latest"),
        ("quay.io/a/b/c/d:1", "a/b/c/d:1"),
    ],
)
def test_additional_images_of_v1(name, expected):
    assert additional(V1, name) == expected


def v1_image(kind, name):
    reference = parse(name, V1)
    target = mapping.map_helm_image(reference, V1)
    return WantedImage(kind, reference, target.repository, (target.tag,))


@pytest.mark.parametrize("kinds", [(GENERIC, GENERIC), (HELM, HELM), (GENERIC, HELM)])
@pytest.mark.parametrize(
    "names, tags",
    [
        ((f"x.io/a/b@{D}", f"x.io/a/b@{E}"), (HEX[:8], OTHER[:8])),
        ((f"x.io/a/b@{D}", "x.io/a/b"), (HEX[:8], "latest")),
        ((f"x.io/a/b@{D}", f"x.io/a/b@{D}"), ("latest", "latest")),
        ((f"x.io/a/b@{D}", f"x.io/a/b:1@{E}"), ("latest", "1")),
        ((f"x.io/a/b@{D}", f"y.io/a/b@{E}"), ("latest", "latest")),
        ((f"x.io/a/b:latest@{D}", f"x.io/a/b@{D}"), ("latest", "latest")),
        ((f"x.io/a/b:latest@{D}", f"x.io/a/b@{E}"), ("latest", OTHER[:8])),
    ],
)
def test_where_latest_would_be_several_images_digests_tell_them_apart(kinds, names, tags):
    images = [v1_image(kind, name) for kind, name in zip(kinds, names)]
    assert [image.tags for image in mapping.without_crowds(images)] == [(tag,) for tag in tags]


def test_images_of_operators_have_tags_of_their_own():
    images = [v1_image(RELATED, f"x.io/a/b@{digest}") for digest in (D, E)]
    assert mapping.without_crowds(images) == tuple(images)


def test_layouts_whose_directory_is_no_repository_name():
    assert additional(V1, "oci:///Folder/X") == "folder/x:latest"
    with pytest.raises(InputError, match="cannot be the name of a repository"):
        additional(V2, "oci:///Folder/X")


# Charts


@pytest.mark.parametrize(
    "name, expected",
    [
        ("ghcr.io/stefanprodan/podinfo:5.0.0", "stefanprodan/podinfo:5.0.0"),
        (f"registry.k8s.io/ingress-nginx/controller:v1.12.1@{D}", "ingress-nginx/controller:v1.12.1"),
        (f"registry.k8s.io/ingress-nginx/controller@{D}", f"ingress-nginx/controller:sha256-{HEX}"),
        ("nginx:1.16.0", "nginx:1.16.0"),
    ],
)
def test_chart_images_of_v2(name, expected):
    assert str(mapping.map_helm_image(parse(name, V2), V2)) == expected


def test_chart_images_of_v1():
    assert str(mapping.map_helm_image(parse("nginx", V1), V1)) == "library/nginx:latest"
    assert str(mapping.map_helm_image(parse(f"x.io/a@{D}", V1), V1)) == "a:latest"


# Operators


@pytest.mark.parametrize(
    "name, expected",
    [
        (f"gcr.io/kubebuilder/kube-rbac-proxy:v0.13.1@{D}", "kubebuilder/kube-rbac-proxy:v0.13.1"),
        (f"sometestimage-a@{E}", f"sometestimage-a:sha256-{OTHER}"),
        ("reg.io/ns/name:tag", "ns/name:tag"),
    ],
)
def test_operator_images_of_v2(name, expected):
    assert str(mapping.map_operator_image(parse(name, V2), V2)) == expected


FNV = [
    (
        "registry.redhat.io/openshift4/ose-kube-rbac-proxy@sha256:7efeeb8b29872a6f0271f651d7ae02c91daea16d853c50e374c310f044d8c76c",
        "5574585a",
    ),
    (
        "registry.redhat.io/openshift-sandboxed-containers/osc-operator-bundle@sha256:"
        "8da62ba1c19c905bc1b87a6233ead475b047a766dc2acb7569149ac5cfe7f0f1",
        "1adce9f",
    ),
]


@pytest.mark.parametrize("name, tag", FNV)
def test_operator_images_of_v1(name, tag):
    target = mapping.map_operator_image(parse(name, V1), V1)
    assert target.tag == tag and target.repository == name.split("/", 1)[1].split("@")[0]


@pytest.mark.parametrize(
    "name, expected",
    [
        (f"registry.redhat.io/{LOGGING}@sha256:2881fc{HEX[6:]}", f"{LOGGING}:2881fc"),
        ("quay.io/okd/scos-content:4.12.0-x", "okd/scos-content:4.12.0-x"),
        ("quay.io/scos-content:T", "scos-content:T"),
    ],
)
def test_images_of_a_v1_layout_catalog(name, expected):
    assert str(mapping.map_operator_image(parse(name, V1), V1, from_layout=True)) == expected


def test_compatibility_tags():
    name, tag = FNV[0]
    reference = parse(name, V2)
    assert mapping.compatibility_tag(BUNDLE, reference) == tag
    assert mapping.compatibility_tag(RELATED, reference, from_layout=True) == "7efeeb"
    assert mapping.compatibility_tag(GENERIC, reference) == mapping.compatibility_tag(HELM, reference) == "latest"
    assert mapping.compatibility_tag(RELATED, parse("a.io/b:c", V2)) == "c"


# Catalogs

RHOP = "oci://testdata/artifacts/rhop-ctlg-oci"


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, f"testdata/artifacts/rhop-ctlg-oci:{HEX[:6]}"),
        ({"target_name": "rhopi"}, f"testdata/artifacts/rhopi:{HEX[:6]}"),
        ({"target_tag": "v12"}, "testdata/artifacts/rhop-ctlg-oci:v12"),
        ({"target_name": "rhopi", "target_tag": "v12"}, "testdata/artifacts/rhopi:v12"),
        ({"target_catalog": "chosen_ns/rhopi", "target_tag": "v12"}, "chosen_ns/rhopi:v12"),
        ({"target_catalog": "chosen_ns/rhopi", "target_name": "other", "target_tag": "v12"}, "chosen_ns/rhopi:v12"),
        ({"target_catalog": "chosen_ns/rhopi:v3"}, "chosen_ns/rhopi:v3"),
    ],
)
def test_layout_catalogs_of_v1(fields, expected):
    target = mapping.map_catalog(Catalog(catalog=RHOP, **fields), V1, digest=D)
    assert str(target) == expected
    assert (
        Destination.parse("docker://localhost:5000/disconnected_ocp").full(target.repository).startswith("localhost:5000/disconnected_ocp/")
    )


@pytest.mark.parametrize(
    "catalog, fields, expected",
    [
        (f"{INDEX}:v4.12", {}, "redhat/redhat-operator-index:v4.12"),
        (f"{INDEX}:v4.12", {"target_catalog": "def/idx"}, "def/idx:v4.12"),
        (f"{INDEX}:v4.12", {"target_name": "idx", "target_tag": "v1"}, "redhat/idx:v1"),
        (f"{INDEX}@{D}", {}, f"redhat/redhat-operator-index:{HEX[:6]}"),
        (INDEX, {}, "redhat/redhat-operator-index:latest"),
        ("oci:///home/My/Catalog", {}, "home/my/catalog:latest"),
        ("test-catalog:v1", {}, "test-catalog:v1"),
    ],
)
def test_catalogs_of_v1(catalog, fields, expected):
    assert str(mapping.map_catalog(Catalog(catalog=catalog, **fields), V1)) == expected


@pytest.mark.parametrize(
    "catalog, fields, expected",
    [
        (f"{INDEX}:v4.17", {}, "redhat/redhat-operator-index:v4.17"),
        (f"{CERTIFIED}:v4.10", {"target_tag": "v4.10.0"}, "redhat/certified-operators:v4.10.0"),
        (f"{CERTIFIED}:v4.14", {"target_catalog": "12345/certified-operators-pinned"}, "12345/certified-operators-pinned:v4.14"),
        (
            f"{CERTIFIED}:v4.17",
            {"target_catalog": "redhat/certified-operators-pinned", "target_tag": "v4.17.0-20241114"},
            "redhat/certified-operators-pinned:v4.17.0-20241114",
        ),
        ("oci:///srv/catalog-on-disk2", {"target_catalog": "coffee-shop-index", "target_tag": "v1.0"}, "coffee-shop-index:v1.0"),
        ("oci:///srv/catalog-on-disk3", {"target_catalog": "tea-shop-index"}, "tea-shop-index:latest"),
        ("oci:///srv/catalog-on-disk1", {"target_tag": "v1.1"}, "catalog-on-disk1:v1.1"),
        ("oci:///srv/catalog-on-disk4", {}, "catalog-on-disk4:latest"),
        ("oci://registry.redhat.io/redhat/redhat-operator-index", {}, "redhat-operator-index:latest"),
        (f"{INDEX}@{D}", {}, f"redhat/redhat-operator-index:sha256-{HEX}"),
        (f"{INDEX}@{D}", {"target_tag": "v4.17"}, "redhat/redhat-operator-index:v4.17"),
    ],
)
def test_catalogs_of_v2(catalog, fields, expected):
    assert str(mapping.map_catalog(Catalog(catalog=catalog, **fields), V2)) == expected


def test_a_rebuilt_catalog_is_named_by_its_own_digest():
    assert mapping.map_catalog(Catalog(catalog=f"{INDEX}@{D}"), V2, digest=E).tag == f"sha256-{OTHER}"
    assert mapping.map_catalog(Catalog(catalog=f"{INDEX}:v1@{D}"), V2, digest=E).tag == "v1"


@pytest.mark.parametrize(
    "catalog, fields, generation",
    [
        ("oci:///srv/Catalog", {}, V2),
        ("oci:///", {}, V2),
        ("oci://../x", {}, V1),
        (f"{INDEX}:v1", {"target_catalog": "a:b"}, V2),
        (f"{INDEX}:v1", {"target_tag": "a b"}, V2),
        (INDEX, {}, V2),
    ],
)
def test_catalogs_without_a_place(catalog, fields, generation):
    with pytest.raises(InputError):
        mapping.map_catalog(Catalog(catalog=catalog, **fields), generation)


# Unique names (config-and-releases 1.5, operator-catalogs 6.1)


@pytest.mark.parametrize(
    "catalog, fields, name",
    [
        ("registry.com/ns/foo:v1.2", {"target_name": "bar"}, "registry.com/ns/bar:v1.2"),
        ("registry.com/ns/bar:v1.2", {"target_name": "foo", "target_tag": "v1.3"}, "registry.com/ns/foo:v1.3"),
        ("registry.com/ns/baz:v1.2", {"target_tag": "v1.3"}, "registry.com/ns/baz:v1.3"),
        (f"{INDEX}:v4.12", {"target_catalog": "def/redhat-operator-index"}, "registry.redhat.io/def/redhat-operator-index:v4.12"),
        (
            "oci:///home/myuser/random/folder/redhat-operator-index:v4.12",
            {"target_catalog": "def/redhat-operator-index"},
            "def/redhat-operator-index:v4.12",
        ),
        (f"{INDEX}:v4.12", {}, f"{INDEX}:v4.12"),
        (RHOP, {"target_name": "rhopi"}, "testdata/artifacts/rhopi"),
        (RHOP, {"target_tag": "v12"}, "testdata/artifacts/rhop-ctlg-oci:v12"),
        (RHOP, {"target_catalog": "chosen_ns/rhopi", "target_tag": "v12"}, "chosen_ns/rhopi:v12"),
        ("test-catalog1", {"target_catalog": "test"}, "test"),
        (f"docker://{INDEX}@{D}", {"target_name": "x"}, f"registry.redhat.io/redhat/x@{D}"),
    ],
)
def test_unique_names_of_v1(catalog, fields, name):
    assert unique_name(Catalog(catalog=catalog, **fields), V1) == name


@pytest.mark.parametrize(
    "reference, path, tag, name",
    [
        ("registry.io/namespace/image:v1.0", "", "", "registry.io/namespace/image:v1.0"),
        ("docker://registry.io/namespace/image:v1.0", "", "v2.0", "registry.io/namespace/image:v2.0"),
        ("registry.io/namespace/image:v1.0", "custom-namespace/custom-image", "", "registry.io/custom-namespace/custom-image:v1.0"),
        ("registry.io/namespace/image:v1.0", "custom-namespace/custom-image", "v2.0", "registry.io/custom-namespace/custom-image:v2.0"),
        (f"registry.io/namespace/image@{D}", "", "v1.0", "registry.io/namespace/image:v1.0"),
        (f"registry.io/namespace/image@{D}", "new-namespace/new-image", "", f"registry.io/new-namespace/new-image@{D}"),
        ("registry.io/simple-image:latest", "new-image", "", "registry.io/new-image:latest"),
        ("test-catalog1:latest", "test", "", "test:latest"),
        ("oci:///srv/catalog", "test", "v1", "test:v1"),
        ("oci:///srv/catalog", "", "", "/srv/catalog"),
    ],
)
def test_unique_names_of_v2(reference, path, tag, name):
    assert v2_name(reference, path, tag) == name


@pytest.mark.parametrize(
    "reference, path",
    [
        ("registry.io/namespace/image:v1.0", "custom-namespace/custom-image:v2.0"),
        ("registry.io/namespace/image:v1.0", "custom$namespace/custom-image"),
        ("whatever", ""),
    ],
)
def test_unique_names_that_cannot_be(reference, path):
    with pytest.raises(InputError):
        v2_name(reference, path, "")
