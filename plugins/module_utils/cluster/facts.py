# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a cluster runs: its release, its operators, the images of its pods (`read_facts`)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import (
    CATALOG_SOURCE,
    CLUSTER_CATALOG,
    CLUSTER_VERSION,
    EXTENSION,
    INSTALLED,
    MIRROR_SETS,
    NODE,
    OPERATOR_HUB,
    POD,
    SUBSCRIPTION,
)

_COPIED = "olm.copiedFrom"
_ARCHITECTURE = "kubernetes.io/arch"
# What container runtimes write before the name of an image.
_SCHEME = re.compile(r"\A[a-z-]+://")


@dataclass(frozen=True)
class Used:
    """An image that is in use.  reference: as it is asked for.  digests: by which it is known; empty where nobody says."""

    reference: str
    repository: str
    digests: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Operator:
    """An operator that is installed.  catalog: the name of its CatalogSource, empty where any may have brought it."""

    package: str
    channel: str
    version: str
    catalog: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Facts:
    """versions: of the platform, the newest first.  payload: the release image.

    operator_images: what installed operators name, whether a pod of it runs or not.  catalogs: image by name.
    default_sources: whether those are enabled; None where the cluster knows none.  mirror_sets: the documents.
    """

    version: str
    channel: str
    architecture: str
    versions: tuple[str, ...]
    payload: str
    operators: tuple[Operator, ...]
    images: tuple[Used, ...]
    operator_images: tuple[Used, ...]
    catalogs: Mapping[str, str]
    default_sources: bool | None
    mirror_sets: tuple[Mapping[str, Any], ...]

    @property
    def all_images(self) -> tuple[Used, ...]:
        """Everything that has to be there for this cluster to go on as it is."""
        payload = tuple(_used([(self.payload, "")]))
        return _united([*payload, *self.images, *self.operator_images])

    @property
    def digests(self) -> frozenset[str]:
        return frozenset(digest for image in self.all_images for digest in image.digests)

    @property
    def outside(self) -> tuple[Used, ...]:
        """Images of pods that neither the release nor an operator nor a catalog brought."""
        named = {digest for image in self.operator_images for digest in image.digests}
        repositories = {image.repository for image in _used((place, "") for place in self.catalogs.values())}
        release = _namespace(next((image.repository for image in _used([(self.payload, "")])), ""))
        return tuple(
            image
            for image in self.images
            if not image.digests & named
            and image.repository not in repositories
            and not (release and _namespace(image.repository) == release)
        )


def read_facts(api: Api) -> Facts:
    """Raises AccessDenied, ClusterError, Unreachable."""
    version = api.get(CLUSTER_VERSION, "version") or {}
    spec, status = version.get("spec") or {}, version.get("status") or {}
    history = [entry for entry in status.get("history") or [] if isinstance(entry, dict) and entry.get("state") == "Completed"]
    desired = status.get("desired") or {}
    installed = [live for live in api.list(INSTALLED) if _COPIED not in (live["metadata"].get("labels") or {})]
    hub = api.get(OPERATOR_HUB, "cluster")
    return Facts(
        version=str((history[0] if history else desired).get("version") or ""),
        channel=str(spec.get("channel") or ""),
        architecture="multi" if str(desired.get("architecture") or "").lower() == "multi" else _architecture(api.list(NODE)),
        versions=tuple(dict.fromkeys(str(entry.get("version")) for entry in history)),
        payload=str(desired.get("image") or ""),
        operators=tuple(sorted((*_subscribed(api, installed), *_extended(api)), key=lambda each: (each.package, each.namespace))),
        images=_united(_used(_of_pods(api.list(POD)))),
        operator_images=_united(_used((image, "") for live in installed for image in _of_operator(live))),
        catalogs=_catalogs(api),
        default_sources=None if hub is None else not (hub.get("spec") or {}).get("disableAllDefaultSources"),
        mirror_sets=tuple(live for kind in MIRROR_SETS for live in api.list(kind)),
    )


