# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`operators` as a content source: catalogs, filtered and rebuilt, and the images that their bundles name.

Each entry stands alone: a catalog that cannot be read, or whose filter cannot be served, is a failure of its own.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    Failure,
    InputError,
    MirrorError,
    StorageError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs import answer, exclusion, filtering, images, record, summary
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.answer import Answer
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.draft import IGNORE, INCLUDE, WARN, Filtered, Options
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.identity import identity
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.images import BundleImages
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.kept import Kept, Opened
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.rebuild import rebuild
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.catalog_name import unique_name
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import Target, map_catalog, map_operator_image
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import (
    BUNDLE,
    CATALOG,
    CATEGORIES,
    RELATED,
    Collected,
    Context,
    WantedImage,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.upstream import BUILT, ORIGIN

FOLDER = "catalogs"
# What to do about a bundle one of whose images is not to be had.
REPORT, EXCLUDE = "report", "exclude"


@dataclass(frozen=True)
class _Settings:
    """The options of a planning run that concern catalogs.

    catalog_dependencies, catalog_repair, catalog_strict, catalog_prereleases: see `draft.Options`.
    catalog_missing_images: `report` (the image fails, all else stands) or `exclude` (its bundle leaves the catalog).
    catalog_records: where v1's channels began, by unique name of the catalog, in the form of the metadata; when not given the
    workspace's own memory, or while it has none that of oc-mirror v1.
    rebuild: False when only the images matter, because they are to be deleted.
    """

    filter: Options
    missing: str
    records: Mapping[str, Any] = field(default_factory=dict)
    rebuild: bool = True

    @classmethod
    def of(cls, context: Context) -> "_Settings":
        options = context.options
        dependencies = str(options.get("catalog_dependencies") or "")
        missing = str(options.get("catalog_missing_images") or REPORT)
        for name, value, allowed in (
            ("catalog_dependencies", dependencies, ("", INCLUDE, WARN, IGNORE)),
            ("catalog_missing_images", missing, (REPORT, EXCLUDE)),
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
        )


def collect(imageset: ImageSet, context: Context) -> Collected:
    """The catalogs of an image set with their bundles' images.  Raises InputError for options that are none."""
    settings = replace(_Settings.of(context), rebuild=not imageset.delete)
    try:
        settings = replace(settings, records=record.known(imageset, context))
    except Cancelled:
        raise
    except MirrorError as error:
        # Without their history catalogs would be started again.
        return Collected(failures=(Failure.of(error, "storageConfig", CATEGORIES[CATALOG]),))
    kept = Kept(context.upstream, context.workspace, min(context.parallel, 4))
    parts: List[Collected] = []
    current: Dict[str, Digest] = {}
    for number, wanted in enumerate(imageset.operators):
        try:
            part = _Part(number, wanted, imageset.generation, context, settings, kept)
            parts.append(part.collect())
            current[wanted.catalog] = part.root().digest
        except Cancelled:
            raise
        except MirrorError as error:
            parts.append(Collected(failures=(_failure(error, f"operators[{number}]", wanted.catalog),)))
    kept.forget_others(current)
    if not imageset.delete and "catalog_records" not in context.options:
        found = {entry["name"]: entry["record"] for part in parts for entry in part.catalogs if "record" in entry}
        record.keep(context.workspace, {**settings.records, **found} if found else {})
    return Collected(
        images=tuple(image for part in parts for image in part.images),
        catalogs=tuple(entry for part in parts for entry in part.catalogs),
        warnings=tuple(text for part in parts for text in part.warnings),
        failures=tuple(failure for part in parts for failure in part.failures),
    )


def _failure(error: MirrorError, path: str, subject: str) -> Failure:
    return replace(Failure.of(error, subject=subject, category=CATEGORIES[CATALOG]), message=f"{path}: {error.message}")


class _Part:
    """One entry of `operators`."""

    def __init__(self, number: int, wanted: Wanted, generation: Generation, context: Context, settings: _Settings, kept: Kept) -> None:
        self.path = f"operators[{number}]"
        self._wanted = wanted
        self._generation = generation
        self._context = context
        self._settings = settings
        self._kept = kept
        self._root: Optional[Manifest] = None
        self._reference: Reference = parse(wanted.catalog, generation)

    def root(self) -> Manifest:
        """The catalog's manifest or index; asked for once."""
        if self._root is None:
            self._root = self._kept.root(self._reference.repository, self._reference.selector)
        return self._root

    def collect(self) -> Collected:
        root = self.root()
        found = self._answer(root)
        pushed = found.digest if self._generation is Generation.V2 and found.digest else root.digest
        target = map_catalog(self._wanted, self._generation, pushed)
        bundles, failures = self._bundle_images(found.bundles)
        return Collected(
            images=(self._catalog_image(root, found, target), *bundles),
            catalogs=(self._entry(root, found, target),),
            warnings=tuple(f"{self.path}: {text}" for text in (*found.warnings, *images.notes(found.bundles))),
            failures=failures,
        )

    @property
    def _unfiltered(self) -> bool:
        return self._wanted.full and not self._wanted.packages

    def _answer(self, root: Manifest) -> Answer:
        """From the workspace when the same was asked of the same catalog before; which images exist is asked each time."""
        folder = self._kept.folder(root.digest)
        name = answer.key(self._question(root))
        if self._settings.missing == REPORT:
            known = answer.read(folder, name)
            if known is not None and (not known.layout or os.path.exists(os.path.join(self._layout(known.layout), ORIGIN))):
                return known
        opened = self._kept.catalog(self._wanted.catalog, self._reference.repository, root)
        self._kept.note(self._wanted.catalog, root.digest)
        found = self._filtered(opened, root)
        opened.close()
        if self._settings.missing == REPORT:
            answer.write(folder, name, found)
        return found

    def _question(self, root: Manifest) -> Dict[str, Any]:
        settings, options = self._settings, self._settings.filter
        return {
            "catalog": identity(self._wanted, root.digest),
            "digest": root.digest,
            "generation": self._generation.value,
            "repository": self._reference.repository,
            "record": record.document(self._record() or ()),
            "options": [options.dependencies, options.repair, options.strict, options.prereleases, settings.missing, settings.rebuild],
        }

    def _record(self) -> Optional[record.Record]:
        """v1's memory of this catalog; None when it was not mirrored before, or is wanted whole (INCR-1)."""
        if self._generation is not Generation.V1 or self._wanted.full:
            return None
        entries = self._settings.records.get(unique_name(self._wanted, self._generation))
        return record.of(entries, self._wanted.catalog) if entries else None

    def _filtered(self, opened: Opened, root: Manifest) -> Answer:
        past = self._record()
        found = filtering.apply(opened.catalog, self._wanted, self._generation, self._settings.filter, past)
        found = self._without_missing(found)
        selection = found.selection
        bundles = images.of_selection(selection)
        if not bundles:
            raise InputError(
                "no related images found: nothing is left of the catalog" + "".join(f" ({text})" for text in found.warnings[:3]),
                advice="Check the packages, channels and bounds against what the catalog has (catalog_info lists it).",
            )
        as_it_is = self._unfiltered or not self._settings.rebuild
        layout, digest = ("", "") if as_it_is else self._rebuilt(root, selection)
        return Answer(
            packages=summary.packages(selection, found.chosen, "bundles"),
            bundles=bundles,
            warnings=found.warnings,
            record=record.document(self._next_record(opened, found, past)),
            layout=layout,
            digest=digest,
        )

    def _next_record(self, opened: Opened, found: Filtered, past: Optional[record.Record]) -> record.Record:
        if self._generation is not Generation.V1 or self._wanted.full:
            return ()
        if past is None:
            return record.first(self._wanted, found.selection)
        return record.following(opened.catalog, self._wanted, past)

    def _without_missing(self, found: Filtered) -> Filtered:
        """Without the bundles that name an image which is not to be had, when that is asked for (P15)."""
        if self._settings.missing != EXCLUDE or self._unfiltered:
            return found
        gone = images.missing(images.of_selection(found.selection), self._generation, self._exists, self._context.parallel)
        if not gone:
            return found
        names: Dict[str, List[str]] = {}
        notes: List[str] = []
        for (package, bundle), (text, error) in sorted(gone.items()):
            names.setdefault(package, []).append(bundle)
            notes.append(f"Bundle {bundle} of package {package} is left out, for {text} is not to be had: {error.message}.")
        selection, more = exclusion.without(found.selection, names)
        return replace(found, selection=selection, warnings=(*found.warnings, *notes, *more))

    def _exists(self, reference: Reference) -> Manifest:
        return self._kept.root(reference.repository, reference.selector)

    def _layout(self, name: str) -> str:
        return os.path.join(self._context.workspace.content, FOLDER, name)

    def _rebuilt(self, root: Manifest, selection: Selection) -> Tuple[str, str]:
        """The catalog image with the selection in it: its layout's name, which is that of its content, and its digest."""
        repository = self._reference.repository
        folder = self._layout(".building")
        shutil.rmtree(folder, ignore_errors=True)
        index = rebuild(self._kept.instances(repository, root), selection, LayoutStore(folder), identity(self._wanted, root.digest))
        files.write(os.path.join(folder, ORIGIN), repository.encode("utf-8"))
        name = index.digest.hex
        try:
            if os.path.exists(os.path.join(self._layout(name), ORIGIN)):
                shutil.rmtree(folder)
            else:
                shutil.rmtree(self._layout(name), ignore_errors=True)
                os.rename(folder, self._layout(name))
        except OSError as error:
            raise StorageError(f"cannot keep the rebuilt catalog in {self._layout(name)}: {error.strerror}", subject=folder) from error
        return name, index.digest

    def _catalog_image(self, root: Manifest, found: Answer, target: Target) -> WantedImage:
        """A rebuilt catalog is read here; one that is taken as it is stays the one that was looked into."""
        source = f"{BUILT}{FOLDER}/{found.layout}" if found.layout else ""
        pinned = self._reference if found.layout or self._reference.transport == OCI else self._reference.pinned(root.digest)
        return WantedImage(CATALOG, pinned, target.repository, (target.tag,), self._wanted.platforms, (self.path,), source)

    def _bundle_images(self, bundles: Tuple[BundleImages, ...]) -> Tuple[Tuple[WantedImage, ...], Tuple[Failure, ...]]:
        wanted: List[WantedImage] = []
        failures: Dict[str, Failure] = {}
        for bundle in bundles:
            for text, result in self._references(bundle):
                if isinstance(result, MirrorError):
                    failures.setdefault(text, _failure(result, f"{self.path}, bundle {bundle.name}", text))
                    continue
                target = map_operator_image(result, self._generation, self._reference.transport == OCI)
                kind = BUNDLE if text == bundle.image else RELATED
                why = (self.path, bundle.package, bundle.name)
                wanted.append(WantedImage(kind, result, target.repository, (target.tag,), self._wanted.platforms, why))
        return tuple(wanted), tuple(failures.values())

    def _references(self, bundle: BundleImages) -> Iterator[Tuple[str, Any]]:
        for text in bundle.references:
            try:
                yield text, images.read(text, self._generation)
            except MirrorError as error:
                yield text, error

    def _entry(self, root: Manifest, found: Answer, target: Target) -> Dict[str, Any]:
        """The catalog's entry in the plan."""
        entry: Dict[str, Any] = {
            "catalog": self._wanted.catalog,
            "name": unique_name(self._wanted, self._generation),
            "digest": str(root.digest),
            "destination": target.repository,
            "tag": target.tag,
            "packages": found.packages,
        }
        if found.layout:
            entry["filter"] = identity(self._wanted, root.digest)
            entry["rebuilt"] = found.digest
        if found.record:
            entry["record"] = found.record
        return entry
