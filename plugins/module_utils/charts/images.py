# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which images a rendered chart names (mirroring 6, "Image extraction")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import bounds, documents
from ansible_collections.disconnected.mirror.plugins.module_utils.charts.json_path import Finder, compile_path

DEFAULT_PATHS = (
    "{.spec.template.spec.initContainers[*].image}",
    "{.spec.template.spec.containers[*].image}",
    "{.spec.initContainers[*].image}",
    "{.spec.containers[*].image}",
)
# Beyond the reference implementation, which finds these only through imagePaths.
CRONJOB_PATHS = (
    "{.spec.jobTemplate.spec.template.spec.initContainers[*].image}",
    "{.spec.jobTemplate.spec.template.spec.containers[*].image}",
)
_DOCUMENT = re.compile(r"^---(?:\s.*)?$", re.MULTILINE)


def finders(image_paths: Sequence[str]) -> tuple[Finder, ...]:
    """The default paths and then those of the chart.  Raises InputError, Unsupported."""
    return tuple(compile_path(path) for path in (*DEFAULT_PATHS, *CRONJOB_PATHS, *image_paths))


def images_in(rendered: str, paths: Sequence[Finder], subject: str) -> tuple[str, ...]:
    """References as the manifests spell them, each once, in the order in which they appear.

    Raises InputError when a manifest is not YAML, Unsupported when there is too much.
    """
    found: list[str] = []
    texts = _DOCUMENT.split(rendered)
    if len(texts) > limits.RENDERED_DOCUMENTS or bounds.values_at_most(rendered.encode("utf-8", "replace")) > limits.RENDERED.values:
        raise Unsupported("the rendered chart has more documents or values than are accepted", subject=subject)
    for text in texts:
        if text.strip():
            document = documents.load(text, subject)
            for finder in paths:
                found.extend(_texts(finder(document)))
    return tuple(dict.fromkeys(found))


def _texts(values: Iterator[Any]) -> Iterator[str]:
    """A value may list several images, separated by blanks."""
    for value in values:
        if isinstance(value, str):
            yield from value.split()
        elif isinstance(value, list):
            yield from _texts(iter(value))
