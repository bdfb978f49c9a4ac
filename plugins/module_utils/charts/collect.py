# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Charts as a content source: which images do the charts of an image set name?

Each chart stands alone: one that cannot be read or rendered is a failure of its own and
changes nothing for the others (unlike v1, where charts relaxed the checks of the whole
run; mirroring C11).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.archives import ChartArchives
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.images import finders, images_in
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.render import Helm, unset_in
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.source import (
    FoundChart,
    fetch_chart,
    fetch_index,
    local_chart,
    wanted_charts,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import map_helm_image
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ChartRepository, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES, HELM, Collected, Context, WantedImage


@dataclass(frozen=True)
class _Part:
    """What one chart gave."""

    found: FoundChart
    references: tuple[Reference, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def collect(imageset: ImageSet, context: Context) -> Collected:
    """The images of all charts.  option `helm_path`: the helm program.

    Raises Unsupported when charts are wanted and helm is not on this host: nothing would come of any of them.
    """
    helm = Helm(str(context.options.get("helm_path") or "helm"))
    helm.program()
    context.tell("charts", 0, 0)
    found, failures = _find(imageset, context)
    with ThreadPoolExecutor(max_workers=max(1, min(context.parallel, 4))) as pool:
        parts = list(pool.map(lambda chart: _images_of(chart, helm, imageset.generation), found))
    return Collected(
        images=tuple(_wanted(reference, part.found, imageset.generation) for part in parts for reference in part.references),
        charts=tuple(_entry(part) for part in parts if not part.failures),
        warnings=tuple(text for part in parts for text in part.warnings),
        failures=(*failures, *(failure for part in parts for failure in part.failures)),
    )


def _find(imageset: ImageSet, context: Context) -> tuple[list[FoundChart], list[Failure]]:
    found: list[FoundChart] = []
    failures: list[Failure] = []
    archives = ChartArchives(context.workspace.charts)
    for number, chart in enumerate(imageset.helm.local):
        key = f"helm.local[{number}]"
        try:
            found.append(local_chart(chart, key, archives))
        except MirrorError as error:
            failures.append(_failure(error, key))
    for number, repository in enumerate(_once(imageset.helm.repositories)):
        for outcome in _from_repository(repository, f"helm.repositories[{number}]", context, archives):
            (failures if isinstance(outcome, Failure) else found).append(outcome)
    return found, failures


def _from_repository(repository: ChartRepository, key: str, context: Context, archives: ChartArchives) -> Iterator[Any]:
    """FoundChart or Failure for each chart."""
    try:
        index = fetch_index(repository, context)
    except MirrorError as error:
        yield _failure(error, key)
        return
    for chart_key, chart in wanted_charts(repository, key, index):
        try:
            yield fetch_chart(repository, index, chart, chart_key, context, archives)
        except MirrorError as error:
            yield _failure(error, chart_key)


def _images_of(found: FoundChart, helm: Helm, generation: Generation) -> _Part:
    try:
        paths = finders(found.chart.image_paths)
        names = images_in(helm.template(found.path, found.chart), paths, f"chart {found.name}")
    except MirrorError as error:
        return _Part(found, failures=(_failure(error, found.key),))
    references: list[Reference] = []
    warnings: list[str] = []
    for name in names:
        unset = unset_in(name, found.chart)
        if unset:
            needed = " and ".join(unset)
            warnings.append(
                f"Chart {_title(found)} derives the name of an image ({name!r:.200}) from {needed}, which is not given; "
                f"it is left out. Set {needed} of the chart to what the release will have."
            )
            continue
        try:
            references.append(parse(name, generation))
        except InputError:
            warnings.append(f"Chart {_title(found)} names {name!r}, which is not an image reference with tag or digest; it is left out.")
    return _Part(found, tuple(references), tuple(warnings))


def _wanted(reference: Reference, found: FoundChart, generation: Generation) -> WantedImage:
    target = map_helm_image(reference, generation)
    why = (found.key, f"chart {_title(found)}")
    return WantedImage(HELM, reference, target.repository, (target.tag,), platforms=found.chart.platforms, why=why)


def _entry(part: _Part) -> dict[str, Any]:
    """The chart's entry in the plan; `file` is the archive's name below `charts` of the workspace, empty for directories."""
    found = part.found
    return {
        "name": found.name,
        "version": found.version,
        "repository": found.repository,
        "file": os.path.basename(found.path) if found.digest else "",
        "digest": found.digest,
        "images": [str(reference) for reference in part.references],
    }


def _title(found: FoundChart) -> str:
    return f"{found.name} {found.version}".strip()


def _failure(error: MirrorError, key: str) -> Failure:
    return replace(
        Failure.of(error, category=CATEGORIES[HELM]), subject=f"{key} ({error.subject})" if error.subject and error.subject != key else key
    )


def _once(repositories: Iterable[ChartRepository]) -> list[ChartRepository]:
    """A second repository of the same name is ignored (mirroring 6)."""
    seen: dict[str, ChartRepository] = {}
    for repository in repositories:
        seen.setdefault(repository.name, repository)
    return list(seen.values())
