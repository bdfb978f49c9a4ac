# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The tags under which oc-mirror v1 published what the second generation names otherwise (mirroring 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, parse, split
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import compatibility_tag, digest_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, GENERIC, HELM, RELATED
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage


def with_v1_tags(images: Sequence[PlanImage], config: dict[str, Any]) -> tuple[PlanImage, ...]:
    """The images under the tags of v1.  config: of the plan, which says where catalogs come from."""
    layouts = _layouts(config)
    return tuple(replace(image, tags=(_tag(image, layouts),)) if _differs(image) else image for image in images)


def _differs(image: PlanImage) -> bool:
    """Images that are named by digest alone and got no tag of the user's choice."""
    _name, tag, digest, _transport = split(image.origin)
    return image.type in (BUNDLE, RELATED, GENERIC, HELM) and not image.subject and not tag and image.tags == (digest_tag(digest),)


def _tag(image: PlanImage, layouts: Sequence[str]) -> str:
    return compatibility_tag(image.type, parse(image.origin), from_layout=any(chain[0] in layouts for chain in image.why if chain))


def _layouts(config: dict[str, Any]) -> tuple[str, ...]:
    """The entries of `operators` whose catalog is a local layout."""
    operators = (config.get("delete") or config.get("mirror") or {}).get("operators") or ()
    return tuple(f"operators[{number}]" for number, entry in enumerate(operators) if split(entry["catalog"])[3] == OCI)
