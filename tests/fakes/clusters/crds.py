# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CustomResourceDefinitions of the kinds that a mirror has to do with: small ones of our own, real ones where they are at hand."""

from __future__ import annotations

import glob
import os
from typing import Any

import yaml

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

REAL = os.path.join(os.path.dirname(ROOT), "shared", "data", "crds")

_HOST = r"[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?"
_PLACE = rf"^{_HOST}(/[a-z0-9][a-z0-9._-]*)*$"
_SOURCE = rf"^\*(\.[a-zA-Z0-9-]+)+$|{_PLACE}"
_TEXT: dict[str, Any] = {"type": "string"}
_ANY: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _list(items: dict[str, Any], kind: str = "atomic") -> dict[str, Any]:
    return {"type": "array", "items": items, "x-kubernetes-list-type": kind}


def _mirrors(name: str) -> dict[str, Any]:
    entry = _object(
        ("source",),
        source={**_TEXT, "pattern": _SOURCE},
        mirrors=_list({**_TEXT, "pattern": _PLACE}, "set"),
        mirrorSourcePolicy={**_TEXT, "enum": ["NeverContactSource", "AllowContactingSource"]},
    )
    return _object(**{name: _list(entry)})


def _policies() -> dict[str, Any]:
    entry = _object(("source",), source=_TEXT, mirrors={"type": "array", "items": _TEXT})
    return _object(repositoryDigestMirrors={"type": "array", "items": entry})


def _catalog() -> dict[str, Any]:
    image = _object(("ref",), ref={**_TEXT, "maxLength": 1000}, pollIntervalMinutes={"type": "integer", "minimum": 1})
    source = _object(("type",), type={**_TEXT, "enum": ["Image"]}, image=image)
    priority = {"type": "integer", "format": "int32", "default": 0}
    mode = {**_TEXT, "enum": ["Available", "Unavailable"], "default": "Available"}
    return _object(("source",), source=source, priority=priority, availabilityMode=mode)


def _crd(
    group: str, version: str, kind: str, plural: str, spec: dict[str, Any], scope: str = "Cluster", needed: bool = True
) -> dict[str, Any]:
    schema = _object(("spec",) if needed else (), apiVersion=_TEXT, kind=_TEXT, metadata={"type": "object"}, spec=spec, status=_ANY)
    name = f"{plural}.{group}"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        # Only with it does the server take kinds of these groups' owners; for others it means nothing.
        "metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, a fixture of tests"}},
        "spec": {
            "group": group,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "scope": scope,
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


_OPENSHIFT, _MACHINES, _OLM = "config.openshift.io", "machineconfiguration.openshift.io", "operators.coreos.com"


def own() -> list[dict[str, Any]]:
    return [
        _crd(_OPENSHIFT, "v1", "ImageDigestMirrorSet", "imagedigestmirrorsets", _mirrors("imageDigestMirrors")),
        _crd(_OPENSHIFT, "v1", "ImageTagMirrorSet", "imagetagmirrorsets", _mirrors("imageTagMirrors")),
        _crd("operator.openshift.io", "v1alpha1", "ImageContentSourcePolicy", "imagecontentsourcepolicies", _policies()),
        _crd(
            _OLM,
            "v1alpha1",
            "CatalogSource",
            "catalogsources",
            {
                **_ANY,
                "required": ["sourceType"],
                "properties": {"sourceType": _TEXT, "image": _TEXT, "displayName": _TEXT, "updateStrategy": _ANY},
            },
            "Namespaced",
        ),
        _crd("olm.operatorframework.io", "v1", "ClusterCatalog", "clustercatalogs", _catalog()),
        _crd(
            "updateservice.operator.openshift.io",
            "v1",
            "UpdateService",
            "updateservices",
            _object(
                ("graphDataImage", "releases", "replicas"),
                graphDataImage=_TEXT,
                releases=_TEXT,
                replicas={"type": "integer", "format": "int32", "minimum": 1},
            ),
            "Namespaced",
        ),
    ]


def platform() -> list[dict[str, Any]]:
    """Of what a cluster has that we read, or set one field of."""
    pinned = {**_list(_object(("name",), name=_TEXT), "map"), "x-kubernetes-list-map-keys": ["name"]}
    return [
        _crd(
            _OPENSHIFT,
            "v1",
            "OperatorHub",
            "operatorhubs",
            _object(disableAllDefaultSources={"type": "boolean"}, sources={"type": "array", "items": _ANY}),
            needed=False,
        ),
        _crd(
            _OPENSHIFT,
            "v1",
            "Image",
            "images",
            _object(additionalTrustedCA=_object(("name",), name=_TEXT), registrySources=_ANY),
            needed=False,
        ),
        _crd(_OPENSHIFT, "v1", "ClusterVersion", "clusterversions", _ANY, needed=False),
        _crd(_OPENSHIFT, "v1", "Infrastructure", "infrastructures", _ANY, needed=False),
        _crd("operator.openshift.io", "v1", "MachineConfiguration", "machineconfigurations", _ANY, needed=False),
        _crd(_MACHINES, "v1", "MachineConfigPool", "machineconfigpools", _ANY, needed=False),
        _crd(_MACHINES, "v1", "PinnedImageSet", "pinnedimagesets", _object(("pinnedImages",), pinnedImages=pinned)),
        _crd(_OLM, "v1alpha1", "Subscription", "subscriptions", _ANY, "Namespaced", needed=False),
        _crd(_OLM, "v1alpha1", "ClusterServiceVersion", "clusterserviceversions", _ANY, "Namespaced", needed=False),
    ]


def real() -> list[dict[str, Any]]:
    """As their projects publish them; none where they are not at hand."""
    found = []
    for path in sorted(glob.glob(os.path.join(REAL, "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            found.append(yaml.safe_load(file))
    return found
