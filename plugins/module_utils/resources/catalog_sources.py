# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""CatalogSource and ClusterCatalog of each mirrored catalog (mirroring 7.2, 7.4; operator-catalogs 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.catalog_names import PREFIX
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mirror_sets import CREATED_BY

API_VERSION, KIND = "operators.coreos.com/v1alpha1", "CatalogSource"
NAMESPACE = "openshift-marketplace"
SOURCE_TYPE = "grpc"

# What a cluster writes into objects and nobody should hand back to it.
_RUNTIME = (
    "creationTimestamp",
    "resourceVersion",
    "uid",
    "generation",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "ownerReferences",
)


def catalog_source(name: str, image: str) -> dict[str, Any]:
    """image: `host/repository:tag`, or with `@digest`."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": dict(CREATED_BY)},
        "spec": {"image": image, "sourceType": SOURCE_TYPE},
    }


def from_template(name: str, image: str, template: Any) -> dict[str, Any]:
    """A CatalogSource with all that a user's template says but name, namespace, source type and image (7.4).

    Raises InputError for a template that is none.
    """
    check_template(template)
    plain = catalog_source(name, image)
    metadata = {key: value for key, value in (template.get("metadata") or {}).items() if key not in _RUNTIME}
    annotations = {**(metadata.get("annotations") or {}), **CREATED_BY}
    metadata.update(plain["metadata"], annotations=annotations)
    spec = {**(template.get("spec") or {}), **plain["spec"]}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def check_template(template: Any) -> None:
    """Raises InputError unless the document can be the template of a CatalogSource."""
    advice = f"Write a {KIND} of {API_VERSION} with sourceType {SOURCE_TYPE} and without configMap."
    if not isinstance(template, Mapping):
        raise InputError("the template is not a mapping", advice=advice)
    if template.get("apiVersion") != API_VERSION or template.get("kind") != KIND:
        raise InputError(f"the template is a {template.get('kind')!r:.100} of {template.get('apiVersion')!r:.100}", advice=advice)
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    if not isinstance(metadata, Mapping) or not isinstance(spec, Mapping) or not isinstance(metadata.get("annotations") or {}, Mapping):
        raise InputError("metadata, annotations or spec of the template is not a mapping", advice=advice)
    if spec.get("sourceType") not in (None, "", SOURCE_TYPE):
        raise InputError(f"the template has the sourceType {spec.get('sourceType')!r:.100}", advice=advice)
    if spec.get("configMap"):
        raise InputError("the template has a configMap", advice=advice)


def cluster_catalog(name: str, image: str) -> dict[str, Any]:
    """name: of the CatalogSource."""
    return {
        "apiVersion": "olm.operatorframework.io/v1",
        "kind": "ClusterCatalog",
        "metadata": {"name": f"cc-{name[len(PREFIX):]}", "annotations": dict(CREATED_BY)},
        "spec": {"priority": 0, "source": {"type": "Image", "image": {"ref": image}}},
    }
