# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is applied to a cluster, what is left alone, what is refused; the same verdicts of the stand-in and of a real API server."""

from __future__ import annotations

import base64
import copy
import json

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.clusters.cluster import READER

OPENSHIFT, MACHINES = "config.openshift.io/v1", "machineconfiguration.openshift.io/v1"
A, B = "quay.io/a", "quay.io/b"
M, N = "mirror.example:5000/a", "other.example/a"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def resource(api_version, kind, name, spec, namespace="", **metadata):
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place, **metadata}, "spec": spec}


def idms(name="idms-generic-0", *entries, **more):
    found = [{"source": source, "mirrors": list(mirrors), **more} for source, *mirrors in entries or [(A, M)]]
    return resource(OPENSHIFT, "ImageDigestMirrorSet", name, {"imageDigestMirrors": found})


def itms(name="itms-generic-0", *entries):
    found = [{"source": source, "mirrors": list(mirrors)} for source, *mirrors in entries or [(A, M)]]
    return resource(OPENSHIFT, "ImageTagMirrorSet", name, {"imageTagMirrors": found})


def icsp(name="generic-0", *entries):
    found = [{"source": source, "mirrors": list(mirrors)} for source, *mirrors in entries or [(A, M)]]
    return resource("operator.openshift.io/v1alpha1", "ImageContentSourcePolicy", name, {"repositoryDigestMirrors": found})


def catalog_source(name="cs-index", image="mirror.example:5000/index:v1"):
    spec = {"image": image, "sourceType": "grpc"}
    return resource("operators.coreos.com/v1alpha1", "CatalogSource", name, spec, "openshift-marketplace")


def cluster_catalog(name="cc-index"):
    spec = {"priority": 0, "source": {"type": "Image", "image": {"ref": "mirror.example:5000/index:v1"}}}
    return resource("olm.operatorframework.io/v1", "ClusterCatalog", name, spec)


def update_service():
    spec = {"replicas": 2, "releases": "mirror.example:5000/openshift/release-images", "graphDataImage": "mirror.example:5000/graph:1"}
    return resource("updateservice.operator.openshift.io/v1", "UpdateService", "update-service-oc-mirror", spec, "openshift-update-service")


