# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`operators` as a content source: catalogs, filtered and rebuilt, and the images that their bundles name.

Each entry stands alone: a catalog that cannot be read, or whose filter cannot be served, is a failure of its own.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import beginnings
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.entry import Part, failed
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATALOG, CATEGORIES, Collected, Context


def collect(imageset: ImageSet, context: Context) -> Collected:
    """The catalogs of an image set with their bundles' images.  Raises InputError for options that are none."""
    settings = Settings.of(context)
    if imageset.delete:
        # What is deleted needs neither a catalog nor anybody's signature.
        settings = replace(settings, rebuild=False, rules=())
    try:
        settings = replace(settings, records=beginnings.known(imageset, context))
    except Cancelled:
        raise
    except MirrorError as error:
        # Without their history catalogs would be started again.
        return Collected(failures=(Failure.of(error, "storageConfig", CATEGORIES[CATALOG]),))
    kept = Kept(context.upstream, context.workspace, min(context.parallel, 4))
    parts: list[Collected] = [Collected(warnings=_unused_rules(imageset, settings))]
    current: dict[str, Digest] = {}
    for number, wanted in enumerate(imageset.operators):
        context.tell("catalogs", number, len(imageset.operators))
        try:
            part = Part(number, wanted, imageset, context, settings, kept)
            parts.append(part.collect())
            current[wanted.catalog] = part.root().digest
        except Cancelled:
            raise
        except MirrorError as error:
            parts.append(Collected(failures=(failed(error, f"operators[{number}]", wanted.catalog, [[f"operators[{number}]"]]),)))
    kept.forget_others(current)
    if not imageset.delete and "catalog_records" not in context.options:
        found = {entry["name"]: entry["record"] for part in parts for entry in part.catalogs if "record" in entry}
        beginnings.keep(context.workspace, {**settings.records, **found} if found else {})
    return Collected(
        images=tuple(image for part in parts for image in part.images),
        catalogs=tuple(entry for part in parts for entry in part.catalogs),
        warnings=tuple(text for part in parts for text in part.warnings),
        failures=tuple(failure for part in parts for failure in part.failures),
    )


def _unused_rules(imageset: ImageSet, settings: Settings) -> tuple[str, ...]:
    known = []
    for wanted in imageset.operators:
        try:
            known.append((parse(wanted.catalog, imageset.generation), wanted.catalog))
        except InputError:
            continue
    return signatures.unused(settings.rules, known)
