# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The charts of a DeleteImageSetConfiguration, from the last plan: neither helm nor the chart is needed to know their images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Chart, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES, HELM, Collected, Context, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.sources import SOURCES, Source


def with_planned_charts(plan: Plan) -> tuple[Source, ...]:
    """The content sources, with the plan in the place of chart repositories."""

    def collect(imageset: ImageSet, _context: Context) -> Collected:
        return _collect(imageset, plan)

    return tuple(replace(source, collect=collect) if source.key == "helm" else source for source in SOURCES)


def _collect(imageset: ImageSet, plan: Plan) -> Collected:
    images: list[WantedImage] = []
    charts: list[dict[str, Any]] = []
    failures: list[Failure] = []
    for key, repository, chart in _wanted(imageset):
        found = [entry for entry in plan.charts if _is(entry, repository, chart)]
        if not found:
            failures.append(_missing(key, f"the last plan has no chart {_title(repository, chart)}"))
        for entry in found:
            charts.append(entry)
            images += _images(entry, key, plan)
    return Collected(images=tuple(images), charts=tuple(charts), failures=tuple(failures))


def _wanted(imageset: ImageSet) -> Iterator[tuple[str, str, Chart]]:
    """Each chart with its key and the name of its repository; a repository without charts means all of its own."""
    for number, chart in enumerate(imageset.helm.local):
        yield f"helm.local[{number}]", "", chart
    for number, repository in enumerate(imageset.helm.repositories):
        for place, chart in enumerate(repository.charts):
            yield f"helm.repositories[{number}].charts[{place}]", repository.name, chart
        if not repository.charts:
            yield f"helm.repositories[{number}]", repository.name, Chart()


def _is(entry: dict[str, Any], repository: str, chart: Chart) -> bool:
    if entry.get("repository", "") != repository:
        return False
    names = {entry.get("name"), entry.get("file")}
    if not repository and not chart.name:
        return os.path.basename(chart.path.rstrip("/")) in names
    version = str(entry.get("version", "")).lstrip("v")
    return chart.name in ("", entry.get("name")) and chart.version.lstrip("v") in ("", version)


def _images(entry: dict[str, Any], key: str, plan: Plan) -> Iterator[WantedImage]:
    title = f"chart {entry.get('name', '')} {entry.get('version', '')}".strip()
    for image in plan.images:
        if image.type == HELM and not image.subject and any(title in chain for chain in image.why):
            yield WantedImage(HELM, parse(image.origin), image.destination, image.tags, why=(key, title))


def _missing(key: str, message: str) -> Failure:
    return Failure.of(NotFound(message, subject=key, advice="List its images as additionalImages."), category=CATEGORIES[HELM])


def _title(repository: str, chart: Chart) -> str:
    return " ".join(filter(None, (repository, chart.name or chart.path, chart.version)))