def signatures():
    labels = {"release.openshift.io/verification-signatures": ""}
    metadata = {"name": "mirrored-release-signatures", "namespace": "openshift-config-managed", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": {"sha256-ab-1": base64.b64encode(b"s").decode()}}


def pinned():
    spec = {"pinnedImages": [{"name": f"{A}/x@sha256:{'a' * 64}"}]}
    return resource(MACHINES, "PinnedImageSet", "mirror-worker", spec, labels={"machineconfiguration.openshift.io/role": "worker"})


EVERYTHING = (idms(), itms(), icsp(), catalog_source(), cluster_catalog(), update_service(), signatures(), pinned())


def version(site, text):
    site.cluster.create(resource(OPENSHIFT, "ClusterVersion", "version", {"channel": "stable-4.16"}))
    site.cluster.status("ClusterVersion", "version", {"desired": {"version": text}, "history": [{"state": "Completed", "version": text}]})


def actions(result):
    assert "failed" not in result, result.get("msg")
    return {entry["name"]: entry["action"] for entry in result["resources"]}


def test_everything_is_applied_once_and_check_mode_says_so_before(site):
    before = site.state()
    predicted = site.apply(*EVERYTHING, check=True)
    assert set(actions(predicted).values()) == {"created"} and site.state() == before
    done = site.apply(*EVERYTHING)
    assert done["changed"] and (done["resources"], done["diff"]) == (predicted["resources"], predicted["diff"])
    again = site.apply(*EVERYTHING)
    assert not again["changed"] and set(actions(again).values()) == {"unchanged"} and again["diff"] == {"before": "", "after": ""}
    assert again["counts"]["unchanged"] == len(EVERYTHING)


def test_a_change_is_shown_and_made(site):
    site.apply(idms())
    changed = idms("idms-generic-0", (A, M, N))
    predicted = site.apply(changed, check=True)
    assert N not in predicted["diff"]["before"] and N in predicted["diff"]["after"]
    assert actions(site.apply(changed)) == {"idms-generic-0": "changed"}
    assert site.cluster.get("ImageDigestMirrorSet", "idms-generic-0")["spec"]["imageDigestMirrors"][0]["mirrors"] == [M, N]


def test_what_others_changed_of_ours_is_set_again(site):
    site.apply(idms(), catalog_source())
    site.cluster.edit("ImageDigestMirrorSet", "idms-generic-0", {"spec": {"imageDigestMirrors": []}})
    site.cluster.edit("CatalogSource", "cs-index", {"spec": {"image": "evil.example/index"}}, "openshift-marketplace")
    result = site.apply(idms(), catalog_source())
    assert set(actions(result).values()) == {"changed"} and "evil.example" in result["diff"]["before"]
    assert not site.apply(idms(), catalog_source())["changed"]


def test_what_others_added_to_ours_stays(site):
    site.apply(catalog_source())
    more = {"spec": {"displayName": "theirs"}, "metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}}
    site.cluster.edit("CatalogSource", "cs-index", more, "openshift-marketplace")
    assert not site.apply(catalog_source())["changed"]
    site.apply(catalog_source(image="mirror.example:5000/index:v2"))
    live = site.cluster.get("CatalogSource", "cs-index", "openshift-marketplace")
    assert (live["spec"]["displayName"], live["spec"]["image"]) == ("theirs", "mirror.example:5000/index:v2")
    assert live["metadata"]["labels"]["team"] == "a" and live["metadata"]["annotations"]["note"] == "b"


def test_what_we_no_longer_say_goes_from_ours(site):
    site.apply(
        resource(
            "operators.coreos.com/v1alpha1",
            "CatalogSource",
            "cs-index",
            {**catalog_source()["spec"], "displayName": "x"},
            "openshift-marketplace",
        )
    )
    site.apply(catalog_source())
    assert "displayName" not in site.cluster.get("CatalogSource", "cs-index", "openshift-marketplace")["spec"]


def test_what_somebody_else_made_is_refused_and_taken_over_on_request(site):
    site.cluster.create(idms("idms-generic-0", (B, N)))
    refused = site.apply(idms(), itms())
    assert refused["failed"] and "not made by this collection: ImageDigestMirrorSet idms-generic-0" in refused["msg"]
    assert site.cluster.get("ImageTagMirrorSet", "itms-generic-0") is None
    assert actions(site.apply(idms(), adopt=True)) == {"idms-generic-0": "changed"}
    assert site.cluster.get("ImageDigestMirrorSet", "idms-generic-0")["spec"] == idms()["spec"]
    assert not site.apply(idms())["changed"]


def test_what_belongs_to_another_mirror_is_not_taken_over(site):
    site.apply(idms(), owner="one")
    result = site.apply(idms(), owner="two", adopt=True)
    assert result["failed"] and "of the owner one" in result["msg"]


def test_a_removed_label_makes_it_somebody_elses(site):
    site.apply(idms())
    site.cluster.edit("ImageDigestMirrorSet", "idms-generic-0", {"metadata": {"labels": None}})
    assert site.apply(idms())["failed"]
    assert site.apply(idms(), adopt=True)["changed"]


def test_only_what_is_ours_and_no_longer_generated_is_removed_and_only_on_request(site):
    site.apply(idms("old"), catalog_source("cs-old"), idms("kept"))
    site.apply(idms("theirs"), owner="another")
    site.cluster.create(idms("foreign"))
    # With our label and annotation, and never applied by us.
    copied = copy.deepcopy(site.cluster.get("ImageDigestMirrorSet", "old"))
    copied["metadata"] = {"name": "copy", "labels": copied["metadata"]["labels"], "annotations": copied["metadata"]["annotations"]}
    site.cluster.create(copied)
    result = site.apply(idms("kept"))
    assert (
        not result["changed"] and result["counts"]["stale"] == 2 and "CatalogSource openshift-marketplace/cs-old" in str(result["warnings"])
    )
    predicted = site.apply(idms("kept"), remove=True, check=True)
    assert predicted["counts"]["removed"] == 2 and site.cluster.get("ImageDigestMirrorSet", "old")
    result = site.apply(idms("kept"), remove=True)
    assert actions(result) == {"kept": "unchanged", "old": "removed", "cs-old": "removed"} and "name: old" in result["diff"]["before"]
    assert sorted(live["metadata"]["name"] for live in site.cluster.list("ImageDigestMirrorSet")) == ["copy", "foreign", "kept", "theirs"]


@pytest.mark.parametrize(
    "wrong",
    [
        idms("bad", ("https://quay.io/a", M)),
        idms("bad", (A, M), mirrorSourcePolicy="Sometimes"),
        idms("bad", (A, M), undeclared="x"),
        idms("bad", (A, M, M)),
        resource("updateservice.operator.openshift.io/v1", "UpdateService", "bad", {"replicas": 1}, "openshift-update-service"),
        resource("olm.operatorframework.io/v1", "ClusterCatalog", "bad", {"source": {"type": "Git"}}),
        resource("operators.coreos.com/v1alpha1", "CatalogSource", "bad", catalog_source()["spec"], "not-there"),
        resource("operators.coreos.com/v1alpha1", "CatalogSource", "bad", {"image": "x"}, "openshift-marketplace"),
    ],
    ids=["pattern", "choice", "field", "twice", "required", "type", "namespace", "required-2"],
)
def test_when_the_cluster_refuses_one_nothing_is_applied(site, wrong):
    for check in (True, False):
        result = site.apply(idms("good", (B, N)), wrong, itms("good", (B, N)), check=check)
        assert result["failed"] and "bad" in result["error"]["subject"] and result["error"]["code"] in ("cluster_error", "not_found")
        assert site.state() == {}


def test_kinds_that_no_mirror_needs_are_refused(site):
    result = site.apply(resource(OPENSHIFT, "OperatorHub", "cluster", {"disableAllDefaultSources": True}))
    assert result["failed"] and "is not applied here" in result["msg"]


def test_contradicting_policies_are_refused(site):
    site.cluster.create(idms("theirs", (A, N), mirrorSourcePolicy="NeverContactSource"))
    result = site.apply(idms())
    assert result["failed"] and "different mirrorSourcePolicies for quay.io/a" in result["msg"]


def test_mixes_that_a_cluster_refuses_are_refused(site):
    version(site, "4.13.5")
    site.cluster.create(icsp("theirs"))
    result = site.apply(idms())
    assert result["failed"] and "from 4.13.27 on it takes both" in result["msg"]
    assert site.apply(icsp())["changed"]
    assert "cannot be converted" in site.apply(idms(), convert_icsp=True)["msg"]


def test_policies_are_converted_on_request_and_nothing_rolls_out(site):
    version(site, "4.14.3")
    site.cluster.create(icsp("theirs", (B, N), (A, M)))
    site.apply(idms(), icsp("ours"))
    result = site.apply(idms(), icsp("ours"), convert_icsp=True)
    assert [(entry["kind"], entry["name"], entry["action"]) for entry in result["resources"]] == [
        ("ImageDigestMirrorSet", "idms-generic-0", "unchanged"),
        ("ImageDigestMirrorSet", "theirs", "created"),
        ("ImageContentSourcePolicy", "ours", "removed"),
        ("ImageContentSourcePolicy", "theirs", "removed"),
    ]
    assert result["rollout"]["expected"] is False and site.cluster.list("ImageContentSourcePolicy") == []
    live = site.cluster.get("ImageDigestMirrorSet", "theirs")
    assert live["metadata"]["annotations"] == {"disconnected.mirror/converted-from": "ImageContentSourcePolicy theirs"}
    again = site.apply(idms(), icsp("ours"), convert_icsp=True, remove=True)
    assert not again["changed"] and site.cluster.get("ImageDigestMirrorSet", "theirs")


def test_what_rolls_out_is_said_before(site):
    for name, paused in (("master", False), ("worker", False), ("infra", True)):
        site.cluster.create(resource(MACHINES, "MachineConfigPool", name, {"paused": paused, "configuration": {"name": "r1"}}))
    result = site.apply(idms(), check=True)
    assert result["rollout"] == {"expected": True, "drains": False, "reasons": [], "pools": ["master", "worker"], "paused_pools": ["infra"]}
    result = site.apply(idms(), itms(), check=True)
    assert result["rollout"]["drains"] and result["rollout"]["reasons"] == [f"{A} has the mirror {M} for pulls by tag"]
    refused = site.apply(idms(), itms(), allow_drain=False)
    assert refused["failed"] and "nodes would be drained" in refused["msg"] and site.state() == {}
    assert site.apply(catalog_source(), allow_drain=False)["rollout"]["expected"] is False


def test_how_a_cluster_handles_nodes_is_read_from_it(site):
    assert site.apply(itms(), check=True)["rollout"]["drains"]
    site.cluster.create(resource(OPENSHIFT, "Infrastructure", "cluster", {}))
    site.cluster.status("Infrastructure", "cluster", {"controlPlaneTopology": "SingleReplica"})
    assert not site.apply(itms(), check=True)["rollout"]["drains"]
    site.cluster.create(resource("operator.openshift.io/v1", "MachineConfiguration", "cluster", {}))
    files = [{"path": "/etc/containers/registries.conf", "actions": [{"type": "Reboot"}]}]
    site.cluster.status("MachineConfiguration", "cluster", {"nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": files}}})
    refused = site.apply(idms(), allow_drain=False)
    assert refused["failed"] and "restarts nodes" in refused["msg"] and site.state() == {}