def _architecture(nodes: Iterable[Mapping[str, Any]]) -> str:
    found = {str((node["metadata"].get("labels") or {}).get(_ARCHITECTURE) or "") for node in nodes} - {""}
    return found.pop() if len(found) == 1 else "multi" if found else ""


def _subscribed(api: Api, installed: Iterable[Mapping[str, Any]]) -> Iterator[Operator]:
    versions = {(live["metadata"].get("namespace"), live["metadata"]["name"]): _text(live, "spec", "version") for live in installed}
    for live in api.list(SUBSCRIPTION):
        namespace = str(live["metadata"].get("namespace") or "")
        version = versions.get((namespace, _text(live, "status", "installedCSV")), "")
        yield Operator(_text(live, "spec", "name"), _text(live, "spec", "channel"), version, _text(live, "spec", "source"), namespace)


def _extended(api: Api) -> Iterator[Operator]:
    """Operators of the second generation of OLM."""
    for live in api.list(EXTENSION):
        catalog = ((live.get("spec") or {}).get("source") or {}).get("catalog") or {}
        channels = catalog.get("channels") or [""]
        bundle = ((live.get("status") or {}).get("install") or {}).get("bundle") or {}
        yield Operator(str(catalog.get("packageName") or ""), str(channels[0]), str(bundle.get("version") or ""))


def _catalogs(api: Api) -> dict[str, str]:
    found = {str(live["metadata"]["name"]): _text(live, "spec", "image") for live in api.list(CATALOG_SOURCE)}
    for live in api.list(CLUSTER_CATALOG):
        image = ((live.get("spec") or {}).get("source") or {}).get("image") or {}
        found.setdefault(str(live["metadata"]["name"]), str(image.get("ref") or ""))
    return {name: image for name, image in found.items() if image}


def _of_pods(pods: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What each container asks for, with what the runtime says that it got."""
    for pod in pods:
        spec, status = pod.get("spec") or {}, pod.get("status") or {}
        for kind in ("containers", "initContainers"):
            states = status.get("containerStatuses" if kind == "containers" else "initContainerStatuses") or []
            got = {state.get("name"): str(state.get("imageID") or "") for state in states}
            yield from ((str(each.get("image") or ""), got.get(each.get("name"), "")) for each in spec.get(kind) or [])


def _of_operator(live: Mapping[str, Any]) -> Iterator[str]:
    spec = live.get("spec") or {}
    for image in spec.get("relatedImages") or []:
        yield str(image.get("image") or "")
    for deployment in ((spec.get("install") or {}).get("spec") or {}).get("deployments") or []:
        template = ((deployment.get("spec") or {}).get("template") or {}).get("spec") or {}
        for container in (*(template.get("containers") or []), *(template.get("initContainers") or [])):
            yield str(container.get("image") or "")


def _used(images: Iterable[tuple[str, str]]) -> Iterator[Used]:
    """What cannot be read as an image is nothing that a mirror could have."""
    for wanted, got in images:
        try:
            reference = parse(wanted, Generation.V2)
        except InputError:
            continue
        if reference.transport == OCI:
            continue
        digests = {str(reference.digest)} if reference.digest else set()
        digest = _SCHEME.sub("", got).rpartition("@")[2]
        with contextlib.suppress(InputError):
            digests.add(str(Digest.parse(digest)))
        yield Used(wanted, reference.repository, frozenset(digests))


def _united(images: Iterable[Used]) -> tuple[Used, ...]:
    found: dict[str, Used] = {}
    for image in images:
        known = found.get(image.reference)
        found[image.reference] = Used(image.reference, image.repository, image.digests | (known.digests if known else frozenset()))
    return tuple(found[reference] for reference in sorted(found))


def _namespace(repository: str) -> str:
    return repository.rpartition("/")[0]


def _text(live: Mapping[str, Any], part: str, name: str) -> str:
    return str((live.get(part) or {}).get(name) or "")
