# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One entry of `operators` as a content source: its catalog, filtered and rebuilt, and the images that its bundles name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Failure,
    InputError,
    MirrorError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import related_images
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.built import BuiltCatalogs
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept, Opened
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.identity import identity
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import exceptions, signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.availability import Availability, Verdict
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.signatures import Rule, Seal
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import beginnings, exclusion, filtering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Filtered
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source import answer, pins, summary
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.answer import Answer
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.pins import Pins
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.blocked import Blocked
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
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.verifier import Verifier


def failed(error: MirrorError, place: str, subject: str, why: Iterable[Sequence[str]]) -> Failure:
    """A failure that says where in the configuration it happened."""
    return replace(Failure.of(error, subject, CATEGORIES[CATALOG], why), message=f"{place}: {error.message}")


class Part:
    """One entry of `operators`."""

    def __init__(self, number: int, wanted: Wanted, imageset: ImageSet, context: Context, settings: Settings, kept: Kept) -> None:
        self.path = f"operators[{number}]"
        self._wanted = wanted
        self._generation = imageset.generation
        self._blocked = Blocked(imageset.blocked_images, imageset.generation)
        self._context = context
        self._settings = settings
        self._kept = kept
        self._built = BuiltCatalogs(context.workspace)
        self._root: Manifest | None = None
        self._reference: Reference = parse(wanted.catalog, imageset.generation)
        self._seal = self._seal_of(signatures.first(settings.rules, self._reference, wanted.catalog))

    def root(self) -> Manifest:
        """The catalog's manifest or index; asked for once."""
        if self._root is None:
            self._root = self._kept.root(self._reference.repository, self._reference.selector)
        return self._root

    def collect(self) -> Collected:
        root = self.root()
        notes = self._unsealed(root)
        found = self._answer(root)
        verdict = self._availability().judge(found.bundles)
        if verdict.left_out:
            found = self._answer(root, tuple(sorted(verdict.left_out)))
        pushed = found.digest if self._generation is Generation.V2 and found.digest else root.digest
        target = map_catalog(self._wanted, self._generation, pushed)
        bundles, failures = self._bundle_images(found, verdict)
        sentences = (*notes, *found.warnings, *verdict.sentences, *related_images.notes(found.bundles))
        return Collected(
            images=(self._catalog_image(root, found, target), *bundles),
            catalogs=(self._entry(root, found, target),),
            warnings=tuple(f"{self.path}: {text}" for text in sentences),
            failures=failures,
        )

    def _seal_of(self, rule: Rule | None) -> Seal | None:
        if rule is None:
            return None
        return Seal(rule, self._reference.domain, self._wanted.platforms, Verifier(self._context.upstream, self._context.fetch))

    def _unsealed(self, root: Manifest) -> tuple[str, ...]:
        """What is told of a catalog that is not signed as it should be.  Raises the problem where a signature is required."""
        problem = self._seal.problem(self._reference, root) if self._seal is not None else None
        if problem is None:
            return ()
        if self._seal is not None and self._seal.required:
            raise problem
        return (f"The catalog {self._reference} has no valid signature: {problem.message}.",)

    def _availability(self) -> Availability:
        settings = self._settings
        return Availability(
            settings.missing, settings.waivers, self._seal, exceptions.today(), self._unblocked, self._exists, self._context.parallel
        )

    def _unblocked(self, text: str) -> Reference | None:
        reference = related_images.read(text, self._generation)
        target = map_operator_image(reference, self._generation, self._reference.transport == OCI)
        return None if self._blocked.matches(str(reference), target.repository) else reference

    @property
    def _unfiltered(self) -> bool:
        return self._wanted.full and not self._wanted.packages

    def _answer(self, root: Manifest, left_out: tuple[tuple[str, str], ...] = ()) -> Answer:
        """From the workspace when the same was asked of the same catalog before.

        left_out: bundles (package, name) that go, for their images are not to be had.
        """
        folder = self._kept.folder(root.digest)
        name = answer.key(self._question(root, left_out))
        known = answer.read(folder, name)
        if known is not None and (not known.layout or self._built.has(known.layout)):
            return known
        opened = self._kept.catalog(self._wanted.catalog, self._reference.repository, root)
        self._kept.note(self._wanted.catalog, root.digest)
        found, whole = self._filtered(opened, root, left_out)
        opened.close()
        if whole:
            answer.write(folder, name, found)
        return found

    def _question(self, root: Manifest, left_out: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        settings, options = self._settings, self._settings.filter
        return {
            "catalog": identity(self._wanted, root.digest),
            "digest": root.digest,
            "generation": self._generation.value,
            "repository": self._reference.repository,
            "record": beginnings.document(self._record() or ()),
            "options": [options.dependencies, options.repair, options.strict, options.prereleases, settings.rebuild],
            "left_out": left_out,
        }

    def _record(self) -> beginnings.Record | None:
        """v1's memory of this catalog; None when it was not mirrored before, or is wanted whole (INCR-1)."""
        if self._generation is not Generation.V1 or self._wanted.full:
            return None
        entries = self._settings.records.get(unique_name(self._wanted, self._generation))
        return beginnings.of(entries, self._wanted.catalog) if entries else None

    def _filtered(self, opened: Opened, root: Manifest, left_out: tuple[tuple[str, str], ...]) -> tuple[Answer, bool]:
        """The answer, and whether it will be the same the next time."""
        past = self._record()
        found = filtering.apply(opened.catalog, self._wanted, self._generation, self._settings.filter, past)
        if left_out:
            found = _without(found, left_out)
        selection = found.selection
        bundles = related_images.of_selection(selection)
        if not bundles:
            raise InputError(
                "no related images found: nothing is left of the catalog" + "".join(f" ({text})" for text in found.warnings[:3]),
                advice="Check the packages, channels and bounds against what the catalog has (catalog_info lists it).",
            )
        rebuilt = self._settings.rebuild
        fixed = self._pins(bundles) if rebuilt and self._generation is Generation.V1 else Pins()
        # A whole catalog stays as it is unless something in it becomes another (RI-3).
        as_it_is = not rebuilt or (self._unfiltered and not left_out and not fixed.digests)
        layout, digest = ("", "") if as_it_is else self._rebuilt(root, pins.pinned(selection, fixed.digests))
        result = Answer(
            packages=summary.packages(selection, found.chosen, "bundles", opened.catalog.package),
            bundles=bundles,
            warnings=(*found.warnings, *fixed.sentences),
            record=beginnings.document(self._next_record(opened, found, past)),
            layout=layout,
            digest=digest,
            pins=fixed.digests,
            required=found.required,
        )
        return result, fixed.complete

    def _pins(self, bundles: tuple[BundleImages, ...]) -> Pins:
        """v1 writes digests into the catalogs that it rebuilds (RI-3)."""

        def digest(text: str) -> str:
            reference = self._unblocked(text)
            return self._exists(reference).digest if reference is not None else ""

        return pins.look_up(bundles, digest, self._context.parallel)

    def _next_record(self, opened: Opened, found: Filtered, past: beginnings.Record | None) -> beginnings.Record:
        if self._generation is not Generation.V1 or self._wanted.full:
            return ()
        if past is None:
            return beginnings.first(self._wanted, found.selection)
        return beginnings.following(opened.catalog, self._wanted, past)

    def _exists(self, reference: Reference) -> Manifest:
        return self._kept.root(reference.repository, reference.selector)

    def _rebuilt(self, root: Manifest, selection: Selection) -> tuple[str, str]:
        """The catalog image with the selection in it: its layout's name, which is that of its content, and its digest."""
        repository = self._reference.repository
        instances = self._kept.instances(repository, root)
        name, index = self._built.build(instances, selection, repository, identity(self._wanted, root.digest))
        return name, index.digest

    def _catalog_image(self, root: Manifest, found: Answer, target: Target) -> WantedImage:
        """A rebuilt catalog is read here; one that is taken as it is stays the one that was looked into."""
        source = self._built.source(found.layout)
        pinned = self._reference if found.layout or self._reference.transport == OCI else self._reference.pinned(root.digest)
        return WantedImage(CATALOG, pinned, target.repository, (target.tag,), self._wanted.platforms, (self.path,), source)

    def _bundle_images(self, found: Answer, verdict: Verdict) -> tuple[tuple[WantedImage, ...], tuple[Failure, ...]]:
        wanted: list[WantedImage] = []
        errors: dict[str, tuple[str, MirrorError]] = {}
        reasons: dict[str, list[Sequence[str]]] = {}
        for bundle in found.bundles:
            for text, result in self._references(bundle):
                why = (self.path, bundle.package, bundle.name, *found.required.get((bundle.package, bundle.name), ()))
                reasons.setdefault(text, []).append(why)
                if text in verdict.skipped:
                    continue
                if text in verdict.failed:
                    errors[text] = verdict.failed[text]
                elif isinstance(result, MirrorError):
                    errors.setdefault(text, (bundle.name, result))
                else:
                    pin = found.pins.get(text, "")
                    origin = result.pinned(pin) if pin else result
                    # v1 knows by its digest alone what it pinned, and names it accordingly.
                    named = replace(origin, tag="") if pin else origin
                    target = map_operator_image(named, self._generation, self._reference.transport == OCI)
                    kind = BUNDLE if text == bundle.image else RELATED
                    wanted.append(WantedImage(kind, origin, target.repository, (target.tag,), self._wanted.platforms, why))
        failures = (failed(error, f"{self.path}, bundle {name}", text, reasons[text]) for text, (name, error) in errors.items())
        return tuple(wanted), tuple(failures)

    def _references(self, bundle: BundleImages) -> Iterator[tuple[str, Any]]:
        for text in bundle.references:
            try:
                yield text, related_images.read(text, self._generation)
            except MirrorError as error:
                yield text, error

    def _entry(self, root: Manifest, found: Answer, target: Target) -> dict[str, Any]:
        """The catalog's entry in the plan."""
        entry: dict[str, Any] = {
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


def _without(found: Filtered, left_out: tuple[tuple[str, str], ...]) -> Filtered:
    """Without bundles (package, name) whose images are not to be had (P15)."""
    names: dict[str, list[str]] = {}
    for package, bundle in left_out:
        names.setdefault(package, []).append(bundle)
    selection, notes = exclusion.without(found.selection, names)
    return replace(found, selection=selection, warnings=(*found.warnings, *notes))
