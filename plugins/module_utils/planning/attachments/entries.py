# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Attachments as entries of the plan, by the policy that was chosen (user-needs P08)."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.lookups import Lookups
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.search import Attachment, Found, find_attachments
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import content_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.merge import Entry, united
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.resolve import Resolver

# copy: what is there comes along.  skip: nothing is looked for.  require: an image without a signature is a failure.
COPY = "copy"
SKIP = "skip"
REQUIRE = "require"
POLICIES = (COPY, SKIP, REQUIRE)


def check_policy(policy: str) -> None:
    """Raises InputError for what is none of POLICIES."""
    if policy not in POLICIES:
        raise InputError(f"signatures is {policy!r}", subject="signatures", advice=f"Choose one of {', '.join(POLICIES)}.")


def with_attachments(
    entries: Sequence[Entry], resolver: Resolver, policy: str, lookups: Lookups | None = None
) -> tuple[list[Entry], list[Failure], list[str]]:
    """The entries that satisfy the policy, followed by their attachments; failures; warnings.

    lookups: what was found lately; a signature that is required and was not there is looked for again nevertheless.
    """
    check_policy(policy)
    if policy == SKIP:
        return list(entries), [], []
    subjects: dict[str, list[Digest]] = {}
    for entry in entries:
        if not entry.built:
            subjects.setdefault(entry.image.source, []).extend(manifest.digest for manifest in entry.content.manifests)
    found = _look(subjects, resolver, lookups if policy == COPY else None)
    kept: list[Entry] = []
    attached: list[Entry] = []
    failures: list[Failure] = []
    for entry in entries:
        failure = None if entry.built else _failure(entry, found, policy)
        if failure is not None:
            failures.append(failure)
        if failure is not None and policy == REQUIRE:
            continue
        kept.append(entry)
        if not entry.built:
            more, failed = _attached(entry, found, resolver)
            attached += more
            failures += failed
    chosen, warnings = _first_claims(united(attached))
    return kept + chosen, failures, warnings


def _look(subjects: dict[str, list[Digest]], resolver: Resolver, lookups: Lookups | None) -> Found:
    """What is attached, asking only about repositories of which that is not known."""
    if lookups is None:
        return find_attachments(resolver, subjects)
    attachments: dict[tuple[str, Digest], tuple[Attachment, ...]] = {}
    for repository in list(subjects):
        known = lookups.recall(repository, subjects[repository])
        if known is not None:
            del subjects[repository]
            attachments.update(((repository, digest), attached) for digest, attached in known.items())
    found = find_attachments(resolver, subjects)
    answers: dict[str, dict[Digest, tuple[Attachment, ...]]] = {repository: {} for repository in subjects}
    for (repository, digest), attached in found.attachments.items():
        answers[repository][digest] = attached
    refused = {repository for repository, _digest in found.errors}
    for repository in sorted(set(subjects) - refused):
        lookups.keep(repository, answers[repository])
    if subjects:
        lookups.save()
    return Found({**attachments, **found.attachments}, found.errors)


def _failure(entry: Entry, found: Found, policy: str) -> Failure | None:
    image = entry.image
    errors = [found.errors[place] for place in _places(entry) if place in found.errors]
    if errors:
        return _named(errors[0], image, "its signatures could not be looked up")
    if policy != REQUIRE or _is_signed(entry, found):
        return None
    return Failure(
        code="unsigned",
        message=f"{image.origin} has no signature, and signatures are required",
        subject=image.origin,
        category=CATEGORIES[image.type],
        advice="Have it signed, leave it out, or choose signatures: copy.",
        wanted_by=Failure.chains(image.why),
    )


def _named(error: MirrorError, image: PlanImage, what: str) -> Failure:
    failure = Failure.of(error, subject=image.origin, category=CATEGORIES[image.type], why=image.why)
    return Failure(**{**failure.__dict__, "message": f"{what}: {error.message}"})


def _places(entry: Entry) -> list[tuple[str, Digest]]:
    return [(entry.image.source, manifest.digest) for manifest in entry.content.manifests]


def _is_signed(entry: Entry, found: Found) -> bool:
    """The index itself is signed, or each of its instances (release signing covers instances only)."""
    *instances, root = [any(attachment.is_signature for attachment in found.attachments.get(place, ())) for place in _places(entry)]
    return root or (bool(instances) and all(instances))


def _attached(entry: Entry, found: Found, resolver: Resolver) -> tuple[list[Entry], list[Failure]]:
    """The attachments of an image and, in turn, theirs."""
    source = entry.image.source
    result: list[Entry] = []
    failures: list[Failure] = []
    open_places = _places(entry)
    seen: set[tuple[str, Digest]] = set(open_places)
    while open_places:
        for attachment in found.attachments.get(open_places.pop(0), ()):
            try:
                result.append(_entry(entry.image, attachment, resolver))
            except Cancelled:
                raise
            except MirrorError as error:
                failures.append(_named(error, entry.image, f"its attachment {attachment.manifest.digest} could not be read"))
                continue
            place = (source, attachment.manifest.digest)
            if place not in seen:
                seen.add(place)
                open_places.append(place)
    return result, failures


def _entry(owner: PlanImage, attachment: Attachment, resolver: Resolver) -> Entry:
    manifest = attachment.manifest
    name = f"{owner.source}:{attachment.tag}" if attachment.tag else f"{owner.source}@{manifest.digest}"
    content = content_of(manifest, (), lambda digest: resolver.fetch(owner.source, digest), name)
    image = PlanImage(
        type=owner.type,
        origin=name,
        source=owner.source,
        digest=manifest.digest,
        media_type=manifest.media_type,
        size=content.size,
        destination=owner.destination,
        tags=(attachment.tag,) if attachment.tag else (),
        why=tuple((*chain, f"attached to {attachment.subject}") for chain in owner.why),
        subject=attachment.subject,
    )
    return Entry(image, content)


def _first_claims(entries: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """Where two sources sign one image differently, and both go to one repository, the first source's tag stands."""
    owners: dict[tuple[str, str], PlanImage] = {}
    kept: list[Entry] = []
    warnings: list[str] = []
    for entry in sorted(entries, key=lambda entry: (entry.image.destination, entry.image.tags, entry.image.source, entry.image.digest)):
        image = entry.image
        owner = next((owners[image.destination, tag] for tag in image.tags if (image.destination, tag) in owners), image)
        if owner.digest != image.digest:
            warnings.append(f"{image.destination} gets the attachment {owner.origin}; {image.origin} has the same tag and is left out.")
            continue
        owners.update({(image.destination, tag): image for tag in image.tags})
        kept.append(entry)
    return kept, warnings