def test_an_account_without_rights_is_told_which(site):
    assert site.apply(idms(), check=False, user=READER)["error"]["code"] == "access_denied"
    result = site.apply(idms(), itms(), user=READER)
    assert 'cannot patch resource "imagedigestmirrorsets"' in result["msg"] and "ClusterRole" in result["error"]["advice"]
    assert "(and 1 more are refused)" in result["msg"] and site.state() == {}


def test_a_token_that_expired_is_said(site):
    result = site.apply(idms(), api_key="expired-token")
    assert result["failed"] and "does not accept the credentials" in result["msg"] and "api_key" in result["msg"]
    assert "expired-token" not in json.dumps(result)


def test_a_kubeconfig_does_as_well(site):
    arguments = {"host": None, "api_key": None, "ca_cert": None, "kubeconfig": site.cluster.kubeconfig()}
    assert actions(site.apply(idms(), **arguments)) == {"idms-generic-0": "created"}


def test_default_sources_are_disabled_and_nothing_else_of_the_hub(site):
    site.cluster.create(resource(OPENSHIFT, "OperatorHub", "cluster", {"sources": [{"name": "x", "disabled": False}]}))
    assert site.apply(disable_default_sources=True)["changed"]
    live = site.cluster.get("OperatorHub", "cluster")["spec"]
    assert live == {"sources": [{"name": "x", "disabled": False}], "disableAllDefaultSources": True}
    assert not site.apply(disable_default_sources=True)["changed"] and not site.apply()["changed"]
    assert site.apply(disable_default_sources=False)["changed"]


