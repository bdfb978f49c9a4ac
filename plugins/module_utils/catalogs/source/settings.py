# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The options of a planning run that concern catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import availability, exceptions, signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.exceptions import Waiver
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.signatures import Rule
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import IGNORE, INCLUDE, WARN, Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context


@dataclass(frozen=True)
class Settings:
    """Read from the options of a face.

    catalog_dependencies, catalog_repair, catalog_strict, catalog_prereleases: see `draft.Options`.
    catalog_missing_images, catalog_exceptions: see `availability` and `waiver`.  catalog_signatures: see `seal`.
    catalog_records: where v1's channels began, by unique name of the catalog, in the form of the metadata; when not given the
    workspace's own memory, or while it has none that of oc-mirror v1.
    rebuild: False when only the images matter, because they are to be deleted.
    """

    filter: Options
    missing: str
    waivers: tuple[Waiver, ...] = ()
    rules: tuple[Rule, ...] = ()
    records: Mapping[str, Any] = field(default_factory=dict)
    rebuild: bool = True

    @classmethod
    def of(cls, context: Context) -> Settings:
        """Raises InputError for an option that cannot be used, StorageError for a key that cannot be read."""
        options = context.options
        dependencies = str(options.get("catalog_dependencies") or "")
        missing = str(options.get(availability.OPTION) or availability.REPORT)
        for name, value, allowed in (
            ("catalog_dependencies", dependencies, ("", INCLUDE, WARN, IGNORE)),
            (availability.OPTION, missing, availability.POLICIES),
        ):
            if value not in allowed:
                raise InputError(f"{name} is {value!r:.100}", advice=f"Allowed are {', '.join(filter(None, allowed))}.")
        strict = options.get("catalog_strict")
        return cls(
            filter=Options(
                dependencies=dependencies,
                repair=bool(options.get("catalog_repair")),
                strict=None if strict is None else bool(strict),
                prereleases=bool(options.get("catalog_prereleases")),
            ),
            missing=missing,
            waivers=exceptions.read(options.get(exceptions.OPTION)),
            rules=signatures.read(options.get(signatures.OPTION)),
        )
