# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a chart's archive comes from: a repository, a registry, or the local disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.archives import ChartArchives
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.repository import (
    Offer,
    choose,
    index_url,
    newest_first,
    read_index,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Chart, ChartRepository
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob

OCI = "oci://"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
# Chart archives are small; helm itself refuses large ones.


@dataclass(frozen=True)
class FoundChart:
    """A chart at hand.

    path: archive or directory.  chart: its entry in the configuration.  key: where that entry is.
    repository: name of its repository, empty for local charts.  digest: of the archive, empty for directories.
    """

    chart: Chart
    key: str
    path: str
    name: str
    version: str
    repository: str = ""
    digest: str = ""


def wanted_charts(repository: ChartRepository, key: str, index: dict[str, tuple[Offer, ...]]) -> Iterator[tuple[str, Chart]]:
    """The charts of a repository with the key of their entry: those that are listed, or every version of all of them."""
    if repository.charts:
        for number, chart in enumerate(repository.charts):
            yield f"{key}.charts[{number}]", chart
        return
    for name in sorted(index):
        for offer in index[name]:
            if not offer.is_library:
                yield key, Chart(name=name, version=offer.version)


def fetch_index(repository: ChartRepository, context: Context) -> dict[str, tuple[Offer, ...]]:
    """What a repository offers; nothing for a registry, which has no index.  Raises what `fetch` raises, InputError."""
    if repository.url.startswith(OCI):
        if not repository.charts:
            raise InputError("a registry has no list of charts", subject=repository.url, advice="List the charts to mirror under charts.")
        return {}
    url = index_url(repository.url)
    return read_index(context.fetch(url, None, limits.CHART_INDEX.size), url)


def fetch_chart(
    repository: ChartRepository, index: dict[str, tuple[Offer, ...]], chart: Chart, key: str, context: Context, archives: ChartArchives
) -> FoundChart:
    """The archive of one chart, kept in the workspace.

    Raises NotFound, CorruptContent (not what the index says), InputError (its name is none, or taken), Unsupported (too large).
    """
    if repository.url.startswith(OCI):
        return _from_registry(repository, chart, key, context, archives)
    offer = choose(index.get(chart.name, ()), chart.name, chart.version, repository.url)
    subject = f"{offer.name} {offer.version}"
    path = archives.place(f"{offer.name}-{offer.version}.tgz", offer.name)
    if not (offer.digest and archives.kept(path, offer.digest, subject)):
        content = _download(offer, context)
        if offer.digest and hashlib.sha256(content).hexdigest() != offer.digest:
            raise CorruptContent("the chart's archive does not have the digest that the index names", subject=subject)
        archives.keep(path, content, subject)
    return FoundChart(chart, key, path, offer.name, offer.version, repository.name, Digest.of(files.read(path)))


def local_chart(chart: Chart, key: str, archives: ChartArchives) -> FoundChart:
    """A chart on the mirror host; an archive is kept in the workspace like those of repositories.  Raises NotFound."""
    if not chart.path or not os.path.exists(chart.path):
        raise NotFound(
            f"there is no chart at {chart.path!r}",
            subject=f"{key}.path",
            advice="Give the path of a chart archive or directory on the mirror host.",
        )
    file = os.path.basename(chart.path.rstrip("/"))
    if os.path.isdir(chart.path):
        return FoundChart(chart, key, chart.path, chart.name or file, chart.version)
    content = files.read(chart.path, limits.CHART)
    path = archives.place(file, f"{key}.path")
    archives.keep(path, content, f"{key}.path")
    return FoundChart(chart, key, path, chart.name or file, chart.version, "", Digest.of(content))


def _from_registry(repository: ChartRepository, chart: Chart, key: str, context: Context, archives: ChartArchives) -> FoundChart:
    """Charts in registries: one layer with the archive; `+` of a version is `_` in its tag (helm's rule)."""
    name = f"{repository.url[len(OCI) :].rstrip('/')}/{chart.name}"
    version = chart.version or _newest_tag(name, context)
    manifest = context.upstream.fetch_manifest(name, version.replace("+", "_"))
    layers = [blob for blob in manifest.blobs if blob.media_type == CHART_LAYER]
    if len(layers) != 1:
        raise InputError("this is not a chart", subject=f"{name}:{version}")
    path = archives.place(f"{chart.name}-{version}.tgz", chart.name)
    if not archives.kept(path, layers[0].digest.hex, f"{name}:{version}"):
        archives.keep(path, read_blob(context.upstream, name, layers[0], limits.CHART), f"{name}:{version}")
    return FoundChart(chart, key, path, chart.name, version, repository.name, layers[0].digest)


def _newest_tag(name: str, context: Context) -> str:
    offers = [Offer(name, tag.replace("_", "+"), ()) for tag in context.upstream.tags(name) or ()]
    return choose(newest_first(offers), name, "", name).version


def _download(offer: Offer, context: Context) -> bytes:
    problems: list[str] = []
    for url in offer.urls:
        if url.startswith(("http://", "https://")):
            return context.fetch(url, None, limits.CHART)
        problems.append(url)
    raise Unsupported(f"the chart has no usable URL ({', '.join(problems) or 'none at all'})", subject=f"{offer.name} {offer.version}")
