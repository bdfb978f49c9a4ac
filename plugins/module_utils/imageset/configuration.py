# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An ImageSetConfiguration or DeleteImageSetConfiguration, from a file or from a document (config-and-releases 1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import GROUP, Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.checks import Finding, check
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document import tree
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.decode import Decoder
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.problems import ConfigurationError, Problem
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.schema import names_of
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.tree import Entry, Node
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import (
    DELETE_IMAGE_SET,
    IMAGE_SET,
    Content,
    Envelope,
    ImageSet,
    Storage,
)

KINDS = (IMAGE_SET, DELETE_IMAGE_SET)
_STANZAS = {IMAGE_SET: "mirror", DELETE_IMAGE_SET: "delete"}
_OLD_API = (
    "v1alpha1 is no longer read: set v1alpha2, write platform for ocp, full (which means the opposite) for headsOnly, "
    "minVersion for startingVersion"
)


def load(path: str, kinds: tuple[str, ...] = KINDS) -> ImageSet:
    """Reads a file.

    kinds: those that the caller has a use for.
    Raises ConfigurationError (all problems with their lines), InputError (no such file, not YAML), StorageError.
    """
    try:
        content = files.read(path)
    except FileNotFoundError as error:
        raise InputError(
            f"there is no configuration at {path}", subject=path, advice="Give the path of an ImageSetConfiguration."
        ) from error
    imageset = parse_bytes(content, kinds, path)
    return replace(imageset, warnings=tree.slow_loader_warning() + imageset.warnings)


def parse_bytes(content: bytes, kinds: tuple[str, ...] = KINDS, subject: str = "") -> ImageSet:
    """Reads YAML that came from elsewhere than a file.  Raises ConfigurationError, InputError."""
    return _read(tree.from_bytes(content, subject), subject, kinds)


def parse(document: Any, kinds: tuple[str, ...] = KINDS, subject: str = "") -> ImageSet:
    """Reads a document that is there as dictionaries and lists.  Raises ConfigurationError, InputError."""
    return _read(tree.from_value(document, subject), subject, kinds)


def _read(root: Node, subject: str, kinds: tuple[str, ...]) -> ImageSet:
    if not root.is_mapping:
        found = "nothing" if root.content is None else "this"
        message = f"a mapping with apiVersion, kind and the stanza mirror or delete is expected, not {found}"
        raise ConfigurationError((Problem("E-TYPE", "", message, root.line),), subject)
    reading = _Reading(root, kinds)
    imageset = reading.imageset()
    if reading.problems:
        raise ConfigurationError(reading.problems, subject)
    return imageset


