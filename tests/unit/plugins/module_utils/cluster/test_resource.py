# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which documents are applied, and which live resources are ours."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import (
    applied_resources,
    check_owner,
    is_ours,
    resource_of,
)

IDMS = {
    "apiVersion": "config.openshift.io/v1",
    "kind": "ImageDigestMirrorSet",
    "metadata": {"name": "x"},
    "spec": {"imageDigestMirrors": [{"source": "a", "mirrors": ["m"]}]},
}


def config_map(namespace="openshift-config-managed", labels=("release.openshift.io/verification-signatures",)):
    metadata = {"name": "s", "namespace": namespace, "labels": dict.fromkeys(labels, "")}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": {}}


def update_service(**metadata):
    document = {"apiVersion": "updateservice.operator.openshift.io/v1", "kind": "UpdateService", "metadata": {"name": "u", **metadata}}
    return {**document, "spec": {}}


def applied(*documents):
    return applied_resources([(f"file {number}", document) for number, document in enumerate(documents)])


def test_signatures_come_before_mirror_sets_and_those_before_the_update_service():
    assert [each.kind for each in applied(update_service(), IDMS, config_map())] == ["ConfigMap", "ImageDigestMirrorSet", "UpdateService"]


def test_lists_are_taken_apart_and_the_same_document_twice_is_one():
    assert len(applied({"apiVersion": "v1", "kind": "List", "items": [config_map()]}, config_map(), None)) == 1


def test_two_documents_of_one_name_are_refused():
    with pytest.raises(InputError, match="two different documents for ImageDigestMirrorSet x"):
        applied(IDMS, {**IDMS, "spec": {}})


@pytest.mark.parametrize(
    "document",
    [
        config_map(namespace="kube-system"),
        config_map(labels=()),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "y"}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "y"}},
        {"apiVersion": "config.openshift.io/v1", "kind": "OperatorHub", "metadata": {"name": "cluster"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "x"}},
        {"apiVersion": "evil.example/v1", "kind": "ImageDigestMirrorSet", "metadata": {"name": "x"}},
        {**IDMS, "metadata": {"name": "../../namespaces/kube-system"}},
        {**IDMS, "metadata": {"name": "x/status"}},
        {**IDMS, "metadata": {"name": "x?force=true"}},
        {**IDMS, "metadata": {"name": ""}},
        {**IDMS, "metadata": {"name": 3}},
        {**IDMS, "metadata": {"name": "x", "labels": {"a": 1}}},
        {**IDMS, "metadata": "x"},
        {"apiVersion": "operators.coreos.com/v1alpha1", "kind": "CatalogSource", "metadata": {"name": "c"}},
        {"apiVersion": "operators.coreos.com/v1alpha1", "kind": "CatalogSource", "metadata": {"name": "c", "namespace": "a/../b"}},
        [],
        "text",
    ],
)
def test_nothing_else_is_applied(document):
    with pytest.raises(InputError):
        applied(document)


def test_the_update_service_has_a_namespace_whatever_its_file_says():
    assert resource_of(update_service()).namespace == "openshift-update-service"
    assert resource_of(update_service()).body["metadata"]["namespace"] == "openshift-update-service"
    assert resource_of(update_service(namespace="mine")).namespace == "mine"


def test_what_the_server_writes_is_not_sent_back():
    live = {**IDMS, "metadata": {"name": "x", "uid": "1", "resourceVersion": "2", "managedFields": []}, "status": {"a": 1}}
    assert resource_of(live).body == IDMS


def marked(manager="disconnected.mirror", operation="Apply", owner="mirror", **metadata):
    owned = resource_of(IDMS).owned(owner).body
    entry = {"manager": manager, "operation": operation}
    return {**owned, "metadata": {**owned["metadata"], "managedFields": [entry], **metadata}}


def test_ours_is_what_carries_the_marks_and_was_applied_by_us():
    assert is_ours(marked(), "mirror")
    assert not is_ours(marked(), "other")
    assert not is_ours(marked(annotations={}), "mirror")
    assert not is_ours(marked(labels={}), "mirror")


@pytest.mark.parametrize(("manager", "operation"), [("kubectl", "Apply"), ("disconnected.mirror", "Update")])
def test_a_copy_of_what_is_ours_is_not_ours(manager, operation):
    assert not is_ours(marked(manager, operation), "mirror")


@pytest.mark.parametrize("owner", ["", "-a", "a b", "a" * 64, "a=b", "a,b"])
def test_an_owner_is_the_value_of_a_label(owner):
    with pytest.raises(InputError, match="not a value for a label"):
        check_owner(owner)
