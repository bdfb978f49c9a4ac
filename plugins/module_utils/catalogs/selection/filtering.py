# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A catalog filtered by either generation's rules, and proved to be one that can be served."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filter_v1, filter_v2, repair, validation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.beginnings import Record, recorded
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Filtered, Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import model as config


def apply(catalog: Catalog, wanted: config.Catalog, generation: Generation, options: Options, record: Record | None = None) -> Filtered:
    """What an entry of `operators` leaves of a catalog.

    record: where v1 began in an earlier run (2.8); None on the first.
    Raises InputError: what the configuration asks for is not there, or the result cannot be served; the advice names the setting.
    """
    unfiltered = wanted.full and not wanted.packages
    if generation is Generation.V1:
        follow = record is not None and not wanted.full
        asked = recorded(catalog, wanted, record) if follow and record is not None else wanted
        filtered = filter_v1.select(catalog, asked, options, tolerant=follow)
    else:
        filtered = filter_v2.select(catalog, wanted, options)
    if unfiltered:
        return filtered
    if options.repair:
        packages, notes = repair.mended(filtered.selection.packages)
        filtered = replace(filtered, selection=Selection(packages, filtered.selection.others), warnings=(*filtered.warnings, *notes))
    filtered = replace(filtered, warnings=(*filtered.warnings, *check(catalog, filtered.selection)))
    if generation is Generation.V1:
        filtered = _with_missing(filtered, wanted, options)
    return filtered


def check(catalog: Catalog, selection: Selection) -> tuple[str, ...]:
    """Raises InputError unless the selection can be served; the advice says which bounds would make it so.

    Gives a sentence for each package whose publisher did what newer versions of opm refuse.
    """
    try:
        validation.check(selection, subject=catalog.name)
        return ()
    except InputError as error:
        doubtful = [name for name, package in selection.packages.items() if validation.package_problems(package)]
        sources = {name: catalog.package(name) for name in doubtful}
        if (
            doubtful
            and not any(validation.first_problems(selection))
            and all(source and validation.is_inherited(selection.packages[name], source) for name, source in sources.items())
        ):
            return tuple(
                f"Package {name} is as its publisher made it, and newer versions of opm refuse it: {_shown(error)}" for name in doubtful
            )
        hints = [repair.advice(source, selection.packages[name]) for name, source in sources.items() if source]
        advice = " ".join(filter(None, hints)) or "Check minVersion, maxVersion and defaultChannel of the package;"
        raise InputError(
            error.message, subject=catalog.name, advice=f"{advice} or let the filter repair it with the repair option."
        ) from error


def _shown(error: InputError) -> str:
    return " ".join(line.strip("│├└─ ") for line in error.message.splitlines()[1:])


def _with_missing(filtered: Filtered, wanted: config.Catalog, options: Options) -> Filtered:
    missing = filter_v1.missing_packages(wanted, filtered.selection)
    if missing and (options.strict is None or options.strict):
        raise InputError(" ".join(missing), advice="catalog_info lists the packages, channels and versions of a catalog.")
    return replace(filtered, warnings=(*filtered.warnings, *missing))