def test_an_authority_is_trusted_where_none_was(site):
    site.cluster.create(resource(OPENSHIFT, "Image", "cluster", {"registrySources": {"insecureRegistries": ["x"]}}))
    result = site.apply(trusted_ca={"mirror.example:5000": CERTIFICATE})
    assert actions(result) == {"disconnected-mirror-ca": "created", "cluster": "changed"}
    live = site.cluster.get("Image", "cluster")["spec"]
    assert live["additionalTrustedCA"] == {"name": "disconnected-mirror-ca"} and live["registrySources"] == {"insecureRegistries": ["x"]}
    made = site.cluster.get("ConfigMap", "disconnected-mirror-ca", "openshift-config")
    assert made["data"] == {"mirror.example..5000": CERTIFICATE}
    assert not site.apply(trusted_ca={"mirror.example:5000": CERTIFICATE})["changed"]


def test_an_authority_is_added_to_those_that_the_cluster_trusts(site):
    site.cluster.create(resource(OPENSHIFT, "Image", "cluster", {"additionalTrustedCA": {"name": "theirs"}}))
    metadata = {"name": "theirs", "namespace": "openshift-config"}
    site.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"old.example": "x", "taken": "y"}})
    assert actions(site.apply(trusted_ca={"mirror.example": CERTIFICATE})) == {"theirs": "changed"}
    data = site.cluster.get("ConfigMap", "theirs", "openshift-config")["data"]
    assert data == {"old.example": "x", "taken": "y", "mirror.example": CERTIFICATE}
    refused = site.apply(trusted_ca={"taken": CERTIFICATE})
    assert refused["failed"] and refused["error"]["code"] == "conflict"
    assert site.cluster.get("ConfigMap", "theirs", "openshift-config")["data"] == data


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PRIVATE KEY-----", CERTIFICATE + "-----BEGIN PRIVATE KEY-----"])
def test_an_authority_is_a_certificate(site, text):
    site.cluster.create(resource(OPENSHIFT, "Image", "cluster", {}))
    assert site.apply(trusted_ca={"mirror.example": text})["error"]["code"] == "invalid_input"