class _Reading:
    """One pass over one document: everything that can be said about it is collected."""

    def __init__(self, root: Node, kinds: tuple[str, ...]) -> None:
        self._root = root
        self._kinds = kinds
        self._warnings: list[str] = []
        self.problems: list[Problem] = []

    def imageset(self) -> ImageSet:
        kind = self._kind()
        generation = self._generation(kind)
        if generation is None:
            return ImageSet(Generation.V2)
        self._stanzas(kind)
        decoder = Decoder(generation)
        content, envelope = self._decode(decoder, kind, generation)
        self.problems += decoder.problems
        imageset = self._assemble(kind, generation, content, envelope)
        findings, warnings = check(imageset)
        faulty = {problem.path for problem in self.problems if problem.rule == "E-TYPE"}
        self.problems += [_problem(finding, decoder.lines) for finding in findings if not faulty.intersection(_around(finding.path))]
        return replace(_normalised(imageset), warnings=tuple(self._warnings + warnings))

    def _entry(self, key: str) -> Entry | None:
        """The first entry of a key, in any case; that it is there twice is told by the decoder."""
        found = [entry for entry in self._root.entries if entry.key.lower() == key.lower()]
        return found[0] if found else None

    def _kind(self) -> str:
        entry = self._entry("kind")
        line = entry.line if entry else 1 if self._root.line else 0
        named = entry.value.content if entry else None
        if isinstance(named, str) and named in self._kinds:
            return named
        expected = " or ".join(self._kinds)
        if entry is None or named is None:
            self.problems.append(Problem("E-KIND", "kind", f"kind is missing; {expected} is expected", line))
        else:
            self.problems.append(
                Problem("E-GVK", "kind", f'kind "{entry.value.written}" is not accepted here; {expected} is expected', line)
            )
        if isinstance(named, str) and named in KINDS:
            return named
        return DELETE_IMAGE_SET if self._entry("delete") and not self._entry("mirror") else IMAGE_SET

    def _generation(self, kind: str) -> Generation | None:
        """The rules to apply; None when no rules are known for the apiVersion."""
        entry = self._entry("apiVersion")
        named = entry.value.content if entry else None
        for generation in Generation:
            if named == generation.api_version:
                return self._for_kind(kind, generation)
        expected = " or ".join(generation.api_version for generation in Generation)
        if entry is None or named is None:
            message = f"apiVersion is missing; {expected} is expected"
        else:
            message = f'apiVersion "{entry.value.written}" is not accepted; {expected} is expected'
            if named == f"{GROUP}/v1alpha1":
                message += f" ({_OLD_API})"
        self.problems.append(Problem("E-GVK", "apiVersion", message, entry.line if entry else self._root.line))
        return None

    def _for_kind(self, kind: str, generation: Generation) -> Generation:
        if kind == DELETE_IMAGE_SET and generation is Generation.V1:
            self._warnings.append(f"{kind} exists in v2alpha1 only; the document is read as {Generation.V2.api_version}.")
            return Generation.V2
        return generation

    def _stanzas(self, kind: str) -> None:
        """CFG-05; v1alpha2 may leave the stanza out."""
        wanted = _STANZAS[kind]
        other = "delete" if wanted == "mirror" else "mirror"
        named = self._entry("apiVersion")
        needed = kind == DELETE_IMAGE_SET or (named is not None and named.value.content == Generation.V2.api_version)
        if needed and self._entry(wanted) is None:
            self.problems.append(
                Problem(f"E-{wanted.upper()}", wanted, f"the stanza {wanted} is missing; every {kind} has it", self._root.line)
            )
        extra = self._entry(other)
        if extra is not None:
            self.problems.append(Problem("E-XSTANZA", other, f"is not allowed in {kind}; it has {wanted}", extra.line))

    def _decode(self, decoder: Decoder, kind: str, generation: Generation) -> tuple[Content, Envelope]:
        stanza = _STANZAS[kind]
        without = ("archiveSize", "storageConfig") if kind == DELETE_IMAGE_SET else ()
        top = names_of(Envelope, generation, without)
        # The stanza of the other kind was told already; here only that it is given twice is.
        allowed = {"apiversion": "apiVersion", "kind": "kind", **{name: name for name in _STANZAS.values()}}
        allowed.update((lower, key.name) for lower, (_name, key) in top.items())
        entries = decoder.entries(self._root, "", allowed, Envelope)
        rest = tuple(entry for lower, entry in entries.items() if lower in top)
        envelope = decoder.object(Envelope, Node(rest, self._root.line, is_mapping=True), "", without)
        content = Content()
        if stanza in entries and entries[stanza].value.content is not None:
            excluded = ("blockedImages",) if kind == DELETE_IMAGE_SET else ()
            content = decoder.object(Content, entries[stanza].value, stanza, excluded)
        return content, envelope

    def _assemble(self, kind: str, generation: Generation, content: Content, envelope: Envelope) -> ImageSet:
        if content.samples:
            self._warnings.append(f"{_STANZAS[kind]}.samples is not used.")
        if generation is Generation.V1 and envelope.storage in (None, Storage()):
            self._warnings.append("storageConfig is not given: no history is kept, so that every run mirrors the full set.")
        return ImageSet(
            generation=generation,
            delete=kind == DELETE_IMAGE_SET,
            platform=content.platform,
            operators=content.operators,
            additional_images=content.additional_images,
            helm=content.helm,
            blocked_images=tuple(entry.name for entry in content.blocked_images),
            archive_size=envelope.archive_size,
            storage=envelope.storage,
        )


def _normalised(imageset: ImageSet) -> ImageSet:
    """Defaults that belong to loading (CFG-50, CFG-51), one spelling of what may be spelt in several ways."""
    platform = imageset.platform
    channels = tuple(replace(channel, type=channel.type.lower()) for channel in platform.channels)
    architectures = platform.architectures
    defaulted = imageset.generation is Generation.V1 or imageset.delete
    if defaulted and channels and not architectures and not platform.platforms:
        architectures = ("amd64",)
    storage = imageset.storage
    if storage == Storage():
        storage = None
    elif storage is not None and storage.local is not None and storage.registry is not None:
        storage = replace(storage, local=None)
    return replace(imageset, platform=replace(platform, channels=channels, architectures=architectures), storage=storage)


def _problem(finding: Finding, lines: dict[str, int]) -> Problem:
    message = finding.message
    if finding.first:
        line = _line(lines, finding.first)
        message += f"; the first is {finding.first}" + (f" in line {line}" if line else "")
    return Problem(finding.rule, finding.path, message, _line(lines, finding.path))


def _line(lines: dict[str, int], path: str) -> int:
    """The line of a path, or of the nearest thing around it."""
    return next((lines[place] for place in _around(path) if place in lines), 0)


def _around(path: str) -> Iterator[str]:
    """A path and all that it is in, from the inside out."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
