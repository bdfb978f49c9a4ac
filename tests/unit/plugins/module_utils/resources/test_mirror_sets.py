# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import (
    BUNDLE,
    CATALOG,
    GENERIC,
    GRAPH,
    HELM,
    RELATED,
    RELEASE,
    RELEASE_CONTENT,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.coverage import (
    DIGEST,
    HOST,
    NAMESPACE,
    REPOSITORY,
    TAG,
    Book,
    Mirrored,
    cover,
    narrowed,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mirror_sets import (
    ICSP,
    IDMS,
    ITMS,
    content_source_rules,
    digest_and_tag_rules,
    documents,
    mirrored,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.serialize import yaml_bytes

V1, V2 = Generation.V1, Generation.V2
D = "sha256:" + "d" * 64
MIRROR = Destination.parse("docker://myregistry.com/mynamespace")


def image(kind, origin, destination="", tags=("x",), digest=D, subject=""):
    path = destination or parse(origin, V2).path
    return PlanImage(kind, origin, origin, Digest.parse(digest), OCI_MANIFEST, 1, path, tags, subject=subject)


def sets(kind, images, destination=MIRROR, scope="", generation=V2, **options):
    found = mirrored(images, destination, generation)
    rules = content_source_rules(found, destination, scope) if kind == ICSP else digest_and_tag_rules(found, destination, scope)
    return documents(kind, rules, **options)


def pairs(document):
    (entries,) = document["spec"].values()
    return {entry["source"]: entry["mirrors"] for entry in entries}


def by_name(kind, images, **options):
    return {document["metadata"]["name"]: pairs(document) for document in sets(kind, images, **options)}


RELEASE_SET = [
    image(RELEASE_CONTENT, f"quay.io/openshift-release-dev/ocp-v4.0-art-dev@{D}", "openshift/release"),
    image(RELEASE, "quay.io/openshift-release-dev/ocp-release:4.14.38-x86_64", "openshift/release-images"),
    image(GRAPH, "localhost:5000/openshift/graph-image:latest", "openshift/graph-image"),
]


def test_release_sets():
    releases = {
        "quay.io/openshift-release-dev/ocp-v4.0-art-dev": ["myregistry.com/mynamespace/openshift/release"],
        "quay.io/openshift-release-dev/ocp-release": ["myregistry.com/mynamespace/openshift/release-images"],
    }
    assert by_name(IDMS, RELEASE_SET) == {"idms-release-0": releases}
    del releases["quay.io/openshift-release-dev/ocp-v4.0-art-dev"]
    assert by_name(ITMS, RELEASE_SET) == {"itms-release-0": releases}


def test_tags_of_operators_and_others_by_namespace():
    images = [
        image(BUNDLE, "gcr.io/kubebuilder/kube-rbac-proxy:v1"),
        image(RELATED, "quay.io/cockroachdb/cockroach-helm-operator:v1"),
        image(RELATED, "quay.io/helmoperators/cockroachdb:v1"),
        image(GENERIC, "registry.redhat.io/ubi8/ubi:latest"),
    ]
    base = "myregistry.com/mynamespace"
    assert by_name(ITMS, images) == {
        "itms-operator-0": {
            "gcr.io/kubebuilder": [f"{base}/kubebuilder"],
            "quay.io/cockroachdb": [f"{base}/cockroachdb"],
            "quay.io/helmoperators": [f"{base}/helmoperators"],
        },
        "itms-generic-0": {"registry.redhat.io/ubi8": [f"{base}/ubi8"]},
    }
    assert sets(IDMS, images) == []


DIGESTS = [
    image(BUNDLE, f"quay.io/openshift-community-operators/cockroachdb@{D}"),
    image(RELATED, f"registry.redhat.io/ubi8-minimal@{D}"),
]


def test_digests_of_operators_by_namespace_and_by_repository():
    base = "myregistry.com/mynamespace"
    assert by_name(IDMS, DIGESTS) == {
        "idms-operator-0": {
            "quay.io/openshift-community-operators": [f"{base}/openshift-community-operators"],
            "registry.redhat.io": [base],
        }
    }
    assert by_name(IDMS, DIGESTS, scope=REPOSITORY) == {
        "idms-operator-0": {
            "quay.io/openshift-community-operators/cockroachdb": [f"{base}/openshift-community-operators/cockroachdb"],
            "registry.redhat.io/ubi8-minimal": [f"{base}/ubi8-minimal"],
        }
    }
    assert sets(ITMS, DIGESTS) == []


def test_host_scope_covers_a_registry_with_one_entry():
    images = [image(GENERIC, f"quay.io/a/b@{D}"), image(GENERIC, f"quay.io/c/d/e@{D}"), image(GENERIC, f"quay.io/f/g@{D}", "custom/g")]
    assert by_name(IDMS, images, scope=HOST) == {
        "idms-generic-0": {"quay.io": ["myregistry.com/mynamespace"], "quay.io/f/g": ["myregistry.com/mynamespace/custom/g"]}
    }


def test_a_limit_on_paths_makes_repository_entries():
    destination = Destination.parse("docker://myregistry.com/mynamespace", 2)
    found = by_name(ITMS, [image(RELATED, "quay.io/cockroachdb/cockroach-helm-operator:v1")], destination=destination, scope=NAMESPACE)
    assert found == {
        "itms-operator-0": {
            "quay.io/cockroachdb/cockroach-helm-operator": ["myregistry.com/mynamespace/cockroachdb-cockroach-helm-operator"]
        }
    }


def test_a_destination_that_only_begins_like_the_source():
    destination = Destination.parse("docker://myregistry.com/openshift-release-dev/ocp-release")
    assert by_name(IDMS, RELEASE_SET, destination=destination)["idms-release-0"]["quay.io/openshift-release-dev/ocp-release"] == [
        "myregistry.com/openshift-release-dev/ocp-release/openshift/release-images"
    ]


def test_tag_and_digest_are_in_both_sets():
    images = [image(GENERIC, f"nvcr.io/nvidia/k8s/container-toolkit:v1.19.1@{D}")]
    expected = {"nvcr.io/nvidia/k8s": ["myregistry.com/mynamespace/nvidia/k8s"]}
    assert by_name(IDMS, images) == {"idms-generic-0": expected}
    assert by_name(ITMS, images) == {"itms-generic-0": expected}


def test_what_clusters_do_not_name():
    images = [
        image(CATALOG, "registry.redhat.io/redhat/redhat-operator-index:v4.16"),
        image(GRAPH, "localhost:5000/openshift/graph-image:latest"),
        image(GENERIC, "oci:///srv/image", "srv/image"),
        image(GENERIC, f"quay.io/a/b@{D}", subject=D),
    ]
    assert sets(IDMS, images) == sets(ITMS, images) == sets(ICSP, images) == []


def test_helm_images_are_generic_and_short_names_are_the_hubs():
    assert by_name(ITMS, [image(HELM, "docker.io/library/nginx:1.16.0", "nginx")]) == {
        "itms-generic-0": {"docker.io/library/nginx": ["myregistry.com/mynamespace/nginx"]}
    }


def test_an_image_without_origin_is_an_error():
    with pytest.raises(InputError, match="has no origin"):
        sets(IDMS, [image(GENERIC, "", "a/b")])


def test_several_mirrors_of_one_source():
    images = [image(GENERIC, f"quay.io/a/b@{D}", path) for path in ("one/b", "two/b", "one/b")]
    assert by_name(IDMS, images) == {
        "idms-generic-0": {"quay.io/a/b": ["myregistry.com/mynamespace/one/b", "myregistry.com/mynamespace/two/b"]}
    }


def test_v1_names_everything_by_digest():
    images = [image(GENERIC, "quay.io/a/b:v1")]
    assert by_name(IDMS, images, generation=V1) == {"idms-generic-0": {"quay.io/a": ["myregistry.com/mynamespace/a"]}}
    assert sets(IDMS, images) == []


# ImageContentSourcePolicy


def test_policies():
    images = RELEASE_SET + [
        image(BUNDLE, f"registry.redhat.io/a/b/c@{D}"),
        image(GENERIC, "registry.redhat.io/ubi8/ubi:latest"),
        image(HELM, "x.io/solo:1"),
    ]
    base = "myregistry.com/mynamespace"
    assert by_name(ICSP, images, generation=V1) == {
        "generic-0": {"registry.redhat.io/ubi8": [f"{base}/ubi8"], "x.io/solo": [f"{base}/solo"]},
        "operator-0": {"registry.redhat.io/a": [f"{base}/a"]},
        "release-0": {
            "quay.io/openshift-release-dev/ocp-release": [f"{base}/openshift/release-images"],
            "quay.io/openshift-release-dev/ocp-v4.0-art-dev": [f"{base}/openshift/release"],
        },
    }
    operator = next(document for document in sets(ICSP, images, generation=V1) if document["metadata"]["name"] == "operator-0")
    assert operator["metadata"]["labels"] == {"operators.openshift.org/catalog": "true"}


def test_policies_of_operators_by_repository_below_a_limit():
    destination = Destination.parse("docker://myregistry.com", 2)
    assert by_name(ICSP, [image(BUNDLE, f"x.io/a/b@{D}")], destination=destination) == {"operator-0": {"x.io/a/b": ["myregistry.com/a/b"]}}


@pytest.mark.parametrize(
    "scope, source, mirror",
    [
        (REPOSITORY, "some-registry.io/namespace/image", "disconn-registry.io/namespace/image"),
        (NAMESPACE, "some-registry.io/namespace", "disconn-registry.io/namespace"),
        (HOST, "some-registry.io", "disconn-registry.io"),
    ],
)
@pytest.mark.parametrize("first_component", [True, False])
def test_scopes(scope, source, mirror, first_component):
    place = Mirrored("generic", "some-registry.io/namespace/image", "disconn-registry.io/namespace/image", frozenset((DIGEST,)))
    assert narrowed(place, scope, first_component) == (source, mirror)


def test_scopes_at_the_edges():
    deep = Mirrored("generic", "r.io/a/b/c", "m.io/n/a/b/c", frozenset((DIGEST,)))
    assert narrowed(deep, NAMESPACE) == ("r.io/a/b", "m.io/n/a/b")
    assert narrowed(deep, NAMESPACE, first_component=True) == ("r.io/a", "m.io/n/a")
    single = Mirrored("generic", "r.io/c", "m.io/c", frozenset((DIGEST,)))
    assert narrowed(single, NAMESPACE) == ("r.io", "m.io")
    assert narrowed(single, NAMESPACE, first_component=True) == ("r.io/c", "m.io/c")
    inside = Mirrored("generic", "r.io/b/c", "m.io/ab/c", frozenset((DIGEST,)))
    assert narrowed(inside, NAMESPACE) == ("r.io/b/c", "m.io/ab/c")
    with pytest.raises(InputError, match="unknown scope"):
        narrowed(deep, "planet")


# Size, form, order


def test_long_lists_are_cut_and_numbered():
    images = [image(GENERIC, f"quay.io/organisation-{number}/image@{D}") for number in range(300)]
    found = sets(IDMS, images, size_limit=5000)
    assert [document["metadata"]["name"] for document in found] == [f"idms-generic-{number}" for number in range(len(found))]
    assert len(found) > 3
    assert all(len(yaml_bytes([document])) <= 5000 for document in found)
    sources = [source for document in found for source in pairs(document)]
    assert sources == sorted(sources) and len(sources) == 300
    with pytest.raises(InputError, match="more than the 410"):
        sets(IDMS, images, size_limit=410)


def test_bytes_do_not_depend_on_the_order_of_images():
    images = RELEASE_SET + DIGESTS + [image(GENERIC, f"quay.io/x{number}/y:1", f"z/{number}") for number in range(20)]
    expected = [yaml_bytes(sets(kind, images)) for kind in (IDMS, ITMS, ICSP)]
    random.Random(7).shuffle(images)
    assert [yaml_bytes(sets(kind, images)) for kind in (IDMS, ITMS, ICSP)] == expected


def test_the_written_form():
    content = yaml_bytes(sets(IDMS, DIGESTS)).decode()
    assert content == (
        "---\n"
        "apiVersion: config.openshift.io/v1\n"
        "kind: ImageDigestMirrorSet\n"
        "metadata:\n"
        "  name: idms-operator-0\n"
        "  annotations:\n"
        "    createdBy: disconnected.mirror\n"
        "spec:\n"
        "  imageDigestMirrors:\n"
        "  - source: quay.io/openshift-community-operators\n"
        "    mirrors:\n"
        "    - myregistry.com/mynamespace/openshift-community-operators\n"
        "  - source: registry.redhat.io\n"
        "    mirrors:\n"
        "    - myregistry.com/mynamespace\n"
    )
    assert list(yaml.safe_load_all(content)) == sets(IDMS, DIGESTS)


# Every image is found


def test_an_entry_for_tags_does_not_hide_the_one_for_digests():
    images = [
        image(GENERIC, "a.io/ns/x:1", "custom/x"),
        image(GENERIC, f"a.io/ns/x@{D}"),
        image(GENERIC, f"a.io/ns/x/deep@{D}", "other/deep"),
    ]
    found = mirrored(images, MIRROR, V2)
    book = Book(digest_and_tag_rules(found, MIRROR))
    base = "myregistry.com/mynamespace"
    assert book.places("a.io/ns/x", TAG) == (f"{base}/custom/x",)
    assert f"{base}/ns/x" in book.places("a.io/ns/x", DIGEST)
    assert f"{base}/other/deep" in book.places("a.io/ns/x/deep", DIGEST)
    assert book.places("b.io/ns/x", DIGEST) == ()


PATH = st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=1, max_size=4).map("/".join)
IMAGES = st.lists(
    st.tuples(
        st.sampled_from([GENERIC, HELM, BUNDLE, RELATED, RELEASE, RELEASE_CONTENT]),
        st.sampled_from(["x.io", "y.io:5000"]),
        PATH,
        st.sampled_from([":1", f"@{D}", f":1@{D}"]),
        st.none() | PATH,
    ),
    min_size=1,
    max_size=12,
)


@settings(derandomize=True, max_examples=120, deadline=None)
@given(
    IMAGES,
    st.sampled_from(["", "/n", "/n/m"]),
    st.sampled_from([0, 3, 4]),
    st.sampled_from(["", REPOSITORY, NAMESPACE, HOST]),
    st.sampled_from([V1, V2]),
)
def test_every_image_is_found_at_the_mirror(entries, namespace, limit, scope, generation):
    destination = Destination.parse(f"docker://m.io{namespace}", limit)
    images = [image(kind, f"{host}/{path}{selector}", target or path) for kind, host, path, selector, target in entries]
    found = mirrored(images, destination, generation)
    rules = digest_and_tag_rules(found, destination, scope)
    written = documents(IDMS, rules) + documents(ITMS, rules)
    policies = documents(ICSP, content_source_rules(found, destination, scope))
    for planned in images:
        reference = parse(planned.origin, V2)
        expected = destination.full(planned.destination)
        if reference.digest or generation is V1 or planned.type == RELEASE:
            assert expected in tried(written, reference.repository, "imageDigestMirrors")
        if reference.tag:
            assert expected in tried(written, reference.repository, "imageTagMirrors")
        assert expected in tried(policies, reference.repository, "repositoryDigestMirrors")


def tried(written, repository, list_name):
    """What a node tries: registries.conf has one table for each source, the longest that fits is used."""
    tables = {}
    for document in written:
        for name, entries in document["spec"].items():
            for entry in entries:
                tables.setdefault(entry["source"], {}).setdefault(name, []).extend(entry["mirrors"])
    fitting = [source for source in tables if repository == source or repository.startswith(source + "/")]
    if not fitting:
        return []
    longest = max(fitting, key=len)
    return [mirror + repository[len(longest) :] for mirror in tables[longest].get(list_name, [])]


def test_cover_of_nothing():
    assert cover([], {}) == []
