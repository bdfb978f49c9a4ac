# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The kinds of resources that are read or applied, and where an API server has them."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

IDMS, ITMS, ICSP = "ImageDigestMirrorSet", "ImageTagMirrorSet", "ImageContentSourcePolicy"
CATALOG_SOURCE, CLUSTER_CATALOG, UPDATE_SERVICE = "CatalogSource", "ClusterCatalog", "UpdateService"
CONFIG_MAP, SECRET, PINNED_IMAGES = "ConfigMap", "Secret", "PinnedImageSet"
POOL, NODE, POD, DEPLOYMENT = "MachineConfigPool", "Node", "Pod", "Deployment"
OPERATOR_HUB, IMAGE_CONFIG, CLUSTER_VERSION = "OperatorHub", "Image", "ClusterVersion"
INFRASTRUCTURE, MACHINE_CONFIGURATION = "Infrastructure", "MachineConfiguration"
SUBSCRIPTION, INSTALLED, EXTENSION = "Subscription", "ClusterServiceVersion", "ClusterExtension"


@dataclass(frozen=True)
class Kind:
    """versions: of its API, the one that is preferred first; which of them a cluster serves has to be asked."""

    name: str
    group: str
    versions: tuple[str, ...]
    plural: str
    namespaced: bool = False

    def api_version(self, version: str) -> str:
        return f"{self.group}/{version}" if self.group else version

    def root(self, version: str) -> str:
        """Of all its paths."""
        return f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"


_OPENSHIFT, _MACHINES, _OLM = "config.openshift.io", "machineconfiguration.openshift.io", "operators.coreos.com"

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(IDMS, _OPENSHIFT, ("v1",), "imagedigestmirrorsets"),
        Kind(ITMS, _OPENSHIFT, ("v1",), "imagetagmirrorsets"),
        Kind(ICSP, "operator.openshift.io", ("v1alpha1",), "imagecontentsourcepolicies"),
        Kind(CATALOG_SOURCE, _OLM, ("v1alpha1",), "catalogsources", True),
        Kind(CLUSTER_CATALOG, "olm.operatorframework.io", ("v1",), "clustercatalogs"),
        Kind(UPDATE_SERVICE, "updateservice.operator.openshift.io", ("v1",), "updateservices", True),
        Kind(PINNED_IMAGES, _MACHINES, ("v1", "v1alpha1"), "pinnedimagesets"),
        Kind(CONFIG_MAP, "", ("v1",), "configmaps", True),
        Kind(SECRET, "", ("v1",), "secrets", True),
        Kind(NODE, "", ("v1",), "nodes"),
        Kind(POD, "", ("v1",), "pods", True),
        Kind(DEPLOYMENT, "apps", ("v1",), "deployments", True),
        Kind(POOL, _MACHINES, ("v1",), "machineconfigpools"),
        Kind(OPERATOR_HUB, _OPENSHIFT, ("v1",), "operatorhubs"),
        Kind(IMAGE_CONFIG, _OPENSHIFT, ("v1",), "images"),
        Kind(CLUSTER_VERSION, _OPENSHIFT, ("v1",), "clusterversions"),
        Kind(INFRASTRUCTURE, _OPENSHIFT, ("v1",), "infrastructures"),
        Kind(MACHINE_CONFIGURATION, "operator.openshift.io", ("v1",), "machineconfigurations"),
        Kind(SUBSCRIPTION, _OLM, ("v1alpha1",), "subscriptions", True),
        Kind(INSTALLED, _OLM, ("v1alpha1",), "clusterserviceversions", True),
        Kind(EXTENSION, "olm.operatorframework.io", ("v1",), "clusterextensions"),
    )
}
# In the order in which they are applied: what explains content comes before what makes a cluster ask for it.
APPLIED = (CONFIG_MAP, IDMS, ITMS, ICSP, CLUSTER_CATALOG, CATALOG_SOURCE, UPDATE_SERVICE, PINNED_IMAGES)
MIRROR_SETS = (IDMS, ITMS, ICSP)
# What a cluster may have or not, depending on what is installed in it.
OPTIONAL = (CLUSTER_CATALOG, CATALOG_SOURCE, UPDATE_SERVICE, PINNED_IMAGES)


def kind_of(name: str, api_version: str) -> Kind:
    """The kind of a document.  Raises InputError for one that is not supported here."""
    kind = KINDS.get(name)
    if kind is None or api_version not in [kind.api_version(version) for version in kind.versions]:
        raise InputError(f"{api_version!r:.100} {name!r:.100} is not a kind of resource that is known here")
    return kind
