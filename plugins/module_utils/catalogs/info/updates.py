# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a catalog has that an older one had not (operator-catalogs 2.9 "Old-vs-new", 9.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import parser
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Bundle, Channel, Selection, objects
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import dependencies, filter_v1
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.default_channel import with_defaults_v1
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import IGNORE, INCLUDE, Draft, Filtered, Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted


def newer(old: Catalog, new: Catalog, wanted: Wanted, options: Options = Options()) -> Filtered:
    """The entries of `new` that `old` has not, or has otherwise, and what they require besides.

    wanted: only what its packages ask for counts, by v1's rules and whole channels where they set no bounds; without packages
    everything counts.  Raises InputError, for packages and channels that are not there.
    """
    draft = Draft()
    warnings = list(filter_v1.include(new, replace(wanted, full=True), options, False, draft))
    for package in new.packages() if not wanted.packages else ():
        for channel in package.channels.values():
            draft.take(package.name, channel.name, channel.names)
    _drop_known(old, new, draft)
    habit = options.dependencies or (IGNORE if wanted.skip_dependencies else INCLUDE)
    if habit == INCLUDE:
        warnings.extend(dependencies.close(new, draft, old))
    # Nobody is served by what is only told: a default channel without news is no error.
    packages, chosen, _repaired = with_defaults_v1(new, draft.packages(new), wanted.packages, True)
    return Filtered(Selection(packages), tuple(warnings), chosen)


def rows(selection: Selection) -> list[dict[str, Any]]:
    """A line for each entry of a selection, by package, channel and place in the channel."""
    return [
        {
            "package": package.name,
            "channel": channel.name,
            "bundle": entry.name,
            "version": str(package.version(entry.name) or ""),
            "replaces": entry.replaces,
        }
        for _name, package in sorted(selection.packages.items())
        for _channel, channel in sorted(package.channels.items())
        for entry in channel.entries
    ]


def _drop_known(old: Catalog, new: Catalog, draft: Draft) -> None:
    """Takes out of a draft what is the same in the same channel of the old catalog."""
    for name, channels in draft.taken.items():
        before, package = old.package(name), new.package(name)
        if before is None or package is None:
            continue
        same: dict[str, bool] = {}
        for channel, names in channels.items():
            past = before.channels.get(channel, Channel(name, channel, ()))
            for entry in sorted(names.intersection(past.by_name)):
                if entry not in same:
                    first, second = before.bundle(entry), package.bundle(entry)
                    same[entry] = first is not None and second is not None and _content(first) == _content(second)
            draft.drop(name, channel, [entry for entry in names.intersection(past.by_name) if same[entry]])


def _content(bundle: Bundle) -> tuple[str, frozenset[bytes], frozenset[tuple[str, str]]]:
    """What counts when bundles of one name are compared: neither the order of properties nor that of images."""
    properties = objects(bundle.document, "properties", bundle.subject)
    return bundle.image, frozenset(map(_canonical, properties)), frozenset(bundle.related_images)


def _canonical(value: Any) -> bytes:
    return parser.line(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