def pull_secret(site, content):
    metadata = {"name": "pull-secret", "namespace": "openshift-config"}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(content).encode()).decode()}
    site.cluster.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data}
    )


def pulled(site):
    data = site.cluster.get("Secret", "pull-secret", "openshift-config")["data"]
    return json.loads(base64.b64decode(data[".dockerconfigjson"]))


def test_the_pull_secret_is_merged_and_never_shown(site):
    pull_secret(site, {"auths": {"quay.io": {"auth": "b2xkOnNlY3JldA==", "email": "a@b"}}, "more": 1})
    given = {"auths": {"mirror.example:5000": {"auth": "bWU6aHVudGVyMg=="}}}
    for check in (True, False):
        result = site.apply(pull_secret=given, check=check)
        assert result["changed"] and "mirror.example:5000: (new)" in result["diff"]["after"]
        shown = json.dumps(result)
        assert not [secret for secret in ("bWU6aHVudGVyMg==", "b2xkOnNlY3JldA==", "hunter2", "dockerconfigjson") if secret in shown]
    assert pulled(site) == {"auths": {"quay.io": {"auth": "b2xkOnNlY3JldA==", "email": "a@b"}, **given["auths"]}, "more": 1}
    assert not site.apply(pull_secret=given)["changed"]


@pytest.mark.parametrize("content", [{}, {"auths": 3}])
def test_a_pull_secret_that_cannot_be_read_is_not_replaced(site, content):
    pull_secret(site, content)
    result = site.apply(pull_secret={"auths": {"m": {"auth": "bWU6aHVudGVyMg=="}}})
    assert result["failed"] and "cannot be read" in result["msg"] and pulled(site) == content


def test_waiting_tells_what_is_stuck_and_why(site):
    site.cluster.create(resource(MACHINES, "MachineConfigPool", "worker", {"configuration": {"name": "r1"}}))
    conditions = [{"type": "Updated", "status": "False"}, {"type": "Degraded", "status": "True", "message": "node n1: disk full"}]
    counts = {"observedGeneration": 1, "machineCount": 3, "updatedMachineCount": 1}
    site.cluster.status("MachineConfigPool", "worker", {**counts, "conditions": conditions})
    result = site.apply(catalog_source(), wait=True, wait_timeout=1, wait_sleep=1)
    assert result["failed"] and "2 of 2 were not ready within 1 seconds" in result["msg"] and "node n1: disk full" in result["msg"]
    assert result["changed"] and not result["ready"]
